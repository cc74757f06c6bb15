#pragma once

#include <cmath>
#include <lazytrain/flow/batch_problem.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <limits>
#include <utility>

namespace lazytrain {

/// Where the outputs of a model start.
enum class Start {
  as_is,   ///< alpha h(w)
  centred  ///< alpha (h(w) - h(w0)): the paper's convolutional networks
};

namespace detail {

template <class F>
concept SamplesGradients = requires(F& field, const F& constant, Index step, const typename F::State& x,
                                    typename F::State& f) {
  field(step, x, f);
  { constant.loss_value() } -> std::convertible_to<double>;
  { constant.batch_samples() } -> std::convertible_to<Index>;
  { constant.steps_per_epoch() } -> std::convertible_to<Index>;
};

}  // namespace detail

// clang-format off

/// A random vector field of which step k is a sample: `field(k, x, f)` writes minus a stochastic gradient at
/// x to f; `loss_value()` is the loss there on `batch_samples()` samples.
template <class F>
concept BatchField =
    std::copy_constructible<F> && HilbertVector<typename F::State> &&
    expect<detail::SamplesGradients<F>,
           "a batch field has operator()(step, x, f), loss_value(), batch_samples() and steps_per_epoch() const">;

// clang-format on

namespace detail {

template <class R, class V>
concept LeavesValue = requires(const R& loss, const V& y, scalar_t<R>* out) {
  loss.value_to(y, out);
};

/// Loss, its gradient and the field on a batch: what the two coordinates share.
template <BatchProblem P>
class BatchFieldBase {
 public:
  using H = typename batch_t<P>::Model;
  using R = typename batch_t<P>::Loss;
  using Scalar = scalar_t<H>;
  using State = parameters_t<H>;

  BatchFieldBase(P problem, State w0, Scalar alpha, Start start)
      : problem_(std::move(problem)), w0_(std::move(w0)), alpha_(alpha), start_(start) {}

  [[nodiscard]] Index steps_per_epoch() const { return problem_.steps_per_epoch(); }
  /// R at the outputs on the last batch: alpha^2 F_alpha restricted to it.
  [[nodiscard]] Scalar loss_value() const { return loss_; }
  /// Says what the loss was that the field left on a device.
  void loss_was(Scalar loss) { loss_ = loss; }
  [[nodiscard]] Index batch_samples() const { return samples_; }
  [[nodiscard]] const State& w0() const { return w0_; }
  [[nodiscard]] Scalar alpha() const { return alpha_; }

 protected:
  /// Whether the loss can stay where the outputs are, for the host to read later.
  static constexpr bool leaves_loss = detail::LeavesValue<R, outputs_t<H>>;

  /// f = -rate DM(x)^T grad R(outputs) for the tangent of M at x. The loss goes to *left, if that is
  /// somewhere.
  template <class T>
  void descend(const T& tangent, const R& loss, const outputs_t<H>& outputs, Scalar rate, State& f,
               Scalar* left) {
    if constexpr (leaves_loss) {
      if (left != nullptr) {
        loss.value_to(outputs, left);
        loss_ = std::numeric_limits<Scalar>::quiet_NaN();
      }
    }
    if (left == nullptr) loss_ = loss.value(outputs);
    samples_ = loss.output_space().samples();
    outputs_t<H> gradient = outputs;
    loss.gradient(outputs, gradient);
    scale(-rate, gradient);
    tangent.adjoint(gradient, f);
  }

  P problem_;
  State w0_;
  Scalar alpha_;
  Start start_;
  Scalar loss_ = 0;
  Index samples_ = 0;
};

}  // namespace detail

/// Stochastic gradients of F_alpha in displacements d = alpha (w - w0); see `batch_displacement_field`.
template <BatchProblem P>
class BatchDisplacementField : public detail::BatchFieldBase<P> {
  using Base = detail::BatchFieldBase<P>;

 public:
  using typename Base::H;
  using typename Base::Scalar;
  using typename Base::State;

  BatchDisplacementField(P problem, State w0, Scalar alpha, Start start)
      : Base(std::move(problem), std::move(w0), alpha, start),
        epsilon_(detail::inverse_scale("batch_displacement_field", alpha)) {}

  /// Cost: the model at w0 and at w on the batch (values), and a vjp; h(w0) is computed apart where the
  /// displaced model does not keep it.
  void operator()(Index step, const State& d, State& f) { evaluate(step, d, f, nullptr); }
  /// The same on a device, without waiting for it: the loss is left at *loss, there.
  void operator()(Index step, const State& d, State& f, Scalar* loss) requires Base::leaves_loss {
    evaluate(step, d, f, loss);
  }

