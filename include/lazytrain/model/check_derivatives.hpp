#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/model/derivative_report.hpp>
#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/linearize.hpp>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain {

/// Options of `check_derivatives` and `check_loss`.
struct DerivativeCheckOptions {
  /// Seed of the random directions.
  std::uint64_t seed = 1;
  /// Length of the longest step, relative to |w| + 1, of a loss to ||y|| + 1 in F.
  double step = 1e-2;
};

/// Tells which derivatives of a model are wrong at w, by observed order of convergence.
///
/// jvp and second are compared with symmetric differences of h and of jvp along random directions: a right
/// derivative has errors that fall as the square of the step until rounding, a wrong one stops. vjp and
/// second_vjp are compared with jvp and second by <u, A v> = <A^T u, v>. A model's own `displace` is compared
/// with the plain difference at epsilon = 1 and with jvp at epsilon = 0. h must be smooth near w: at a kink
/// every derivative looks wrong.
/// @throws std::invalid_argument if w has the wrong size, std::domain_error if h(w) is not finite
/// Cost: about 60 evaluations.
template <Model H>
[[nodiscard]] DerivativeReport check_derivatives(const H& h, const parameters_t<H>& w,
                                                 DerivativeCheckOptions options = {}) {
  using S = scalar_t<H>;
  using P = parameters_t<H>;
  using O = outputs_t<H>;
  require_positive("check_derivatives", "options.step", options.step);
  Philox rng(options.seed);
  const Tangent<H> at = linearize(h, w);
  require_domain(all_finite(at.value()), "check_derivatives", "h(w)", "not finite", "finite outputs");

  const Index p = h.parameter_dim();
  const Index n = h.output_dim();
  const double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  const double step = options.step * (static_cast<double>(norm(w)) + 1.0);
  const auto random_direction = [&] { return placed<P>(unit_vector<S>(p, rng)); };
  const P v = random_direction();
  const P u = random_direction();
  DerivativeReport report;

  const auto relative = [](double error, double size) {
    const double result = error / (size > 0 ? size : 1.0);
    return std::isnan(result) ? std::numeric_limits<double>::infinity() : result;
  };
  // Rounding of a difference quotient of values of this size at the longest step.
  const auto rounding = [&](double values, double derivative) {
    return 100 * eps * (1 + values / step / (derivative > 0 ? derivative : 1.0));
  };
  Tangent<H> forward = at;
  Tangent<H> backward = at;
  const auto same_bits = [](const O& x, const O& y) { return host_numbers(x) == host_numbers(y); };
  const auto sum = [](auto x, S a, const auto& y) {
    axpy(a, y, x);
    return x;
  };
  const auto distance = [&](const O& x, const O& y) { return static_cast<double>(norm(sum(x, S(-1), y))); };
  const auto move = [&](const P& direction, double t) {
    forward.move_to(sum(w, static_cast<S>(t), direction));
    backward.move_to(sum(w, static_cast<S>(-t), direction));
  };

  {
    const O first = linearize(h, w).value();
    forward.move_to(sum(w, static_cast<S>(step), v));
    forward.move_to(w);
    const bool same = same_bits(first, at.value()) && same_bits(forward.value(), first);
    report.checks.push_back({.name = "repeatable",
                             .passed = same,
                             .finding = same ? "h(w) has the same bits at every call"
                                             : "h(w) differs between calls with the same w"});
  }
  {
    const O exact = at.jvp(v);
    const double size = static_cast<double>(norm(exact));
    const auto sequence = detail::difference_sequence(step, [&](double t) {
      move(v, t);
      O difference = sum(forward.value(), S(-1), backward.value());
      scale(static_cast<S>(1 / (2 * t)), difference);
      return relative(distance(difference, exact), size);
    });
    report.checks.push_back(
        detail::judge_differences("jvp", sequence, rounding(static_cast<double>(norm(at.value())), size)));
  }
  const auto adjoint_check = [&](const char* name, auto product, auto transposed) {
    std::vector<std::pair<double, double>> pairs;
    std::vector<double> scales;
    for (int i = 0; i < 4; ++i) {
      const P direction = random_direction();
      const O cotangent = placed<O>(unit_vector<S>(n, rng));
      const O forward_product = product(direction);
      const P backward_product = transposed(cotangent);
      pairs.emplace_back(static_cast<double>(dot(cotangent, forward_product)),
                         static_cast<double>(dot(backward_product, direction)));
      scales.push_back(static_cast<double>(norm(forward_product) + norm(backward_product)));
    }
    report.checks.push_back(detail::judge_adjoint(
        name, pairs, scales, 10 * eps * std::sqrt(static_cast<double>(p + n)) + 100 * eps));
  };
  adjoint_check(
      "vjp", [&](const P& d) { return at.jvp(d); }, [&](const O& c) { return at.vjp(c); });

  // A network may hold a layer that lacks what its type has.
  const auto lacks = [&](const char* name, const std::optional<std::string>& layer) {
    if (!layer) return false;
    report.checks.push_back(
        {.name = name, .passed = true, .finding = "is not there to check: layer " + *layer + " has none"});
    return true;
  };
  const bool has_second = [&] {
    if constexpr (requires { h.without_second(); }) return !lacks("second", h.without_second());
    return true;
  }();
  const bool has_displacement = [&] {
    if constexpr (requires { h.without_displacement(); }) return !lacks("displace", h.without_displacement());
    return true;
  }();
  if constexpr (TwiceDifferentiableModel<H>) {
    if (has_second) {
      const O exact = at.second(u, v);
      const double size = static_cast<double>(norm(exact));
      const auto sequence = detail::difference_sequence(step, [&](double t) {
        move(u, t);
        O difference = sum(forward.jvp(v), S(-1), backward.jvp(v));
        scale(static_cast<S>(1 / (2 * t)), difference);
        return relative(distance(difference, exact), size);
      });
      report.checks.push_back(detail::judge_differences(
          "second", sequence, rounding(static_cast<double>(norm(at.jvp(v))), size)));
      adjoint_check(
          "second_vjp", [&](const P& d) { return at.second(u, d); },
          [&](const O& c) {
            P out = zeros_like(w);
            at.second_vjp(u, c, out);
            return out;
          });
    }
  }
  if constexpr (HasDisplace<H>) {
    if (has_displacement) {
      P d = v;
      scale(static_cast<S>(step), d);
      const O plain = sum(linearize(h, sum(w, S(1), d)).value(), S(-1), at.value());
      const O displaced_value = linearize(displaced(h, w, S(1)), d).value();
      const O tangent_value = linearize(displaced(h, w, S(0)), d).value();
      const double size = static_cast<double>(norm(plain));
      const double error = std::max(relative(distance(displaced_value, plain), size),
                                    relative(distance(tangent_value, at.jvp(d)), size));
      DerivativeCheck check{.name = "displace", .error = error};
      check.passed = error <= rounding(static_cast<double>(norm(at.value())), size / step);
      std::ostringstream text = detail::plain_text();
      text.precision(3);
      text << (check.passed ? "is the difference of h at epsilon = 1 and jvp at epsilon = 0"
                            : "is not the difference of h at epsilon = 1, or not jvp at epsilon = 0")
           << " (relative error " << error << ")";
      check.finding = text.str();
      report.checks.push_back(std::move(check));
    }
  }
  return report;
}

}  // namespace lazytrain
