// One layer's part of the tangent kernel: every layer of VGG-11 on 32 x 32 images, 10 outputs, by each of the
// three contractions, for a block of two sets of images. One thread. `flops` is what contraction_cost counts.
//
// benchmark_contraction --benchmark_filter=float

#include <benchmark/benchmark.h>

#include <lazytrain/backend/cpu/contraction.hpp>
#include <lazytrain/core/random.hpp>
#include <string>

namespace {

using lazytrain::ConvShape;
using lazytrain::Index;
using lazytrain::KernelContraction;
using lazytrain::Matrix;

constexpr Index outputs = 10;

template <class S>
struct Samples {
  Samples(const ConvShape& shape, Index images, std::uint64_t seed) {
    lazytrain::Philox rng(seed);
    activations = lazytrain::normal_matrix<S>(shape.input_dim(), images, rng);
    deltas = lazytrain::normal_matrix<S>(shape.output_dim(), images * outputs, rng);
  }
  Matrix<S> activations, deltas;
};

void report(benchmark::State& state, const ConvShape& shape, const lazytrain::ContractionSize& size,
            KernelContraction method, std::size_t bytes) {
  const double cost = lazytrain::contraction_cost(shape, size, method);
  state.counters["flops"] = benchmark::Counter(cost, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["MiB"] = static_cast<double>(bytes) / (1 << 20);
}

/// All pairs of two sets of `images` images.
template <class S>
void block(benchmark::State& state, const ConvShape& shape, KernelContraction method, Index images) {
  const Samples<S> rows(shape, images, 1), columns(shape, images, 2);
  Matrix<S> out(images * outputs, images * outputs);
  lazytrain::cpu::ContractionWorkspace<S> workspace;
  const lazytrain::cpu::LayerContraction layer{.shape = shape, .outputs = outputs, .method = method};
  for (auto _ : state) {
    lazytrain::cpu::contract(layer, {rows.activations, rows.deltas}, {columns.activations, columns.deltas},
                             out, lazytrain::cpu::Write::assign, workspace);
    benchmark::DoNotOptimize(out.data());
  }
  report(state, shape, {.rows = images, .columns = images, .outputs = outputs}, method, workspace.bytes());
}

/// Half of the pairs of one set of `images` images.
template <class S>
void half(benchmark::State& state, const ConvShape& shape, KernelContraction method, Index images) {
  const Samples<S> samples(shape, images, 1);
  Matrix<S> out(images * outputs, images * outputs);
  lazytrain::cpu::ContractionWorkspace<S> workspace;
  const lazytrain::cpu::LayerContraction layer{.shape = shape, .outputs = outputs, .method = method};
  for (auto _ : state) {
    lazytrain::cpu::contract(layer, {samples.activations, samples.deltas}, out, lazytrain::cpu::Write::assign,
                             workspace);
    benchmark::DoNotOptimize(out.data());
  }
  report(state, shape, {.rows = images, .columns = images, .outputs = outputs, .symmetric = true}, method,
         workspace.bytes());
}

template <class S>
void add(const char* scalar) {
  struct Layer {
    const char* name;
    ConvShape shape;
  };
  const auto conv = [](Index channels, Index filters, Index size) {
    return ConvShape{.channels = channels, .height = size, .width = size, .filters = filters};
  };
  const Layer layers[] = {{"conv1", conv(3, 64, 32)},     {"conv2", conv(64, 128, 16)},
                          {"conv3", conv(128, 256, 8)},   {"conv4", conv(256, 256, 8)},
                          {"conv5", conv(256, 512, 4)},   {"conv6", conv(512, 512, 4)},
                          {"conv7+8", conv(512, 512, 2)}, {"dense", {512, 1, 1, 10, 1, 1, 0}}};
  const lazytrain::ContractionSize whole{.rows = 500, .columns = 500, .outputs = outputs, .symmetric = true};
  struct Method {
    const char* name;
    KernelContraction method;
  };
  for (const auto& [layer, shape] : layers) {
    for (const auto& [name, method] :
         {Method{"jacobian", KernelContraction::jacobian}, Method{"gram", KernelContraction::gram},
          Method{"applied", KernelContraction::applied}}) {
      const auto named = [&](Index images) {
        return std::string(layer) + "/" + name + "/" + std::to_string(images) + "/" + scalar;
      };
      const auto cost = [&](Index images) {
        return lazytrain::contraction_cost(shape, {.rows = images, .columns = images, .outputs = outputs},
                                           method);
      };
      // 16 images where that does not take minutes.
      const Index images = cost(16) < 4e11 ? 16 : 4;
      benchmark::RegisterBenchmark(named(images).c_str(), block<S>, shape, method, images)
          ->Unit(benchmark::kMillisecond);
      if (method == lazytrain::choose_contraction(shape, whole)) {
        benchmark::RegisterBenchmark((named(96) + "/half").c_str(), half<S>, shape, method, 96)
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  add<float>("float");
  add<double>("double");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
