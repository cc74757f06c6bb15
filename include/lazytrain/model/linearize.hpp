#pragma once

#include <lazytrain/core/concepts.hpp>
#include <lazytrain/core/error.hpp>
#include <utility>

namespace lazytrain {

/// The space F of a model: its own, or Euclidean R^N.
template <Model H>
[[nodiscard]] OutputSpace output_space(const H& h) {
  if constexpr (HasOutputSpace<H>) {
    return h.output_space();
  } else {
    return OutputSpace::euclidean(h.output_dim());
  }
}

namespace detail {

/// What `linearize` would return for a model given by a Jacobian, or by jvp and vjp.
template <class H>
class DerivedTangent {
 public:
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;

  DerivedTangent(H h, view_t<Parameters> w) : h_(std::move(h)), w_(w) { evaluate(); }

  [[nodiscard]] const Outputs& value() const { return value_; }

  void move_to(view_t<Parameters> w) {
    w_ = w;
    evaluate();
  }

  void jvp(view_t<Parameters> v, out_t<Outputs> out) const {
    if constexpr (HasJacobian<H>) {
      out.noalias() = jacobian_ * v;
    } else {
      assign(h_.jvp(w_, v), h_.output_dim(), "jvp(w, v)", out);
    }
  }

  void vjp(view_t<Outputs> u, out_t<Parameters> out) const {
    if constexpr (HasJacobian<H>) {
      out.noalias() = jacobian_.transpose() * u;
    } else {
      assign(h_.vjp(w_, u), h_.parameter_dim(), "vjp(w, u)", out);
    }
  }

  void second(view_t<Parameters> u, view_t<Parameters> v, out_t<Outputs> out) const requires HasSecond<H> {
    assign(h_.second(w_, u, v), h_.output_dim(), "second(w, u, v)", out);
  }

  void second_vjp(view_t<Parameters> u, view_t<Outputs> c,
                  out_t<Parameters> out) const requires HasSecondVjp<H> {
    assign(h_.second_vjp(w_, u, c), h_.parameter_dim(), "second_vjp(w, u, c)", out);
  }

 private:
  struct Nothing {};

  template <class Result, class Out>
  static void assign(const Result& result, Index expected, const char* what, Out& out) {
    require_size("Tangent", what, result.size(), expected, "the model's dimension");
    out = result;
  }

  void evaluate() {
    value_ = h_(w_);
    require_size("linearize", "h(w)", value_.size(), h_.output_dim(), "h.output_dim()");
    if constexpr (HasJacobian<H>) {
      jacobian_ = h_.jacobian(w_);
      require_size("linearize", "h.jacobian(w).rows()", jacobian_.rows(), h_.output_dim(), "h.output_dim()");
      require_size("linearize", "h.jacobian(w).cols()", jacobian_.cols(), h_.parameter_dim(),
                   "h.parameter_dim()");
    }
  }

  H h_;
  Parameters w_;
  Outputs value_;
  std::conditional_t<HasJacobian<H>, Matrix<typename H::Scalar>, Nothing> jacobian_;
};

template <Model H>
auto native_tangent(const H& h, const parameters_t<H>& w) {
  if constexpr (HasLinearize<H>) {
    return h.linearize(w);
  } else {
    return DerivedTangent<H>(h, w);
  }
}

}  // namespace detail

/// A model at a point: h(w), Dh(w), its adjoint and D^2h(w), which share one forward pass.
///
/// Every algorithm of the library is written against this type and no other. It is a workspace: `move_to` and
/// the forms with an argument `out` reuse its memory, const members may write scratch. Use one in each
/// thread; copies are independent. `vjp` takes a cotangent (raw transposed Jacobian); `adjoint` is the
/// adjoint in F, that is vjp(weights . g), and is what gradients, kernels and norms use.
template <Model H>
class Tangent {
 public:
  using Scalar = scalar_t<H>;
  using Parameters = parameters_t<H>;
  using Outputs = outputs_t<H>;
  using Native =
      decltype(detail::native_tangent(std::declval<const H&>(), std::declval<const Parameters&>()));

  /// Evaluates h at w. @throws std::invalid_argument if w does not have p coordinates
  Tangent(const H& h, const Parameters& w)
      : model_(h),
        space_(lazytrain::output_space(h)),
        native_((check_parameters("linearize", "w", w), detail::native_tangent(h, w))),
        cotangent_(native_.value()) {
    require_size("linearize", "h.output_space().dim()", space_.dim(), h.output_dim(), "h.output_dim()");
    require_size("linearize", "h(w)", dimension(value()), h.output_dim(), "h.output_dim()");
  }

  [[nodiscard]] const H& model() const { return model_; }
  [[nodiscard]] const OutputSpace& output_space() const { return space_; }
  [[nodiscard]] Index parameter_dim() const { return model_.parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return model_.output_dim(); }
  /// What the model's own `linearize` returned, for structure that only this model has.
  [[nodiscard]] const Native& native() const { return native_; }

