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

/// A block of `images` x `images`, all pairs.
template <class S>
void block(benchmark::State& state, const ConvShape& shape, KernelContraction method, Index images) {
  lazytrain::Philox rng(1);
  const Matrix<S> A = lazytrain::normal_matrix<S>(shape.input_dim(), images, rng);
  const Matrix<S> B = lazytrain::normal_matrix<S>(shape.input_dim(), images, rng);
  const Matrix<S> D = lazytrain::normal_matrix<S>(shape.output_dim(), images * outputs, rng);
  const Matrix<S> E = lazytrain::normal_matrix<S>(shape.output_dim(), images * outputs, rng);
  Matrix<S> out(images * outputs, images * outputs);
  lazytrain::cpu::ContractionWorkspace<S> workspace;
  const lazytrain::cpu::LayerContraction layer{.shape = shape, .outputs = outputs, .method = method};
  for (auto _ : state) {
    lazytrain::cpu::contract(layer, {A, D}, {B, E}, out, lazytrain::cpu::Write::assign, workspace);
    benchmark::DoNotOptimize(out.data());
  }
  const double cost =
      lazytrain::contraction_cost(shape, {.rows = images, .columns = images, .outputs = outputs}, method);
  state.counters["flops"] = benchmark::Counter(cost, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["MiB"] = static_cast<double>(workspace.bytes()) / (1 << 20);
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
  struct Method {
    const char* name;
    KernelContraction method;
  };
  for (const auto& [layer, shape] : layers) {
    for (const auto& [name, method] :
         {Method{"jacobian", KernelContraction::jacobian}, Method{"gram", KernelContraction::gram},
          Method{"applied", KernelContraction::applied}}) {
      for (const Index images : {4, 16, 64}) {
        // Minutes of what nobody would choose.
        const double cost = lazytrain::contraction_cost(
            shape, {.rows = images, .columns = images, .outputs = outputs}, method);
        if (cost > (images == 4 ? 3e11 : 1.5e11)) continue;
        if (method != KernelContraction::jacobian && images == 64) continue;
        benchmark::RegisterBenchmark(
            (std::string(layer) + "/" + name + "/" + std::to_string(images) + "/" + scalar).c_str(), block<S>,
            shape, method, images)
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
