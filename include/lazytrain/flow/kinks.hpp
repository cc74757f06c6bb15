#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/flow/flow_types.hpp>
#include <string>
#include <vector>

namespace lazytrain {

/// A field whose model has kinks: surfaces in parameter space across which its derivative jumps, the zeros of
/// the pre-activations of relu units. The linearization's `kinks()` are their values at the last point,
/// `describe_kink(i)` names one.
template <class F>
concept HasKinks = requires(const F& field, Index i) {
  { field.tangent().native().kinks()(i) } -> std::convertible_to<double>;
  { field.tangent().native().kinks().size() } -> std::convertible_to<Index>;
  { field.tangent().native().describe_kink(i) } -> std::convertible_to<std::string>;
};

namespace detail {

/// Which side of each kink a state lies on, and where along a step a side changes.
template <HasKinks F>
class KinkTracker {
 public:
  /// Remembers the sides at the field's last point.
  void mark(const F& field) {
    const auto& values = field.tangent().native().kinks();
    active_.resize(static_cast<std::size_t>(values.size()));
    for (Index i = 0; i < values.size(); ++i) active_[static_cast<std::size_t>(i)] = values(i) > 0;
  }

  /// Number of kinks between the marked state and the field's last point.
  [[nodiscard]] Index crossings(const F& field) const {
    const auto& values = field.tangent().native().kinks();
    Index count = 0;
    for (Index i = 0; i < values.size(); ++i) count += changed(values, i) ? 1 : 0;
    return count;
  }

  /// After an attempt at h that crossed kinks: the step to just beyond the first crossing. `attempt(h)` is
  /// called again, last at the step that is returned. Illinois' method on the smallest distance to the kinks
  /// that were crossed.
  template <class Attempt>
  double locate(const F& field, double h, double tolerance, Attempt attempt) {
    crossed_.clear();
    const auto& values = field.tangent().native().kinks();
    for (Index i = 0; i < values.size(); ++i) {
      if (changed(values, i)) crossed_.push_back(i);
    }
    double low = 0;
    double high = h;
    double high_value = margin(field);
    double low_value = -high_value;
    double at = h;
    int side = 0;
    for (int i = 0; i < 100 && high - low > tolerance * h; ++i) {
      at = i == 0 ? h / 2 : low + (high - low) * low_value / (low_value - high_value);
      // Not so near an end that the bracket stops shrinking.
      at = std::clamp(at, low + tolerance * h / 4, high - tolerance * h / 4);
      attempt(at);
      const double value = margin(field);
      if (value >= 0) {
        low = at;
        low_value = value;
        if (side == 1) high_value /= 2;
        side = 1;
      } else {
        high = at;
        high_value = value;
        if (side == -1) low_value /= 2;
        side = -1;
      }
    }
    if (at != high) attempt(high);
    return high;
  }

  /// The kink on which the field's last point has just changed sides; -1 if none.
  [[nodiscard]] Index last_crossed(const F& field) const {
    const auto& values = field.tangent().native().kinks();
    for (const Index i : crossed_) {
      if (changed(values, i)) return i;
    }
    return -1;
  }

 private:
  template <class Values>
  [[nodiscard]] bool changed(const Values& values, Index i) const {
    return active_[static_cast<std::size_t>(i)] != (values(i) > 0);
  }

  [[nodiscard]] double margin(const F& field) const {
    const auto& values = field.tangent().native().kinks();
    double smallest = std::numeric_limits<double>::infinity();
    for (const Index i : crossed_) {
      const double value = static_cast<double>(values(i));
      smallest = std::min(smallest, active_[static_cast<std::size_t>(i)] ? value : -value);
    }
    return smallest;
  }

  std::vector<bool> active_;
  std::vector<Index> crossed_;
};

}  // namespace detail

}  // namespace lazytrain