  /// h(w).
  [[nodiscard]] const Outputs& value() const { return native_.value(); }

  /// Goes to another point, reusing memory where the model can.
  void move_to(const Parameters& w) {
    check_parameters("Tangent::move_to", "w", w);
    if constexpr (requires { native_.move_to(w); }) {
      native_.move_to(w);
    } else {
      native_ = detail::native_tangent(model_, w);
    }
  }

  /// Dh(w) v.
  void jvp(const Parameters& v, Outputs& out) const {
    check_parameters("Tangent::jvp", "v", v);
    prepare(out, cotangent_);
    if constexpr (requires { native_.jvp(v, out); }) {
      native_.jvp(v, out);
    } else {
      out = native_.jvp(v);
    }
  }
  [[nodiscard]] Outputs jvp(const Parameters& v) const {
    Outputs out = cotangent_;
    jvp(v, out);
    return out;
  }

  /// Jacobian, transposed, times the cotangent u: no weights of F. See `adjoint`.
  void vjp(const Outputs& u, Parameters& out) const {
    check_outputs("Tangent::vjp", "u", u);
    if (dimension(out) != parameter_dim()) out = Parameters(parameter_dim());
    if constexpr (requires { native_.vjp(u, out); }) {
      native_.vjp(u, out);
    } else {
      out = native_.vjp(u);
    }
  }
  [[nodiscard]] Parameters vjp(const Outputs& u) const {
    Parameters out(parameter_dim());
    vjp(u, out);
    return out;
  }

  /// Dh(w)^T g, the adjoint in F.
  void adjoint(const Outputs& g, Parameters& out) const {
    check_outputs("Tangent::adjoint", "g", g);
    copy(g, cotangent_);
    space_.to_cotangent(cotangent_);
    vjp(cotangent_, out);
  }
  [[nodiscard]] Parameters adjoint(const Outputs& g) const {
    Parameters out(parameter_dim());
    adjoint(g, out);
    return out;
  }

  /// D^2h(w)[u, v].
  void second(const Parameters& u, const Parameters& v,
              Outputs& out) const requires TwiceDifferentiableModel<H> {
    check_parameters("Tangent::second", "u", u);
    check_parameters("Tangent::second", "v", v);
    prepare(out, cotangent_);
    if constexpr (requires { native_.second(u, v, out); }) {
      native_.second(u, v, out);
    } else {
      out = native_.second(u, v);
    }
  }
  [[nodiscard]] Outputs second(const Parameters& u,
                               const Parameters& v) const requires TwiceDifferentiableModel<H> {
    Outputs out = cotangent_;
    second(u, v, out);
    return out;
  }

  /// Sum over i of c_i D^2h_i(w) u for a cotangent c: no weights of F. See `second_adjoint`.
  void second_vjp(const Parameters& u, const Outputs& c,
                  Parameters& out) const requires TwiceDifferentiableModel<H> {
    check_parameters("Tangent::second_vjp", "u", u);
    check_outputs("Tangent::second_vjp", "c", c);
    if (dimension(out) != parameter_dim()) out = Parameters(parameter_dim());
    if constexpr (requires { native_.second_vjp(u, c, out); }) {
      native_.second_vjp(u, c, out);
    } else {
      out = native_.second_vjp(u, c);
    }
  }

  /// (D^2h(w)[u, .])^T g, the adjoint in F: the vector z with <z, v> = <g, D^2h(w)[u, v]>_F for every v.
  void second_adjoint(const Parameters& u, const Outputs& g,
                      Parameters& out) const requires TwiceDifferentiableModel<H> {
    check_outputs("Tangent::second_adjoint", "g", g);
    copy(g, cotangent_);
    space_.to_cotangent(cotangent_);
    second_vjp(u, cotangent_, out);
  }
  [[nodiscard]] Parameters second_adjoint(const Parameters& u,
                                          const Outputs& g) const requires TwiceDifferentiableModel<H> {
    Parameters out(parameter_dim());
    second_adjoint(u, g, out);
    return out;
  }

 private:
  static void prepare(Outputs& out, const Outputs& like) {
    if (dimension(out) != dimension(like)) out = like;
  }
  void check_parameters(const char* function, const char* argument, const Parameters& v) const {
    require_size(function, argument, dimension(v), model_.parameter_dim(), "h.parameter_dim()");
  }
  void check_outputs(const char* function, const char* argument, const Outputs& u) const {
    require_size(function, argument, dimension(u), model_.output_dim(), "h.output_dim()");
  }

  H model_;
  OutputSpace space_;
  Native native_;
  mutable Outputs cotangent_;
};

/// Linearizes h at w, a Tangent<H>: one forward pass, whose results the tangent keeps. (Types of results that
/// ask for a model are deduced, here and elsewhere: a compiler that substitutes them first would not say what
/// is missing of one.)
/// @throws std::invalid_argument if a size is wrong
template <Model H>
[[nodiscard]] auto linearize(const H& h, const parameters_t<H>& w) {
  return Tangent<H>(h, w);
}

}  // namespace lazytrain
