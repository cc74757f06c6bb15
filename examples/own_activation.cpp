// An activation of one's own: SiLU, z / (1 + e^-z), in a two-layer network whose training is then measured
// like any other's.
#include <iostream>
#include <lazytrain/core/random.hpp>
#include <lazytrain/flow/objective.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/check_derivatives.hpp>
#include <lazytrain/model/displaced.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
using namespace lazytrain;

struct Silu {
  static constexpr std::string_view name = "silu";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 1.09983932013;  // at z = 2.39936
  static constexpr double sup_second = 0.5;                // at 0
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = false;

  template <class S>
  static constexpr S value(S z) {
    return z * Sigmoid::value(z);
  }
  template <class S>
  static constexpr S derivative(S z) {
    return Sigmoid::value(z) + z * Sigmoid::derivative(z);
  }
  template <class S>
  static constexpr S second(S z) {
    return S(2) * Sigmoid::derivative(z) + z * Sigmoid::second(z);
  }
  /// (b s(b) - z s(z)) / ε with b = z + εd and s the sigmoid: d s(b) + z (s(b) - s(z)) / ε.
  template <class S>
  static constexpr S difference(S z, S d, S epsilon) {
    return d * Sigmoid::value(z + epsilon * d) + z * Sigmoid::difference(z, d, epsilon);
  }
};

int main() {
  Philox rng(1);
  const Matrix<double> X = normal_matrix(3, 20, rng);
  const Vector<double> y = X.row(0).cwiseProduct(X.row(1));
  const TwoLayer<double, Silu> net({.inputs = 3, .neurons = 200, .scaling = Scaling::sqrt});
  const auto h = net.on(X);
  const Vector<double> w0 = symmetrized(net, {.inner = 1, .outer = 1}, rng);

  std::cout << laziness(h, square_loss(y, h.output_space()), w0);
  const auto derivatives = check_derivatives(h, w0);
  const auto displaced_derivatives = check_derivatives(displaced(h, w0, 1e-3), normal_vector(w0.size(), rng));
  std::cout << derivatives << displaced_derivatives;
  return derivatives.passed() && displaced_derivatives.passed() ? 0 : 1;
}
