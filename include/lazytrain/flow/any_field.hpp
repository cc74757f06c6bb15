#pragma once

#include <concepts>
#include <lazytrain/flow/attempted_step.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/kinks.hpp>

namespace lazytrain::detail {

/// A vector field whose type is erased: what a stepper sees that needs values alone, so that a program
/// compiles its runs once for a type of vectors, whatever the fields. It refers to the field. Cost: an
/// indirect call an evaluation.
template <HilbertVector V>
class AnyField {
 public:
  using State = V;

  template <VectorField F>
  requires std::same_as<typename F::State, V>
  [[nodiscard]] static AnyField of(F& field) {
    AnyField any;
    any.field_ = &field;
    any.evaluate_ = [](void* erased, const V& x, V& f) { (*static_cast<F*>(erased))(x, f); };
    if constexpr (CountsEvaluations<F>) {
      any.count_ = [](const void* erased) -> Index { return static_cast<const F*>(erased)->evaluations(); };
    }
    return any;
  }

  void operator()(const V& x, V& f) {
    evaluate_(field_, x, f);
    ++evaluations_;
  }
  /// As the field counts them, if it does.
  [[nodiscard]] Index evaluations() const { return count_ != nullptr ? count_(field_) : evaluations_; }

 private:
  AnyField() = default;

  void* field_ = nullptr;
  void (*evaluate_)(void*, const V&, V&) = nullptr;
  Index (*count_)(const void*) = nullptr;
  Index evaluations_ = 0;
};

/// Whether a stepper's run on a field needs no more of it than its values.
template <class P, class F>
concept NeedsValuesAlone = P::values_alone && !HasKinks<F>;

}  // namespace lazytrain::detail