 private:
  void evaluate(Index step, const State& d, State& f, Scalar* left) {
    const auto batch = this->problem_.batch(step);
    const auto model = displaced(batch.model, this->w0_, epsilon_);
    const auto tangent = linearize(model, d);
    outputs_t<H> outputs = tangent.value();
    if (this->start_ == Start::as_is) axpy(Scalar(1), start_of(batch.model, model), outputs);
    this->descend(tangent, batch.loss, outputs, Scalar(1), f, left);
  }

  template <class D>
  [[nodiscard]] outputs_t<H> start_of(const H& h, const D& model) const {
    if constexpr (requires { model.origin().value(); }) {
      outputs_t<H> base = model.origin().value();
      if (!std::isinf(this->alpha_)) {
        scale(this->alpha_, base);
        return base;
      }
    }
    return detail::scaled_start(h, this->w0_, this->alpha_, "batch_displacement_field");
  }

  Scalar epsilon_;
};

/// Stochastic gradients of F_alpha in parameters w; see `batch_parameter_field`.
template <BatchProblem P>
class BatchParameterField : public detail::BatchFieldBase<P> {
  using Base = detail::BatchFieldBase<P>;

 public:
  using typename Base::H;
  using typename Base::Scalar;
  using typename Base::State;

  BatchParameterField(P problem, State w0, Scalar alpha, Start start)
      : Base(std::move(problem), std::move(w0), alpha, start) {
    require_positive("batch_parameter_field", "alpha", alpha);
  }

  /// Cost: a forward pass and a vjp on the batch; centred, another forward pass.
  void operator()(Index step, const State& w, State& f) { evaluate(step, w, f, nullptr); }
  /// The same on a device, without waiting for it: the loss is left at *loss, there.
  void operator()(Index step, const State& w, State& f, Scalar* loss) requires Base::leaves_loss {
    evaluate(step, w, f, loss);
  }

 private:
  void evaluate(Index step, const State& w, State& f, Scalar* left) {
    const auto batch = this->problem_.batch(step);
    const auto tangent = linearize(batch.model, w);
    outputs_t<H> outputs = tangent.value();
    if (this->start_ == Start::centred) {
      axpy(Scalar(-1), linearize(batch.model, this->w0_).value(), outputs);
    }
    scale(this->alpha_, outputs);
    this->descend(tangent, batch.loss, outputs, 1 / this->alpha_, f, left);
  }
};

/// Mini-batch gradients of F_alpha(w) = R(alpha h(w)) / alpha^2 in the displacement d = alpha (w - w0), from
/// d = 0:
///
///     f = -Dh_B(w0 + d/alpha)^T grad R_B(alpha h_B(w0) + h_{B, 1/alpha}(d)),     B the batch,
///
/// without the first term of the outputs if they are centred. Descent with step eta in d is descent with step
/// eta on F_alpha in w, w_k = w0 + d_k / alpha, at every momentum and schedule: f here is alpha times f of
/// `batch_parameter_field`. Nothing cancels at large alpha; alpha = infinity trains the linearized model.
/// @throws std::domain_error unless 0 < alpha <= infinity; at a step, if alpha = infinity, the outputs are
/// not centred and h_B(w0) is not 0
template <BatchProblem P>
[[nodiscard]] auto batch_displacement_field(P problem, const parameters_t<typename batch_t<P>::Model>& w0,
                                            std::type_identity_t<scalar_t<typename batch_t<P>::Model>> alpha,
                                            Start start = Start::as_is) {
  return BatchDisplacementField<P>(std::move(problem), w0, alpha, start);
}

/// Mini-batch gradients of F_alpha in parameters w, f = -(1/alpha) Dh_B(w)^T grad R_B(alpha h_B(w)); centred,
/// with h_B - h_B(w0) for h_B. At alpha beyond the square root of the precision, w no longer resolves its own
/// motion: use `batch_displacement_field`.
/// @throws std::domain_error unless 0 < alpha < infinity
template <BatchProblem P>
[[nodiscard]] auto batch_parameter_field(P problem, const parameters_t<typename batch_t<P>::Model>& w0,
                                         std::type_identity_t<scalar_t<typename batch_t<P>::Model>> alpha,
                                         Start start = Start::as_is) {
  return BatchParameterField<P>(std::move(problem), w0, alpha, start);
}

}  // namespace lazytrain
