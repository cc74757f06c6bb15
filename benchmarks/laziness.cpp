// κ of a two-layer tanh network and its parts, from 10^4 to 10^6 parameters, with the activations of all
// samples kept, O(p + n m) numbers, and in blocks, O(p + n k). The cost grows like n p beside a fixed part,
// the search in the leading neurons: `per_1e9_pairs` is the processor time, of all threads together, for 10^9
// pairs of a sample and a parameter. Build with -O3 -march=native -DNDEBUG.

#include <benchmark/benchmark.h>

#include <sys/resource.h>
#include <array>
#include <cmath>
#include <cstdint>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>

namespace {

using lazytrain::Index;

/// Of all threads of this process.
double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Arguments: inputs d, neurons m, samples n. `model` makes the model from the network on its data. The peak
/// memory is that of the process: filter for one line to read it.
template <class Model>
void kappa(benchmark::State& state, const Model& model) {
  const Index d = state.range(0), m = state.range(1), n = state.range(2);
  lazytrain::Philox rng(1);
  const lazytrain::Matrix<double> X = lazytrain::normal_matrix(d, n, rng) / std::sqrt(static_cast<double>(d));
  const lazytrain::Vector<double> w = lazytrain::normal_vector(m * (d + 1), rng);
  const auto loss = lazytrain::square_loss(lazytrain::normal_vector(n, rng), lazytrain::empirical(n));
  const lazytrain::TwoLayer<double, lazytrain::Tanh> net(
      {.inputs = d, .neurons = m, .scaling = lazytrain::Scaling::sqrt});
  const auto h = model(net.on(X));
  lazytrain::Laziness result;
  const double start = processor_seconds();
  for (auto _ : state) result = lazytrain::laziness(h, loss, w);
  const double seconds = processor_seconds() - start;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["p"] = static_cast<double>(w.size());
  state.counters["kappa"] = result.kappa.value();
  state.counters["kappa_upper"] = result.kappa.upper();
  state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.counters["per_1e9_pairs"] = seconds / (static_cast<double>(n * w.size()) * 1e-9);
}

/// p = m (d + 1) from 10^4 to 10^6, and n from 250 to 8000.
void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Unit(benchmark::kSecond)
      ->Iterations(1)
      ->MeasureProcessCPUTime()
      ->UseRealTime()
      ->ArgNames({"d", "m", "n"});
  for (const auto& size : {std::array<std::int64_t, 3>{99, 100, 1000},
                           {99, 1000, 250},
                           {99, 1000, 1000},
                           {99, 10000, 250},
                           {99, 10000, 1000},
                           {99, 10000, 2000},
                           {99, 10000, 4000},
                           {99, 10000, 8000},
                           {99, 100, 4000},
                           {99, 1000, 4000},
                           {99, 5000, 2000},
                           {999, 1000, 1000}}) {
    benchmark->Args({size[0], size[1], size[2]});
  }
}

}  // namespace

BENCHMARK_CAPTURE(kappa, in_blocks, [](const auto& h) { return lazytrain::in_blocks(h); }) -> Apply(sizes);
BENCHMARK_CAPTURE(kappa, whole, [](const auto& h) { return h; }) -> Apply(sizes);
