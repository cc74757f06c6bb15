#include <cmath>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/log_cosh.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/check_loss.hpp>
#include <limits>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

const OutputSpace space = OutputSpace::weighted(Vector<double>{{0.5, 0.2, 0.3}});
const Vector<double> y = Eigen::Vector3d(0.3, -0.7, 1.2);

/// R(y) = sum_i w_i (y_i^2 / 2 + y_i^4 / 12), with what makes each of its parts wrong.
struct Quartic {
  using Scalar = double;
  bool weighted_gradient = false;
  double gradient_factor = 1, hessian_factor = 1, m = 1, M = std::numeric_limits<double>::infinity(),
         twist = 0;

  [[nodiscard]] OutputSpace output_space() const { return space; }
  [[nodiscard]] double value(const Vector<double>& z) const {
    double sum = 0;
    for (Index i = 0; i < 3; ++i) sum += space.weight(i) * (std::pow(z(i), 2) / 2 + std::pow(z(i), 4) / 12);
    return sum;
  }
  void gradient(const Vector<double>& z, Vector<double>& g) const {
    g = gradient_factor * (z.array() + z.array().cube() / 3).matrix();
    if (weighted_gradient) space.to_cotangent(g);
  }
  void hessian_apply(const Vector<double>& z, const Vector<double>& v, Vector<double>& out) const {
    const Vector<double> diagonal = hessian_factor * (1 + z.array().square());
    const double first = v(0);
    out = diagonal.cwiseProduct(v);
    if (weighted_gradient) space.to_cotangent(out);
    out(1) += twist * first;
  }
  [[nodiscard]] double smoothness() const { return M; }
  [[nodiscard]] double strong_convexity() const { return m; }
};

/// The findings of the checks that failed.
std::string wrong(const Quartic& loss) {
  std::string findings;
  for (const auto& check : check_loss(loss, y).checks) {
    if (!check.passed) findings += check.name + ": " + check.finding + '\n';
  }
  return findings;
}

}  // namespace

TEST_CASE("the library's losses pass the check of losses") {
  CHECK(check_loss(square_loss(y, space), Vector<double>(2 * y)).passed());
  CHECK(check_loss(logistic_loss(Vector<double>{{1, -1, 1}}, space), y).passed());
  CHECK(check_loss(log_cosh_loss(y, space), Vector<double>(-y)).passed());
  const Vector<double> logits = Vector<double>::LinSpaced(6, -1, 2);
  CHECK(check_loss(cross_entropy_loss({2, 0}, empirical(2, 3)), logits).passed());
  CHECK(check_loss(square_loss(Vector<float>(y.cast<float>()), space), Vector<float>(Vector<float>::Ones(3)))
            .passed());
}

TEST_CASE("the check of losses does not take rounding at large outputs for mistakes") {
  Philox rng(7);
  for (const double size : {1e3, 1e6, 1e9}) {
    for (const double residual : {1.0, 1e-3, 0.0}) {
      const Vector<double> target = size * normal_vector(5, rng);
      const Vector<double> at = target + residual * normal_vector(5, rng);
      const DerivativeReport report = check_loss(square_loss(target, empirical(5)), at);
      INFO(size << ' ' << residual << '\n' << report);
      CHECK(report.passed());
    }
  }
}

TEST_CASE("the check of losses names what is wrong with one") {
  CHECK(wrong({}).empty());
  CHECK(wrong({.weighted_gradient = true, .m = 0}) ==
        "gradient: carries the weights of F: it is an element of F, whose inner product has them\n");
  CHECK_THAT(wrong({.gradient_factor = 2, .hessian_factor = 2}),
             ContainsSubstring("gradient: differences do not converge to it"));
  CHECK_THAT(wrong({.hessian_factor = 1.5}),
             ContainsSubstring("hessian_apply: differences do not converge to it"));
  CHECK_THAT(wrong({.twist = 1e-3}),
             ContainsSubstring("self-adjoint: hessian_apply is not self-adjoint in F"));
  CHECK(wrong({.m = 200}) ==
        "constants: strong_convexity() is too large: the gradient grows by less than m times the way\n");
  CHECK(wrong({.M = 2}) ==
        "constants: smoothness() is too small: the gradient changes by more than M times the way\n");
}

TEST_CASE("the check of losses refuses points outside F and values that are not finite") {
  CHECK_THROWS_AS(check_loss(Quartic{}, Vector<double>(2)), std::invalid_argument);
  CHECK_THROWS_AS(check_loss(Quartic{}, Vector<double>(Vector<double>::Constant(3, 1e200))),
                  std::domain_error);
}
