#pragma once

#include <lazytrain/core/random.hpp>
#include <lazytrain/model/check_derivatives.hpp>
#include <lazytrain/model/displaced.hpp>
#include <lazytrain/model/linearize.hpp>
#include <sstream>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

namespace lazytrain::testing {

/// |a - b| relative to |a| + |b|.
template <class V>
double relative_error(const V& a, const V& b) {
  const double size = static_cast<double>(a.norm() + b.norm());
  return size > 0 ? static_cast<double>((a - b).norm()) / size : 0.0;
}

/// Checks what every model owes at a point where it is smooth: derivatives of observed order, jvp and vjp
/// linear and adjoint in F, D^2h symmetric, `move_to` and copies equal to a fresh linearization, displacement
/// consistent. `operations` bounds the roundings in a coordinate of a product.
template <Model H>
void check_model_laws(const H& h, const parameters_t<H>& w, double operations = 1000) {
  using S = scalar_t<H>;
  using P = parameters_t<H>;
  using O = outputs_t<H>;
  const double tolerance = roundoff<S>(operations);

  const auto report = check_derivatives(h, w);
  std::ostringstream text;
  text << report;
  INFO(text.str());
  CHECK(report.passed());

  Philox rng(7);
  const auto t = linearize(h, w);
  const OutputSpace space = t.output_space();
  const Index p = h.parameter_dim();
  const Index n = h.output_dim();
  REQUIRE(t.value().size() == n);
  const P u = normal_vector<S>(p, rng);
  const P v = normal_vector<S>(p, rng);
  const O g = normal_vector<S>(n, rng);
  const O c = normal_vector<S>(n, rng);
  const S a = S(-1.75);

  CHECK(relative_error<O>(t.jvp(u + a * v), t.jvp(u) + a * t.jvp(v)) <= tolerance);
  CHECK(relative_error<P>(t.vjp(g + a * c), t.vjp(g) + a * t.vjp(c)) <= tolerance);

  const O dhv = t.jvp(v);
  const P adjoint = t.adjoint(g);
  CHECK_THAT(static_cast<double>(space.inner(g, dhv)),
             WithinAbs(static_cast<double>(adjoint.dot(v)),
                       tolerance *
                           static_cast<double>(space.norm(g) * space.norm(dhv) + adjoint.norm() * v.norm())));

  auto moved = linearize(h, P(w + u));
  moved.move_to(w);
  CHECK(moved.value() == t.value());
  CHECK(moved.jvp(v) == dhv);
  CHECK(moved.adjoint(g) == adjoint);

  auto copied = moved;
  moved.move_to(w + u);
  CHECK(copied.value() == t.value());
  CHECK(copied.jvp(v) == dhv);
  CHECK(copied.adjoint(g) == adjoint);

  if constexpr (TwiceDifferentiableModel<H>) {
    CHECK(relative_error<O>(t.second(u, v), t.second(v, u)) <= tolerance);
    const O second = t.second(u, v);
    const P second_adjoint = t.second_adjoint(u, g);
    CHECK_THAT(static_cast<double>(space.inner(g, second)),
               WithinAbs(static_cast<double>(second_adjoint.dot(v)),
                         tolerance * static_cast<double>(space.norm(g) * space.norm(second) +
                                                         second_adjoint.norm() * v.norm())));
  }

  // h_eps for the identity h(w0 + eps d) = h(w0) + eps h_eps(d), and Dh_eps(d) = Dh(w0 + eps d).
  for (const S epsilon : {S(0), S(1e-3), S(0.25)}) {
    const P d = S(0.1) * v;
    const auto there = linearize(h, P(w + epsilon * d));
    const auto displacement = linearize(displaced(h, w, epsilon), d);
    const O change = there.value() - t.value();
    const O scaled_value = epsilon * displacement.value();
    CHECK(static_cast<double>((change - scaled_value).norm()) <=
          tolerance * static_cast<double>(t.value().norm() + there.value().norm()));
    CHECK(relative_error<O>(displacement.jvp(u), there.jvp(u)) <= tolerance);
    CHECK(relative_error<P>(displacement.vjp(g), there.vjp(g)) <= tolerance);
  }
  CHECK(relative_error<O>(linearize(displaced(h, w, S(0)), v).value(), dhv) <= tolerance);
}

}  // namespace lazytrain::testing
