// The inner loop of Figure 1(c): full-batch gradient descent on F(w) = 1/2 mean_i (alpha h(w)_i - y_i)^2 /
// alpha^2 for a two-layer ReLU network, by the library (in parameters and in displacements) beside a plain
// loop of Eigen products; then a step of stochastic descent. Before anything is timed, the library's iterates
// must be those of the plain loop. Build with -O3 -march=native -DNDEBUG; compare medians of interleaved
// repetitions:
// --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <lazytrain/core/random.hpp>
#include <lazytrain/data/teacher.hpp>
#include <lazytrain/flow/data_batches.hpp>
#include <lazytrain/flow/descent.hpp>
#include <lazytrain/flow/stochastic_descent.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <string>

namespace {

using lazytrain::Index;
using lazytrain::Matrix;
using lazytrain::Vector;

struct Size {
  Index d, m, n;
  /// Iterations in a run.
  Index iterations;
  [[nodiscard]] bool shallow() const { return d <= 8; }
};

constexpr double alpha = 2;

template <class S>
struct Problem {
  lazytrain::TwoLayer<S> net;
  lazytrain::data::TeacherStudent<S> task;
  Vector<S> w0;
  S step = S(0.5);

  explicit Problem(const Size& size, lazytrain::Philox rng = lazytrain::Philox(1))
      : net({.inputs = size.d, .neurons = size.m}),
        task(lazytrain::data::teacher_student<S>({.inputs = size.d, .samples = size.n}, rng)),
        w0(lazytrain::symmetrized(net, 1.0, rng)) {}
};

/// Plain Eigen: inner weights stored as m x d, everything allocated beforehand.
template <class S>
class PlainLoop {
 public:
  PlainLoop(const Problem<S>& problem, const Size& size)
      : problem_(problem),
        size_(size),
        H_(size.m, size.n),
        D_(size.m, size.n),
        gradient_A_(size.m, size.d),
        residual_(size.n),
        gradient_b_(size.m) {}

  template <bool shallow>
  void run() {
    const auto stored = problem_.w0.reshaped(size_.d + 1, size_.m);
    const auto& X = problem_.task.data.inputs;
    const auto y = problem_.task.data.targets.reshaped();
    A_ = stored.topRows(size_.d).transpose();
    b_ = stored.row(size_.d).transpose();
    const S scale = S(alpha) / static_cast<S>(size_.m);
    for (Index k = 0; k < size_.iterations; ++k) {
      if constexpr (shallow) {
        H_.noalias() = A_.lazyProduct(X);
      } else {
        H_.noalias() = A_ * X;
      }
      H_ = H_.cwiseMax(S(0));
      residual_.noalias() = H_.transpose() * b_;
      residual_ = (scale * residual_ - y) * (scale / (static_cast<S>(size_.n) * S(alpha * alpha)));
      gradient_b_.noalias() = H_ * residual_;
      D_ = (H_.array() > S(0)).select(b_ * residual_.transpose(), S(0));
      if constexpr (shallow) {
        gradient_A_.noalias() = D_.lazyProduct(X.transpose());
      } else {
        gradient_A_.noalias() = D_ * X.transpose();
      }
      A_ -= problem_.step * gradient_A_;
      b_ -= problem_.step * gradient_b_;
    }
  }
  void run() { size_.shallow() ? run<true>() : run<false>(); }

  /// In the layout of TwoLayer.
  [[nodiscard]] Vector<S> parameters() const {
    Matrix<S> stored(size_.d + 1, size_.m);
    stored << A_.transpose(), b_.transpose();
    return stored.reshaped();
  }

