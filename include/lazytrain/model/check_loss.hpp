#pragma once

#include <cmath>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/model/check_derivatives.hpp>
#include <lazytrain/model/derivative_report.hpp>
#include <limits>
#include <utility>

namespace lazytrain {

/// Tells what is wrong with a loss of one's own at y, an element of F, as `check_derivatives` does for
/// models.
///
/// "gradient": <gradient(y), v>_F against symmetric differences of the values, in words where the gradient
/// carries the weights of F, which it may not. "hessian_apply": against differences of the gradient.
/// "self-adjoint": <R''(y) u, v> = <u, R''(y) v> in F. "constants": no difference of gradients around y
/// contradicts m and M, up to a hundred times ||y|| + 1 away where R is finite there. R must be smooth near
/// y.
/// @throws std::invalid_argument if y has a wrong size, std::domain_error if R(y) is not finite. Cost: about
/// 60 values and gradients.
template <Loss R>
[[nodiscard]] DerivativeReport check_loss(const R& loss, const outputs_t<R>& y,
                                          DerivativeCheckOptions options = {}) {
  using S = scalar_t<R>;
  using O = outputs_t<R>;
  constexpr const char* here = "check_loss";
  const OutputSpace space = loss.output_space();
  require_size(here, "y", dimension(y), space.dim(), "the dimension of F");
  require_positive(here, "options.step", options.step);
  const auto value = static_cast<double>(loss.value(y));
  require_domain(std::isfinite(value), here, "R(y)", value, "a finite number");
  Philox rng(options.seed);
  const double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const double reach = static_cast<double>(space.norm(y)) + 1.0;
  const double step = options.step * reach;
  const auto direction = [&] {
    O v = placed<O>(normal_vector<S>(space.dim(), rng));
    scale(static_cast<S>(1 / static_cast<double>(space.norm(v))), v);
    return v;
  };
  const auto moved = [&](const O& v, double t) {
    O z = y;
    axpy(static_cast<S>(t), v, z);
    return z;
  };
  const auto gradient_at = [&](const O& z) {
    O g = z;
    loss.gradient(z, g);
    return g;
  };
  const auto hessian_times = [&](const O& v) {
    O out = v;
    loss.hessian_apply(y, v, out);
    return out;
  };
  const auto inner = [&](const O& a, const O& b) { return static_cast<double>(space.inner(a, b)); };
  const auto relative = [](double error, double size) {
    const double result = error / (size > 0 ? size : 1.0);
    return std::isnan(result) ? std::numeric_limits<double>::infinity() : result;
  };
  DerivativeReport report;
  const O g = gradient_at(y), u = direction(), v = direction();
  const double slope = static_cast<double>(space.norm(g));

  {
    const auto error_of = [&](const O& gradient) {
      return detail::difference_sequence(step, [&](double t) {
        const double up = static_cast<double>(loss.value(moved(v, t)));
        const double down = static_cast<double>(loss.value(moved(v, -t)));
        return relative(std::abs((up - down) / (2 * t) - inner(gradient, v)), slope);
      });
    };
    // Of the two values, and of y + t v itself.
    const double bend = static_cast<double>(space.norm(hessian_times(v))) * step;
    const double rounding =
        100 * eps * (1 + (std::abs(value) + reach * (slope + bend)) / step / (slope > 0 ? slope : 1.0));
    DerivativeCheck check = detail::judge_differences("gradient", error_of(g), rounding);
    if (!check.passed) {
      O without = g;
      space.from_euclidean(without);
      space.from_euclidean(without);
      if (detail::judge_differences("gradient", error_of(without), rounding).passed) {
        check.finding = "carries the weights of F: it is an element of F, whose inner product has them";
      }
    }
    report.checks.push_back(std::move(check));
  }
  {
    const O exact = hessian_times(v);
    const double size = static_cast<double>(space.norm(exact));
    const auto sequence = detail::difference_sequence(step, [&](double t) {
      O difference = gradient_at(moved(v, t));
      axpy(S(-1), gradient_at(moved(v, -t)), difference);
      scale(static_cast<S>(1 / (2 * t)), difference);
      axpy(S(-1), exact, difference);
      return relative(static_cast<double>(space.norm(difference)), size);
    });
    const double rounding = 100 * eps * (1 + slope / step / (size > 0 ? size : 1.0));
    report.checks.push_back(detail::judge_differences("hessian_apply", sequence, rounding));
  }
  {
    const double left = inner(hessian_times(u), v), right = inner(u, hessian_times(v));
    const double size = static_cast<double>(space.norm(hessian_times(u)) + space.norm(hessian_times(v)));
    DerivativeCheck check{.name = "self-adjoint", .error = relative(std::abs(left - right), size)};
    check.passed = check.error <= eps * (100 + 10 * std::sqrt(static_cast<double>(space.dim())));
    check.finding = check.passed ? "hessian_apply is self-adjoint in F"
                                 : "hessian_apply is not self-adjoint in F: <R'' u, v> is not <u, R'' v>";
    report.checks.push_back(std::move(check));
  }
  {
    const auto M = static_cast<double>(loss.smoothness()), m = static_cast<double>(loss.strong_convexity());
    DerivativeCheck check{.name = "constants", .passed = true, .finding = "m and M hold around y"};
    for (const double length : {step, reach, 100 * reach}) {
      O difference = gradient_at(moved(v, length));
      if (!all_finite(difference)) continue;
      const double rounding = 100 * eps * (static_cast<double>(space.norm(difference)) + slope);
      axpy(S(-1), g, difference);
      const double change = static_cast<double>(space.norm(difference)), gain = inner(difference, v);
      // y + length v is rounded by at most a hundred eps length.
      if (!(change <= M * length * (1 + 1000 * eps) + rounding)) {
        check.passed = false;
        check.finding = "smoothness() is too small: the gradient changes by more than M times the way";
      } else if (!(gain >= m * length * (1 - 1000 * eps) - rounding)) {
        check.passed = false;
        check.finding = "strong_convexity() is too large: the gradient grows by less than m times the way";
      }
    }
    report.checks.push_back(std::move(check));
  }
  return report;
}

}  // namespace lazytrain
