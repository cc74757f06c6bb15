// Convolutions of VGG-11 on 32 x 32 images: forward, the gradients in inputs and in weights, and the
// preparation of weights, by patches and by Winograd's algorithm, on one thread. `GFLOP/s` counts the
// operations of the definition, 2 positions weights images, whatever the algorithm does, over processor time.
// Before anything is timed, the algorithms must agree. Compare medians of interleaved repetitions:
// --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true
// --benchmark_report_aggregates_only=true.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <lazytrain/backend/cpu/convolution.hpp>
#include <lazytrain/core/random.hpp>
#include <string>

namespace {

using lazytrain::ConvAlgorithm;
using lazytrain::ConvShape;
using lazytrain::Index;
using lazytrain::Vector;
using lazytrain::cpu::Write;

enum class Pass { forward, input_gradient, weight_gradient, weights };

template <class S>
class Layer {
 public:
  Layer(const ConvShape& shape, ConvAlgorithm algorithm, Index n,
        lazytrain::Philox rng = lazytrain::Philox(1))
      : shape_(shape),
        n_(n),
        w_(lazytrain::normal_vector<S>(shape.weight_dim(), rng)),
        x_(lazytrain::normal_vector<S>(shape.input_dim() * n, rng)),
        gy_(lazytrain::normal_vector<S>(shape.output_dim() * n, rng)),
        y_(gy_.size()),
        gx_(x_.size()),
        gw_(w_.size()),
        weights_(shape, w_.data(), algorithm) {}

  /// Computes and returns what the pass computes.
  const Vector<S>& run(Pass pass) {
    switch (pass) {
      case Pass::forward:
        lazytrain::cpu::forward(weights_, x_.data(), n_, y_.data(), Write::assign, workspace_);
        return y_;
      case Pass::input_gradient:
        lazytrain::cpu::input_gradient(weights_, gy_.data(), n_, gx_.data(), Write::assign, workspace_);
        return gx_;
      case Pass::weight_gradient:
        lazytrain::cpu::weight_gradient(shape_, weights_.algorithm(), x_.data(), gy_.data(), n_, gw_.data(),
                                        Write::assign, workspace_);
        return gw_;
      case Pass::weights:
        weights_.assign(w_.data());
        return w_;
    }
    std::abort();
  }

  [[nodiscard]] double operations() const {
    return 2.0 * static_cast<double>(shape_.positions()) * static_cast<double>(shape_.weight_dim()) *
           static_cast<double>(n_);
  }
  [[nodiscard]] double scratch_bytes() const { return static_cast<double>(workspace_.bytes()); }

 private:
  ConvShape shape_;
  Index n_;
  Vector<S> w_, x_, gy_, y_, gx_, gw_;
  lazytrain::cpu::ConvWeights<S> weights_;
  lazytrain::cpu::ConvWorkspace<S> workspace_;
};

template <class S>
void time_pass(benchmark::State& state, ConvShape shape, ConvAlgorithm algorithm, Index n, Pass pass) {
  Layer<S> layer(shape, algorithm, n);
  for (auto _ : state) benchmark::DoNotOptimize(layer.run(pass).data());
  if (pass != Pass::weights) {
    state.counters["GFLOP/s"] =
        benchmark::Counter(layer.operations() * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["scratch_MiB"] = layer.scratch_bytes() / (1 << 20);
  }
}

/// Ends the program unless the algorithms agree in every pass.
template <class S>
void check(const ConvShape& shape, const std::string& name) {
  Layer<S> patches(shape, ConvAlgorithm::im2col, 2), winograd(shape, ConvAlgorithm::winograd, 2);
  for (const Pass pass : {Pass::forward, Pass::input_gradient, Pass::weight_gradient}) {
    const Vector<S>& expected = patches.run(pass);
    const auto error = static_cast<double>((winograd.run(pass) - expected).norm() / expected.norm());
    if (!(error < (sizeof(S) == 4 ? 1e-4 : 1e-12))) {
      std::cerr << name << ": relative difference of the algorithms " << error << '\n';
      std::exit(1);
    }
  }
}

template <class S>
void add(const std::string& scalar, const std::string& name, const ConvShape& shape) {
  check<S>(shape, name);
  const std::pair<const char*, Pass> passes[] = {{"forward", Pass::forward},
                                                 {"input_gradient", Pass::input_gradient},
                                                 {"weight_gradient", Pass::weight_gradient},
                                                 {"weights", Pass::weights}};
  const std::pair<const char*, ConvAlgorithm> algorithms[] = {{"im2col", ConvAlgorithm::im2col},
                                                              {"winograd", ConvAlgorithm::winograd}};
  for (const Index n : {32, 64}) {
    for (const auto& [pass_name, pass] : passes) {
      if (pass == Pass::weights && n != 32) continue;
      for (const auto& [algorithm_name, algorithm] : algorithms) {
        const std::string title =
            scalar + "/" + name + "/n:" + std::to_string(n) + "/" + pass_name + "/" + algorithm_name;
        benchmark::RegisterBenchmark(title.c_str(), time_pass<S>, shape, algorithm, n, pass)
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Index layers[][3] = {{3, 64, 32},   {64, 128, 16}, {128, 256, 8}, {256, 256, 8},
                             {256, 512, 4}, {512, 512, 4}, {512, 512, 2}};
  for (const auto& [channels, filters, side] : layers) {
    const ConvShape shape{.channels = channels, .height = side, .width = side, .filters = filters};
    const std::string name =
        std::to_string(channels) + "->" + std::to_string(filters) + "@" + std::to_string(side);
    add<float>("float", name, shape);
    add<double>("double", name, shape);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
