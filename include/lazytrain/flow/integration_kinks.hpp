#pragma once

#include <algorithm>
#include <lazytrain/flow/integration_run.hpp>
#include <lazytrain/flow/kinks.hpp>
#include <string>

namespace lazytrain::detail {

/// A run whose steps end at kinks: attempts that cross some are shortened to the first, and a flow that comes
/// back at once is found to slide.
template <class P, class F>
class IntegrationWithKinks : public IntegrationRun<P, F> {
  using Run = IntegrationRun<P, F>;

 public:
  using Run::Run;
  using typename Run::Scalar;
  using typename Run::State;

 protected:
  using Run::counted_, Run::crossings_, Run::field_, Run::h_, Run::method_, Run::options_, Run::scratch_,
      Run::t_;

  /// Takes the sides of kinks at the field's point.
  void mark_kinks() {
    if constexpr (HasKinks<F>) kinks_.mark(field_);
  }

  /// If the attempt at h crosses kinks, attempts the step to just beyond the first of them.
  [[nodiscard]] double up_to_kink(double h) {
    crossed_ = 0;
    if constexpr (HasKinks<F>) {
      located_ = false;
      crossed_ = kinks_.crossings(field_);
      // A step that is too long even so will cross other kinks, or none, once it is shortened.
      if (crossed_ > 0 && this->relative_error() <= 1 &&
          field_.tangent().native().kinks().size() <= options_.locate_kinks_up_to) {
        located_ = true;
        h = kinks_.locate(field_, h, options_.event_tolerance, [&](double s) { method_.attempt(s); });
        crossed_ = kinks_.crossings(field_);
      }
    }
    return h;
  }

  /// After a step that ended just beyond a kink: whether the flow comes back at once, that is, slides.
  void after_kink([[maybe_unused]] double h) {
    if constexpr (HasKinks<F>) {
      crossings_ += crossed_;
      if (crossed_ > 0 && located_) {
        const Index i = kinks_.sliding(field_, [&] {
          State ahead = method_.x();
          axpy(Scalar(1e-3 * std::max(h, h_)), method_.f(), ahead);
          counted_(ahead, scratch_);
        });
        counted_(method_.x(), scratch_);
        if (i >= 0) {
          this->stop(
              StopReason::sliding,
              "the flow slides along a kink (" + std::string(field_.tangent().native().describe_kink(i)) +
                  ") from t = " + text(t_) +
                  ": beyond it x' points back, so that the flow is a differential inclusion and no error "
                  "estimate holds");
        }
      }
      kinks_.mark(field_);
      if constexpr (requires { method_.restart(); }) {
        if (crossed_ > 0 && located_) method_.restart();
      }
    }
  }

 private:
  struct NoKinks {};
  template <class G>
  struct TrackerOf {
    using type = NoKinks;
  };
  template <HasKinks G>
  struct TrackerOf<G> {
    using type = KinkTracker<G>;
  };

  typename TrackerOf<F>::type kinks_;
  /// Kinks crossed by the last attempt, and whether it ends at the first of them.
  Index crossed_ = 0;
  bool located_ = false;
};

}  // namespace lazytrain::detail
