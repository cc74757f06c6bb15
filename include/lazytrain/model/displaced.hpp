#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/linalg/gauss_legendre.hpp>
#include <lazytrain/model/linearize.hpp>
#include <limits>
#include <utility>

namespace lazytrain {

/// How `displaced` evaluates models that have no `displace` of their own.
struct DisplacementOptions {
  /// Gauss-Legendre nodes on the segment from w0 to w0 + epsilon d.
  Index nodes = 8;
};

namespace detail {

/// The weights with which a function's values at the rule's nodes make the value at 0 of the polynomial
/// through them; in reverse order they make that at 1.
inline Vector<double> weights_of_end(const QuadratureRule& rule) {
  const Index q = rule.nodes.size();
  Vector<double> weights = Vector<double>::Ones(q);
  for (Index i = 0; i < q; ++i) {
    for (Index j = 0; j < q; ++j) {
      if (j != i) weights(i) *= rule.nodes(j) / (rule.nodes(j) - rule.nodes(i));
    }
  }
  return weights;
}

}  // namespace detail

/// The displaced model d -> h_eps(d) = (h(w0 + eps d) - h(w0)) / eps of any model, as the mean of Dh along
/// the segment:
///
///     h_eps(d) = integral over s in [0, 1] of Dh(w0 + s eps d) d,
///
/// by Gauss-Legendre quadrature with q nodes. Nothing cancels and eps = 0 gives Dh(w0) d, at any precision.
/// The quadrature error is O((eps |d|)^(2q)) for smooth h: q = 8 reaches double precision where h's Taylor
/// series along the segment converges. Where the nodes do not resolve h, for example at a kink, the plain
/// difference of values is taken, with its rounding: if it differs by more than that from the quadrature, and
/// the polynomial through the nodes misses Dh d at an end of the segment by a thousandth of this or more.
/// (Nodes that resolve h do not miss it, and what separates the two is rounding in h.) Cost of a value: q + 2
/// passes and jvps; for eps = 0, one.
template <Model H>
class Displaced {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  /// @throws std::domain_error if epsilon is negative or not finite, std::invalid_argument if w0 has the
  /// wrong size
  Displaced(H h, Parameters w0, Scalar epsilon, DisplacementOptions options = {})
      : h_(std::move(h)), w0_(std::move(w0)), epsilon_(epsilon), options_(options) {
    require_nonnegative("displaced", "epsilon", epsilon_);
    require_size("displaced", "w0", dimension(w0_), h_.parameter_dim(), "h.parameter_dim()");
    require_argument(options_.nodes >= 1, "displaced", "options.nodes", options_.nodes, "at least 1");
  }

  [[nodiscard]] Index parameter_dim() const { return h_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return h_.output_dim(); }
  [[nodiscard]] OutputSpace output_space() const { return lazytrain::output_space(h_); }

  class At {
   public:
    At(const Displaced& model, const Parameters& d)
        : model_(model),
          rule_(gauss_legendre(model.options_.nodes)),
          end_weights_(detail::weights_of_end(rule_)),
          point_(d),
          tangent_(lazytrain::linearize(model.h_, model.w0_)),
          start_(tangent_.value()),
          value_(start_),
          term_(start_),
          at_start_(start_),
          at_end_(start_) {
      move_to(d);
    }

    [[nodiscard]] const Outputs& value() const { return value_; }

    void move_to(const Parameters& d) {
      go(Scalar(0), d);
      if (model_.epsilon_ == Scalar(0)) return tangent_.jvp(d, value_);
      tangent_.jvp(d, at_start_);
      fill(value_, Scalar(0));
      fill(at_end_, Scalar(0));
      const Index q = rule_.nodes.size();
      for (Index i = 0; i < q; ++i) {
        go(static_cast<Scalar>(rule_.nodes(i)), d);
        tangent_.jvp(d, term_);
        axpy(static_cast<Scalar>(rule_.weights(i)), term_, value_);
        axpy(static_cast<Scalar>(-end_weights_(i)), term_, at_start_);
        axpy(static_cast<Scalar>(-end_weights_(q - 1 - i)), term_, at_end_);
      }
      go(Scalar(1), d);
      tangent_.jvp(d, term_);
      axpy(Scalar(1), term_, at_end_);
      take_difference_if_better();
    }

    void jvp(const Parameters& v, Outputs& out) const { tangent_.jvp(v, out); }
    void vjp(const Outputs& u, Parameters& out) const { tangent_.vjp(u, out); }

    void second(const Parameters& u, const Parameters& v,
                Outputs& out) const requires TwiceDifferentiableModel<H> {
      tangent_.second(u, v, out);
      scale(model_.epsilon_, out);
    }

    void second_vjp(const Parameters& u, const Outputs& c,
                    Parameters& out) const requires TwiceDifferentiableModel<H> {
      tangent_.second_vjp(u, c, out);
      scale(model_.epsilon_, out);
    }

   private:
    /// See the class; at the end of the segment, with what the nodes miss at both of its ends.
    void take_difference_if_better() {
      copy(tangent_.value(), term_);
      const Scalar size = std::max(norm(term_), norm(start_));
      const Scalar rounding = 16 * std::numeric_limits<Scalar>::epsilon() * size / model_.epsilon_;
      axpy(Scalar(-1), start_, term_);
      scale(1 / model_.epsilon_, term_);
      axpy(Scalar(-1), value_, term_);
      const Scalar gap = norm(term_);
      const bool missed = std::max(norm(at_start_), norm(at_end_)) >= gap / 1000;
      if (missed && gap > rounding) axpy(Scalar(1), term_, value_);
    }

    void go(Scalar s, const Parameters& d) {
      copy(model_.w0_, point_);
      axpy(s * model_.epsilon_, d, point_);
      tangent_.move_to(point_);
    }

    Displaced model_;
    QuadratureRule rule_;
    Vector<double> end_weights_;
    Parameters point_;
    Tangent<H> tangent_;
    /// h(w0).
    Outputs start_;
    Outputs value_;
    Outputs term_;
    Outputs at_start_;
    Outputs at_end_;
  };

  [[nodiscard]] At linearize(const Parameters& d) const { return At(*this, d); }

 private:
  H h_;
  Parameters w0_;
  Scalar epsilon_;
  DisplacementOptions options_;
};

/// The displaced model h_eps of h at w0: h_eps(d) = (h(w0 + eps d) - h(w0)) / eps, and h_0(d) = Dh(w0) d.
///
/// Uses the model's own `displace` (networks, functors, and whatever is made of them), else the quadrature of
/// `Displaced`. One dial runs from standard training (eps = 1) to the tangent model (eps = 0), and at no eps
/// is there a cancellation.
/// @throws std::domain_error if epsilon is negative or not finite, std::invalid_argument if w0 has the wrong
/// size
template <Model H>
[[nodiscard]] auto displaced(const H& h, const parameters_t<H>& w0, std::type_identity_t<scalar_t<H>> epsilon,
                             DisplacementOptions options = {}) {
  if constexpr (HasDisplace<H>) {
    require_nonnegative("displaced", "epsilon", epsilon);
    require_size("displaced", "w0", dimension(w0), h.parameter_dim(), "h.parameter_dim()");
    return h.displace(w0, epsilon);
  } else {
    return Displaced<H>(h, w0, epsilon, options);
  }
}

/// Type of `displaced(h, w0, epsilon)`.
template <Model H>
using displaced_t = decltype(displaced(std::declval<const H&>(), std::declval<const parameters_t<H>&>(),
                                       std::declval<scalar_t<H>>()));

}  // namespace lazytrain
