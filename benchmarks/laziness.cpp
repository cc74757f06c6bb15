// κ of a two-layer tanh network and its parts, from 10^4 to 10^6 parameters. The cost grows like n p beside a
// fixed part, the search in the leading neurons: `per_1e9_pairs` is the CPU time for 10^9 pairs of a sample
// and a parameter. Build with -O3 -march=native -DNDEBUG.

#include <benchmark/benchmark.h>

#include <sys/resource.h>
#include <cmath>
#include <lazytrain/core/random.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>

namespace {

using lazytrain::Index;

/// Arguments: inputs d, neurons m, samples n.
void kappa(benchmark::State& state) {
  const Index d = state.range(0), m = state.range(1), n = state.range(2);
  lazytrain::Philox rng(1);
  const lazytrain::Matrix<double> X = lazytrain::normal_matrix(d, n, rng) / std::sqrt(static_cast<double>(d));
  const lazytrain::Vector<double> w = lazytrain::normal_vector(m * (d + 1), rng);
  const auto loss = lazytrain::square_loss(lazytrain::normal_vector(n, rng), lazytrain::empirical(n));
  const lazytrain::TwoLayer<double, lazytrain::Tanh> net(
      {.inputs = d, .neurons = m, .scaling = lazytrain::Scaling::sqrt});
  const auto h = net.on(X);
  lazytrain::Laziness result;
  for (auto _ : state) result = lazytrain::laziness(h, loss, w);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["p"] = static_cast<double>(w.size());
  state.counters["kappa"] = result.kappa.value();
  state.counters["kappa_upper"] = result.kappa.upper();
  state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.counters["per_1e9_pairs"] =
      benchmark::Counter(static_cast<double>(n * w.size()) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace

BENCHMARK(kappa)
    ->Unit(benchmark::kSecond)
    ->Iterations(1)
    ->ArgNames({"d", "m", "n"})
    ->Args({99, 100, 1000})
    ->Args({99, 1000, 250})
    ->Args({99, 1000, 1000})
    ->Args({99, 10000, 250})
    ->Args({99, 10000, 1000})
    ->Args({99, 10000, 4000})
    ->Args({999, 1000, 1000});
