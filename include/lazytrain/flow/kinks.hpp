#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/types.hpp>
#include <limits>
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

/// Which side of each kink a state lies on, where along a step a side changes, and whether the flow goes on
/// beyond.
template <HasKinks F>
class KinkTracker {
 public:
  /// Remembers the sides at the field's last point.
  void mark(const F& field) {
    const auto& values = kinks(field);
    active_.resize(static_cast<std::size_t>(values.size()));
    for (Index i = 0; i < values.size(); ++i) active_[static_cast<std::size_t>(i)] = values(i) > 0;
  }

  /// Number of kinks between the marked state and the field's last point.
  [[nodiscard]] Index crossings(const F& field) const {
    const auto& values = kinks(field);
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
    const auto& values = kinks(field);
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
      const double secant = low + (high - low) * (low_value / (low_value - high_value));
      // Not so near an end that the bracket stops shrinking.
      const double inset = std::min(tolerance * h, high - low) / 4;
      at =
          i == 0 || !std::isfinite(secant) ? (low + high) / 2 : std::clamp(secant, low + inset, high - inset);
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

  /// After a located crossing: the kink from whose far side the flow points back, that is, along which it
  /// slides; -1 if none. `probe(field)` moves the field a little along its velocity.
  template <class Probe>
  [[nodiscard]] Index sliding(const F& field, Probe probe) {
    std::erase_if(crossed_, [&](Index i) { return !changed(kinks(field), i); });
    here_.clear();
    for (const Index i : crossed_) here_.push_back(static_cast<double>(kinks(field)(i)));
    probe();
    for (std::size_t c = 0; c < crossed_.size(); ++c) {
      const double there = static_cast<double>(kinks(field)(crossed_[c]));
      if ((here_[c] > 0) == (there < here_[c])) return crossed_[c];
    }
    return -1;
  }

 private:
  [[nodiscard]] static decltype(auto) kinks(const F& field) { return field.tangent().native().kinks(); }

  template <class Values>
  [[nodiscard]] bool changed(const Values& values, Index i) const {
    return active_[static_cast<std::size_t>(i)] != (values(i) > 0);
  }

  [[nodiscard]] double margin(const F& field) const {
    const auto& values = kinks(field);
    double smallest = std::numeric_limits<double>::infinity();
    for (const Index i : crossed_) {
      const double value = static_cast<double>(values(i));
      smallest = std::min(smallest, active_[static_cast<std::size_t>(i)] ? value : -value);
    }
    return smallest;
  }

  std::vector<bool> active_;
  std::vector<Index> crossed_;
  std::vector<double> here_;
};

}  // namespace detail

}  // namespace lazytrain
