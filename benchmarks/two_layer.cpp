// Full-batch gradient of F(w) = 1/2 mean_i (f(w, x_i) - y_i)^2 for a two-layer ReLU network: the library
// beside a plain Eigen loop of the same arithmetic. Build with -O3 -march=native -DNDEBUG; compare medians of
// interleaved repetitions: --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true.

#include <benchmark/benchmark.h>

#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <string>

namespace {

using lazytrain::Index;
using lazytrain::Matrix;
using lazytrain::Vector;

template <class S>
struct Problem {
  Problem(Index d, Index m, Index n) {
    lazytrain::Philox rng(1);
    X = lazytrain::normal_matrix<S>(d, n, rng);
    y = lazytrain::normal_vector<S>(n, rng);
    w = lazytrain::normal_vector<S>(m * (d + 1), rng);
  }
  Matrix<S> X;
  Vector<S> y;
  Vector<S> w;
};

/// Plain Eigen: inner weights stored as m x d, everything allocated beforehand.
template <class S, bool shallow>
void plain(benchmark::State& state, Index d, Index m, Index n) {
  const Problem<S> problem(d, m, n);
  const auto stored = problem.w.reshaped(d + 1, m);
  Matrix<S> A = stored.topRows(d).transpose();
  Vector<S> b = stored.row(d).transpose();
  Matrix<S> H(m, n), D(m, n), gradient_A(m, d);
  Vector<S> residual(n), gradient_b(m);
  const S scale = S(1) / static_cast<S>(m);
  for (auto _ : state) {
    benchmark::DoNotOptimize(A.data());
    benchmark::DoNotOptimize(b.data());
    if constexpr (shallow) {
      H.noalias() = A.lazyProduct(problem.X);
    } else {
      H.noalias() = A * problem.X;
    }
    H = H.cwiseMax(S(0));
    residual.noalias() = H.transpose() * b;
    residual = (scale * residual - problem.y) * (scale / static_cast<S>(n));
    gradient_b.noalias() = H * residual;
    D = (H.array() > S(0)).select(b * residual.transpose(), S(0));
    if constexpr (shallow) {
      gradient_A.noalias() = D.lazyProduct(problem.X.transpose());
    } else {
      gradient_A.noalias() = D * problem.X.transpose();
    }
    benchmark::DoNotOptimize(gradient_A.data());
    benchmark::DoNotOptimize(gradient_b.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

/// The library: forward pass, residual, vjp.
template <class S, class Sigma>
void library(benchmark::State& state, Index d, Index m, Index n) {
  const Problem<S> problem(d, m, n);
  const lazytrain::TwoLayer<S, Sigma> net({.inputs = d, .neurons = m});
  const auto h = net.on(problem.X);
  auto tangent = h.linearize(problem.w);
  Vector<S> w = problem.w;
  Vector<S> residual(n), gradient(h.parameter_dim());
  for (auto _ : state) {
    benchmark::DoNotOptimize(w.data());
    tangent.move_to(w);
    residual = (tangent.value() - problem.y) / static_cast<S>(n);
    tangent.vjp(residual, gradient);
    benchmark::DoNotOptimize(gradient.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

/// The library in displacements (epsilon = 1e-3): the same gradient without cancellation.
template <class S, class Sigma>
void displaced(benchmark::State& state, Index d, Index m, Index n) {
  const Problem<S> problem(d, m, n);
  const lazytrain::TwoLayer<S, Sigma> net({.inputs = d, .neurons = m});
  const auto h = net.on(problem.X).displace(problem.w, S(1e-3));
  Vector<S> delta = problem.w;
  auto tangent = h.linearize(delta);
  Vector<S> residual(n), gradient(h.parameter_dim());
  for (auto _ : state) {
    benchmark::DoNotOptimize(delta.data());
    tangent.move_to(delta);
    residual = (tangent.value() - problem.y) / static_cast<S>(n);
    tangent.vjp(residual, gradient);
    benchmark::DoNotOptimize(gradient.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

template <class S>
void add(const char* scalar) {
  struct Size {
    Index d, m, n;
  };
  using benchmark::RegisterBenchmark;
  for (const Size size : {Size{100, 50, 1000}, Size{2, 20, 15}}) {
    const auto [d, m, n] = size;
    const auto name = [&](const char* what) {
      return std::string(what) + "/" + scalar + "/d=" + std::to_string(d) + ",m=" + std::to_string(m) +
             ",n=" + std::to_string(n);
    };
    const auto plain_loop = d <= 8 ? plain<S, true> : plain<S, false>;
    RegisterBenchmark(name("plain").c_str(), plain_loop, d, m, n);
    RegisterBenchmark(name("library").c_str(), library<S, lazytrain::Relu>, d, m, n);
    RegisterBenchmark(name("displaced").c_str(), displaced<S, lazytrain::Relu>, d, m, n);
    RegisterBenchmark(name("library tanh").c_str(), library<S, lazytrain::Tanh>, d, m, n);
  }
}

}  // namespace

int main(int argc, char** argv) {
  add<double>("double");
  add<float>("float");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
