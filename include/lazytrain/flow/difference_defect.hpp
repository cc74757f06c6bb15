#pragma once

#include <algorithm>
#include <lazytrain/flow/difference_field.hpp>
#include <limits>

namespace lazytrain {

/// What a run of `DifferenceField` misses. Its quadrature sees no kink between its nodes and does not resolve
/// a model that changes faster than they follow each other; the flow in displacements itself has no
/// quadrature. So at every time that is measured the field's b' + epsilon e' and alpha h are compared with
/// the d' and alpha h of `displacement_field` at d = b + epsilon e. Gaps within rounding, 100 units of the
/// last place of the outputs or of the largest d' so far, count as none.
template <TwiceDifferentiableModel H, Loss R>
requires DivisibleVector<parameters_t<H>>
class DifferenceDefect {
 public:
  using Scalar = scalar_t<H>;
  using State = parameters_t<H>;

  /// @throws as `displacement_field`
  DifferenceDefect(const Objective<H, R>& objective, const State& w0)
      : epsilon_(detail::inverse_scale("DifferenceDefect", objective.alpha)),
        field_(displacement_field(objective.model, objective.loss, w0, objective.alpha)),
        velocity_(w0),
        exact_(w0),
        gap_(field_.offset()) {}

  /// At time t, later than those before: the field and its value (b', e') there. Cost: an evaluation of
  /// `displacement_field` and a jvp.
  void measure(double t, const DifferenceField<H, R>& field, const State& value) {
    extract(value, dimension(velocity_), exact_);
    extract(value, 0, velocity_);
    axpy(epsilon_, exact_, velocity_);
    field_(field.displacement(), exact_);
    speed_ = std::max(speed_, static_cast<double>(norm(exact_)));
    const OutputSpace space = field_.tangent().output_space();
    constexpr double rounding = 100 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());

    copy(field_.outputs(), gap_);
    axpy(Scalar(-1), field.outputs(), gap_);
    const double gap = static_cast<double>(space.norm(gap_));
    const double size = static_cast<double>(space.norm(field_.outputs()) + space.norm(field_.offset()));
    if (!(gap <= rounding * size)) outputs_ = std::max(outputs_, gap);
    copy(field_.outputs(), gap_);
    axpy(Scalar(-1), field_.offset(), gap_);
    motion_ = std::max(motion_, static_cast<double>(space.norm(gap_)));
    displacement_ = std::max(displacement_, static_cast<double>(norm(field.displacement())));

    axpy(Scalar(-1), velocity_, exact_);
    const double missed = static_cast<double>(norm(exact_));
    const bool counts = !(missed <= rounding * speed_);
    field_.tangent().jvp(exact_, gap_);
    const double defect = counts ? missed : 0;
    const double outputs_defect = counts ? static_cast<double>(space.norm(gap_)) : 0;
    drift_ += (t - t_) * (defect + last_defect_) / 2;
    outputs_drift_ += (t - t_) * (outputs_defect + last_outputs_defect_) / 2;
    last_defect_ = defect;
    last_outputs_defect_ = outputs_defect;
    t_ = t;
  }

  /// About how far alpha h is off, in F: the largest gap, and that in d' carried to the outputs and
  /// integrated over time.
  [[nodiscard]] double outputs() const { return outputs_ + outputs_drift_; }
  /// The gap in d' integrated over time: about how far d is off.
  [[nodiscard]] double drift() const { return drift_; }
  /// Whether either exceeds this fraction of the way that outputs, or d, went.
  [[nodiscard]] bool exceeds(double fraction) const {
    return !(outputs() <= fraction * motion_ && drift_ <= fraction * displacement_);
  }

 private:
  Scalar epsilon_;
  GradientField<displaced_t<H>, R> field_;
  State velocity_, exact_;
  outputs_t<H> gap_;
  double outputs_ = 0, motion_ = 0, displacement_ = 0, speed_ = 0;
  double t_ = 0, drift_ = 0, outputs_drift_ = 0, last_defect_ = 0, last_outputs_defect_ = 0;
};

}  // namespace lazytrain
