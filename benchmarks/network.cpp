// VGG-11 on 32 x 32 images, 10 outputs, 9,225,610 parameters: training steps on 128 images, with momentum,
// and tangent kernels. `standard` trains f itself, `tangent` its linearization (alpha = infinity),
// `displaced` the centred model at alpha = 1000; `descent_...` is the whole step of `stochastic_descent` with
// augmented batches. `.../1` uses one thread, `.../0` all processors. `peak_MiB` is the largest memory of the
// process so far: choose a single benchmark with --benchmark_filter. Kernels of 500 images take minutes: they
// run if the filter names them.
//
// benchmarks/against_pytorch.sh compares with PyTorch.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <lazytrain/core/random.hpp>
#include <lazytrain/data/dataset.hpp>
#include <lazytrain/flow/augmented_batches.hpp>
#include <lazytrain/flow/stochastic_descent.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/nn/images.hpp>
#include <lazytrain/nn/vgg11.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <limits>
#include <string>
#include <vector>

namespace {

using lazytrain::Index;
using lazytrain::KernelContraction;
using lazytrain::Matrix;
using lazytrain::Vector;
namespace nn = lazytrain::nn;

constexpr Index batch = 128;
/// Rate small enough that repeated steps on one batch stay where they are.
constexpr double step_size = 1e-6;

enum class Training { standard, tangent, displaced };

template <class S>
auto vgg11(Index threads) {
  return nn::vgg11<S>({}, lazytrain::cpu::Backend<S>({.threads = threads}));
}

template <class S>
lazytrain::data::LabelledData<S> images(Index count) {
  lazytrain::Philox rng(1);
  std::vector<Index> labels;
  for (Index i = 0; i < count; ++i) labels.push_back(i % 10);
  return {lazytrain::normal_matrix<S>(3 * 32 * 32, count, rng), labels, 10};
}

template <class S>
Vector<S> initial(const auto& net) {
  lazytrain::Philox rng(2);
  return nn::xavier_normal(net, rng);
}

template <class S>
struct CrossEntropy {
  auto operator()(const std::vector<Index>& labels, const lazytrain::OutputSpace& space) const {
    return lazytrain::cross_entropy_loss<S>(labels, space);
  }
};

void report(benchmark::State& state, Index images) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  if (images > 0) state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * images);
}

/// A tangent of the model on a batch that does not change, moved, and HeavyBall.
template <class S>
void step(benchmark::State& state, Training training) {
  const auto net = vgg11<S>(state.range(0));
  const auto w0 = initial<S>(net);
  const auto data = images<S>(batch);
  const auto model = net.on(data.inputs);
  const auto loss = CrossEntropy<S>()(data.labels, model.output_space());
  Vector<S> gradient(model.output_dim());
  const auto run = [&](auto tangent, lazytrain::HeavyBall<Vector<S>> ball) {
    const auto once = [&] {
      tangent.move_to(ball.x());
      loss.gradient(tangent.value(), gradient);
      tangent.vjp(gradient, ball.f());
      lazytrain::scale(-1, ball.f());
      ball.step(step_size);
    };
    once();
    for (auto _ : state) once();
    benchmark::DoNotOptimize(ball.x().data());
  };
  if (training == Training::standard) {
    run(model.linearize(w0), lazytrain::HeavyBall(w0, 0.9));
  } else {
    const Vector<S> zero = Vector<S>::Zero(w0.size());
    const S epsilon = training == Training::tangent ? S(0) : S(1e-3);
    run(model.displace(w0, epsilon).linearize(zero), lazytrain::HeavyBall(zero, 0.9));
  }
  report(state, batch);
}

/// Whole steps, everything included.
template <class S>
void descent(benchmark::State& state, Training training) {
  const auto net = vgg11<S>(state.range(0));
  const auto w0 = initial<S>(net);
  const nn::Augmenter augment(net.input_shape());
  auto problem = lazytrain::augmented_batches(net, images<S>(8 * batch), {.size = batch, .seed = 1}, augment,
                                              CrossEntropy<S>());
  constexpr Index steps = 4;
  const auto run = [&](auto field, const Vector<S>& start) {
    for (auto _ : state) {
      const auto end = lazytrain::stochastic_descent(
          field, start, {.step = step_size, .momentum = 0.9, .epochs = 1, .max_steps = steps});
      if (!end.succeeded()) state.SkipWithError(end.message.c_str());
    }
  };
  if (training == Training::standard) {
    run(lazytrain::batch_parameter_field(problem, w0, 1), w0);
  } else {
    const S alpha = training == Training::tangent ? std::numeric_limits<S>::infinity() : S(1000);
    run(lazytrain::batch_displacement_field(problem, w0, alpha, lazytrain::Start::centred),
        Vector<S>::Zero(w0.size()));
  }
  report(state, steps * batch);
}

template <class S>
void kernel(benchmark::State& state, Index count, KernelContraction contraction, double memory) {
  const auto net = vgg11<S>(state.range(0));
  const auto w0 = initial<S>(net);
  const Matrix<S> inputs = images<S>(count).inputs;
  const nn::KernelOptions options{.memory = memory, .contraction = contraction};
  for (auto _ : state) {
    benchmark::DoNotOptimize(nn::NetworkKernel(net, w0, inputs, options).result().data());
  }
  report(state, 0);
}

benchmark::internal::Benchmark* configure(benchmark::internal::Benchmark* of) {
  return of->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
}

template <class S>
void add(const std::string& scalar, bool long_ones) {
  const std::pair<const char*, Training> trainings[] = {
      {"standard", Training::standard}, {"tangent", Training::tangent}, {"displaced", Training::displaced}};
  for (const auto& [name, training] : trainings) {
    configure(benchmark::RegisterBenchmark((scalar + "/step_" + name).c_str(), step<S>, training));
    configure(benchmark::RegisterBenchmark((scalar + "/descent_" + name).c_str(), descent<S>, training));
  }
  const std::pair<const char*, KernelContraction> contractions[] = {
      {"planned", KernelContraction::automatic}, {"jacobian", KernelContraction::jacobian}};
  for (const auto& [name, contraction] : contractions) {
    configure(benchmark::RegisterBenchmark((scalar + "/kernel_32_" + name).c_str(), kernel<S>, Index{32},
                                           contraction, 2e8));
  }
  if (long_ones) {
    configure(benchmark::RegisterBenchmark((scalar + "/kernel_500_planned").c_str(), kernel<S>, Index{500},
                                           KernelContraction::automatic, 1e9));
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool long_ones = false;
  for (int i = 1; i < argc; ++i) long_ones |= std::string(argv[i]).find("kernel_500") != std::string::npos;
  add<float>("float", long_ones);
  add<double>("double", long_ones);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
