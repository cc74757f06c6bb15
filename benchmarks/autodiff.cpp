// What automatic differentiation costs: the gradient of a two-layer network with 5,000 parameters (50
// neurons, 99 inputs, one output) on 100 samples, by the tape and by hand. The counter `ratio` of the tape's
// lines is their time over the hand-written gradient's in the same run.

#include <benchmark/benchmark.h>

#include <chrono>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/core/random.hpp>

namespace {

using namespace lazytrain;

constexpr Index neurons = 50;
constexpr Index inputs = 99;
constexpr Index samples = 100;
constexpr Index parameters = neurons * (inputs + 1);

enum class Activation { tanh, relu };

template <Activation activation>
struct TwoLayer {
  Matrix<double> x;

  template <class T>
  Vector<T> operator()(const Vector<T>& w) const {
    const Eigen::Map<const Matrix<T>> first(w.data(), neurons, inputs);
    Matrix<T> hidden = first * x;
    if constexpr (activation == Activation::tanh) {
      hidden = hidden.array().tanh();
    } else {
      hidden = hidden.unaryExpr([](const T& z) { return relu(z); });
    }
    return hidden.transpose() * w.tail(neurons);
  }

  /// J(w)'u, written by hand.
  void gradient(const Vector<double>& w, const Vector<double>& u, Vector<double>& out) const {
    const Eigen::Map<const Matrix<double>> first(w.data(), neurons, inputs);
    Matrix<double> hidden = first * x;
    Matrix<double> slope;
    if constexpr (activation == Activation::tanh) {
      hidden = hidden.array().tanh();
      slope = 1 - hidden.array().square();
    } else {
      slope = (hidden.array() > 0).cast<double>();
      hidden = hidden.cwiseMax(0.0);
    }
    out.tail(neurons).noalias() = hidden * u;
    slope = w.tail(neurons).asDiagonal() * slope * u.asDiagonal();
    Eigen::Map<Matrix<double>>(out.data(), neurons, inputs).noalias() = slope * x.transpose();
  }
};

struct Problem {
  Philox rng{1};
  Matrix<double> x = normal_matrix(inputs, samples, rng) / 10;
  Vector<double> w = normal_vector(parameters, rng);
  Vector<double> u = normal_vector(samples, rng);
  Vector<double> out = Vector<double>(parameters);
};

template <class Body>
double seconds_per_call(const Body& body) {
  using Clock = std::chrono::steady_clock;
  double best = 1;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto start = Clock::now();
    for (int i = 0; i < 10; ++i) body();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count() / 10);
  }
  return best;
}

template <Activation activation>
void by_hand(benchmark::State& state) {
  Problem problem;
  const TwoLayer<activation> net{problem.x};
  for (auto _ : state) {
    net.gradient(problem.w, problem.u, problem.out);
    benchmark::DoNotOptimize(problem.out.data());
  }
}

template <Activation activation>
void by_tape(benchmark::State& state) {
  Problem problem;
  const TwoLayer<activation> net{problem.x};
  const auto h = differentiable<double>(net, parameters, samples);
  auto tangent = h.linearize(problem.w);
  Vector<double> expected(parameters);
  net.gradient(problem.w, problem.u, expected);
  tangent.vjp(problem.u, problem.out);
  if (!(problem.out - expected).isMuchSmallerThan(expected, 1e-12)) state.SkipWithError("wrong gradient");
  const auto taped = [&] {
    tangent.move_to(problem.w);
    tangent.vjp(problem.u, problem.out);
    benchmark::DoNotOptimize(problem.out.data());
  };
  for (auto _ : state) taped();
  const double hand = seconds_per_call([&] {
    net.gradient(problem.w, problem.u, expected);
    benchmark::DoNotOptimize(expected.data());
  });
  state.counters["ratio"] = seconds_per_call(taped) / hand;
}

/// One sweep of a recorded tape, without evaluating the network.
template <Activation activation>
void vjp(benchmark::State& state) {
  Problem problem;
  const auto tangent =
      differentiable<double>(TwoLayer<activation>{problem.x}, parameters, samples).linearize(problem.w);
  for (auto _ : state) {
    tangent.vjp(problem.u, problem.out);
    benchmark::DoNotOptimize(problem.out.data());
  }
}

template <Activation activation>
void jvp(benchmark::State& state) {
  Problem problem;
  const auto tangent =
      differentiable<double>(TwoLayer<activation>{problem.x}, parameters, samples).linearize(problem.w);
  for (auto _ : state) {
    tangent.jvp(problem.w, problem.u);
    benchmark::DoNotOptimize(problem.u.data());
  }
}

template <Activation activation>
void second_vjp(benchmark::State& state) {
  Problem problem;
  const auto tangent =
      differentiable<double>(TwoLayer<activation>{problem.x}, parameters, samples).linearize(problem.w);
  for (auto _ : state) {
    tangent.second_vjp(problem.w, problem.u, problem.out);
    benchmark::DoNotOptimize(problem.out.data());
  }
}

template <Activation activation>
void displaced_value(benchmark::State& state) {
  Problem problem;
  const auto model =
      differentiable<double>(TwoLayer<activation>{problem.x}, parameters, samples).displace(problem.w, 1e-7);
  for (auto _ : state) {
    const Vector<double> y = model(problem.w);
    benchmark::DoNotOptimize(y.data());
  }
}

BENCHMARK_TEMPLATE(by_hand, Activation::tanh)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(by_tape, Activation::tanh)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(by_hand, Activation::relu)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(by_tape, Activation::relu)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(vjp, Activation::tanh)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(jvp, Activation::tanh)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(second_vjp, Activation::tanh)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(displaced_value, Activation::tanh)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