 private:
  const Problem<S>& problem_;
  Size size_;
  Matrix<S> A_;
  Matrix<S> H_;
  Matrix<S> D_;
  Matrix<S> gradient_A_;
  Vector<S> b_;
  Vector<S> residual_;
  Vector<S> gradient_b_;
};

enum class Coordinates { parameters, displacements };

template <class S>
auto field_of(const Problem<S>& problem, Coordinates coordinates, auto&& use) {
  const auto h = problem.net.on(problem.task.data.inputs);
  const auto loss = lazytrain::square_loss(problem.task.data.targets, h.output_space());
  if (coordinates == Coordinates::parameters) {
    auto field = lazytrain::parameter_field(h, loss, problem.w0, S(alpha));
    return use(field, problem.w0);
  }
  auto field = lazytrain::displacement_field(h, loss, problem.w0, S(alpha));
  return use(field, Vector<S>(S(0) * problem.w0));
}

template <class S>
void check(const Size& size, const Problem<S>& problem) {
  PlainLoop<S> loop(problem, size);
  loop.run();
  for (const auto coordinates : {Coordinates::parameters, Coordinates::displacements}) {
    Vector<S> w = field_of(problem, coordinates, [&](auto& field, const Vector<S>& start) {
      const lazytrain::DescentOptions options{.step = double(problem.step),
                                              .max_iterations = size.iterations};
      return lazytrain::gradient_descent(field, start, options).x;
    });
    if (coordinates == Coordinates::displacements) w = problem.w0 + w / S(alpha);
    const S moved = (loop.parameters() - problem.w0).norm();
    const S difference = (loop.parameters() - w).norm();
    if (!(difference <= S(1e-3) * moved)) {
      std::cerr << "the library's iterates are not the plain loop's: they differ by " << difference << " of "
                << moved << '\n';
      std::exit(EXIT_FAILURE);
    }
  }
}

template <class S>
void plain(benchmark::State& state, Size size) {
  const Problem<S> problem(size);
  PlainLoop<S> loop(problem, size);
  for (auto _ : state) {
    loop.run();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * size.iterations);
}

template <class S, Coordinates coordinates>
void library(benchmark::State& state, Size size) {
  const Problem<S> problem(size);
  field_of(problem, coordinates, [&](auto& field, const Vector<S>& start) {
    for (auto _ : state) {
      auto end = lazytrain::gradient_descent(
          field, start, {.step = double(problem.step), .max_iterations = size.iterations});
      benchmark::DoNotOptimize(end.x.data());
    }
    return 0;
  });
  state.SetItemsProcessed(state.iterations() * size.iterations);
}

/// Steps on batches of 100 samples with momentum.
template <class S>
void stochastic(benchmark::State& state, Size size) {
  const Problem<S> problem(size);
  const auto batched = lazytrain::batches(problem.net, problem.task.data, {.size = 100, .seed = 1});
  auto field = lazytrain::batch_displacement_field(batched, problem.w0, S(alpha));
  const Vector<S> zero = S(0) * problem.w0;
  for (auto _ : state) {
    auto end = lazytrain::stochastic_descent(field, zero, {.step = 0.1, .momentum = 0.9, .epochs = 10});
    benchmark::DoNotOptimize(end.x.data());
  }
  state.SetItemsProcessed(state.iterations() * 10 * batched.steps_per_epoch());
}

template <class S>
void add(const char* scalar) {
  using benchmark::RegisterBenchmark;
  for (const Size size : {Size{100, 50, 1000, 100}, Size{2, 20, 15, 10000}}) {
    check(size, Problem<S>(size));
    const auto name = [&](const char* what) {
      return std::string(what) + "/" + scalar + "/d=" + std::to_string(size.d) +
             ",m=" + std::to_string(size.m) + ",n=" + std::to_string(size.n);
    };
    RegisterBenchmark(name("plain").c_str(), plain<S>, size);
    RegisterBenchmark(name("parameters").c_str(), library<S, Coordinates::parameters>, size);
    RegisterBenchmark(name("displacements").c_str(), library<S, Coordinates::displacements>, size);
    if (size.n >= 100) RegisterBenchmark(name("stochastic").c_str(), stochastic<S>, size);
  }
}

}  // namespace

int main(int argc, char** argv) {
  add<double>("double");
  add<float>("float");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
