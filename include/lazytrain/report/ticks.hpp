#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/report/plot.hpp>
#include <lazytrain/report/text.hpp>
#include <string>
#include <vector>

/// Ranges and ticks of axes.
namespace lazytrain::report {

/// A mark on an axis. A major one has a grid line and a label, in which "10^{3}" stands for a power.
struct Tick {
  double at = 0.0;
  std::string label;
  [[nodiscard]] bool major() const { return !label.empty(); }
};

/// The ends of a drawn axis, low < high, both positive if the scale is logarithmic.
struct Range {
  double low = 0.0;
  double high = 1.0;
  [[nodiscard]] bool contains(double x) const { return low <= x && x <= high; }
};

/// Whether x has a place on an axis of this scale.
[[nodiscard]] inline bool drawable(double x, Scale scale) {
  return std::abs(x) <= 1e300 && (scale == Scale::linear || x >= 1e-300);
}

/// The range of `axis` for data between `low` and `high` (drawable; low > high: no data): its own ends where
/// it has them, else those of the data with some room.
/// @throws std::invalid_argument if the axis' own ends are in the wrong order or not drawable
[[nodiscard]] inline Range axis_range(const Axis& axis, double low, double high) {
  const bool logarithmic = axis.scale == Scale::log;
  for (const auto& end : {axis.low, axis.high}) {
    require_argument(!end || drawable(*end, axis.scale), "report::axis_range",
                     "the end of axis " + axis.label, end.value_or(0),
                     logarithmic ? "a finite number > 0" : "a finite number");
  }
  require_argument(!axis.low || !axis.high || *axis.low < *axis.high, "report::axis_range",
                   "the low end of axis " + axis.label, axis.low.value_or(0), "less than the high end");
  const bool empty = low > high;
  low = axis.low.value_or(empty ? axis.high ? *axis.high / 2 : 1.0 : low);
  high = axis.high.value_or(empty ? low : high);
  if (high < low) (axis.low ? high : low) = axis.low ? low : high;
  if (logarithmic) {
    const double room = high > low * 1.02 ? std::pow(high, 0.04) / std::pow(low, 0.04) : 2.0;
    return {axis.low.value_or(std::max(low / room, 1e-305)),
            axis.high.value_or(std::min(high * room, 1e305))};
  }
  const double size = std::max(std::abs(low), std::abs(high));
  const bool degenerate = high - low <= 1e-12 * size;
  const double room = degenerate ? (size > 0 ? 0.1 * size : 1.0) : 0.04 * (high - low);
  // Counts and times begin at 0: no room before it.
  const double below = low == 0 && !degenerate ? 0.0 : room;
  return {axis.low.value_or(low - below), axis.high.value_or(high + room)};
}

namespace detail {

/// "−2.5×10^{−6}" for -2.5e-06.
[[nodiscard]] inline std::string typeset(const std::string& number) {
  const std::size_t e = number.find('e');
  std::string text;
  for (const char c : number.substr(0, e)) c == '-' ? text += "−" : text += c;
  if (e == std::string::npos) return text;
  const int exponent = std::stoi(number.substr(e + 1));
  text = text == "1" ? "" : text == "−1" ? "−" : text + "×";
  return text + "10^{" + (exponent < 0 ? "−" : "") + std::to_string(std::abs(exponent)) + "}";
}

[[nodiscard]] inline std::vector<Tick> linear_ticks(Range range, int most) {
  const double rough = (range.high - range.low) / most;
  const double decade = std::pow(10.0, std::floor(std::log10(rough)));
  const double step = decade * (rough <= decade ? 1 : rough <= 2 * decade ? 2 : rough <= 5 * decade ? 5 : 10);
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  const int digits = std::clamp(static_cast<int>(std::ceil(std::log10(size / step))) + 1, 1, 17);
  std::vector<Tick> ticks;
  const double first = std::ceil(range.low / step - 1e-9);
  for (int k = 0; k <= most + 1; ++k) {
    const double at = (first + k) * step;
    if (at > range.high + 1e-9 * step) break;
    const bool plain = size < 1e5 && step >= 1e-4;
    const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
    ticks.push_back({at, typeset(plain     ? format_number(at == 0 ? 0.0 : at, decimals, Notation::fixed)
                                 : at == 0 ? "0"
                                           : format_number(at, digits))});
  }
  return ticks;
}

[[nodiscard]] inline std::vector<Tick> log_ticks(Range range, int most) {
  const int first = static_cast<int>(std::floor(std::log10(range.low)));
  const int last = static_cast<int>(std::ceil(std::log10(range.high)));
  std::vector<Tick> decades, few, minor;
  const int stride = std::max(1, (last - first + most - 1) / most);
  for (int k = first; k <= last; ++k) {
    for (int m = 1; m <= 9; ++m) {
      const double at = m * std::pow(10.0, k);
      if (!range.contains(at)) continue;
      const bool labelled = m == 1 && k % stride == 0;
      if (labelled) decades.push_back({at, typeset("1e" + std::to_string(k))});
      if (m == 1 || m == 2 || m == 5)
        few.push_back({at, typeset(format_number(at, at >= 1e-3 && at < 1e5 ? 6 : 1))});
      if (!labelled && (stride == 1 || m == 1)) minor.push_back({at, {}});
    }
  }
  if (decades.size() < 2) {
    if (few.size() < 3) return linear_ticks(range, most);
    decades = few;
    std::erase_if(minor, [&](const Tick& tick) {
      return std::any_of(few.begin(), few.end(), [&](const Tick& other) { return other.at == tick.at; });
    });
  }
  decades.insert(decades.end(), minor.begin(), minor.end());
  return decades;
}

}  // namespace detail

/// About `most` ticks or less: multiples of 1, 2 or 5 times a power of ten on a linear axis; decades on a
/// logarithmic one, written 10^k, and what lies between where they are few.
[[nodiscard]] inline std::vector<Tick> axis_ticks(Range range, Scale scale, int most) {
  return scale == Scale::log ? detail::log_ticks(range, most) : detail::linear_ticks(range, most);
}

}  // namespace lazytrain::report
