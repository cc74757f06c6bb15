#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What a figure shows, as values: axes, series, panels, figures. report/figure.hpp draws them.
namespace lazytrain::report {

/// Okabe and Ito's colours, told apart with every kind of colour vision. `automatic` takes the next one.
enum class Colour { automatic, blue, vermilion, green, purple, orange, sky, black, grey };

/// How a line is drawn.
enum class Dash { solid, dashed, dotted };

/// Look of a series.
struct Style {
  Colour colour = Colour::automatic;
  Dash dash = Dash::solid;
  double width = 2.0;
};

/// Of an axis.
enum class Scale { linear, log };

/// An axis: label with unit ("time (s)"), scale, and the ends of its range where the data shall not decide.
struct Axis {
  std::string label{};
  std::string unit{};
  Scale scale = Scale::linear;
  std::optional<double> low{};
  std::optional<double> high{};
  /// Where what belongs to infinity is drawn, if anything is: the tick there is ∞, and the numbers end
  /// before.
  std::optional<double> infinity{};
};

/// Where the names of the series stand: under the panel, in a corner of it, or nowhere.
enum class Legend { below, top_left, top_right, bottom_left, bottom_right, none };

/// Whether a unit is equally long on both (linear) axes; it then overrides their ends.
enum class Aspect { free, equal };

/// What a series is drawn as.
enum class SeriesKind { line, points, line_points, band, histogram, vertical, horizontal, arrows, note };

/// Data of one kind under one name. The second pair holds the upper ends of a band (y2) or the tips of arrows
/// (x2, y2). A coordinate that is not finite, or not positive on a logarithmic axis, makes a gap.
struct Series {
  SeriesKind kind = SeriesKind::line;
  std::string label{};
  Style style{};
  std::vector<double> x{}, y{}, x2{}, y2{};
};

namespace detail {

/// An Eigen vector or a range of numbers, as doubles.
template <class R>
[[nodiscard]] std::vector<double> numbers(const R& values) {
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(values.size()));
  if constexpr (requires { values.derived().eval(); }) {
    const auto& plain = values.derived().eval();
    for (Index i = 0; i < plain.size(); ++i) result.push_back(static_cast<double>(plain.coeff(i)));
  } else {
    for (const auto& value : values) result.push_back(static_cast<double>(value));
  }
  return result;
}

inline void require_same_size(const char* function, const char* name, const std::vector<double>& y,
                              const std::vector<double>& x) {
  require_size(function, name, static_cast<Index>(y.size()), static_cast<Index>(x.size()), "the size of x");
}

}  // namespace detail

/// Axes and the series drawn on them, the first at the bottom. Data are Eigen vectors or ranges of numbers;
/// different sizes throw std::invalid_argument. Series with an empty label are not in the legend.
class Panel {
 public:
  Panel() = default;
  Panel(Axis x_axis, Axis y_axis, std::string heading = {})
      : x(std::move(x_axis)), y(std::move(y_axis)), title(std::move(heading)) {}

  /// A line through the points (x_i, y_i).
  template <class X, class Y>
  Panel& line(std::string label, const X& xs, const Y& ys, Style style = {}) {
    return add(SeriesKind::line, std::move(label), style, detail::numbers(xs), detail::numbers(ys));
  }

  /// Markers at the points (x_i, y_i).
  template <class X, class Y>
  Panel& points(std::string label, const X& xs, const Y& ys, Style style = {}) {
    return add(SeriesKind::points, std::move(label), style, detail::numbers(xs), detail::numbers(ys));
  }

  /// A line with markers.
  template <class X, class Y>
  Panel& line_points(std::string label, const X& xs, const Y& ys, Style style = {}) {
    return add(SeriesKind::line_points, std::move(label), style, detail::numbers(xs), detail::numbers(ys));
  }

  /// The area between y = low_i and y = high_i.
  template <class X, class L, class H>
  Panel& band(std::string label, const X& xs, const L& low, const H& high, Style style = {}) {
    auto x_values = detail::numbers(xs);
    auto highs = detail::numbers(high);
    detail::require_same_size("report::Panel::band", "high", highs, x_values);
    return add(SeriesKind::band, std::move(label), style, std::move(x_values), detail::numbers(low), {},
               std::move(highs));
  }

  /// y = y_i on [x_i, x_{i+1}): a staircase.
  template <class X, class Y>
  Panel& steps(std::string label, const X& xs, const Y& ys, Style style = {}) {
    const auto corners_x = detail::numbers(xs);
    const auto corners_y = detail::numbers(ys);
    detail::require_same_size("report::Panel::steps", "y", corners_y, corners_x);
    std::vector<double> path_x, path_y;
    for (std::size_t i = 0; i < corners_x.size(); ++i) {
      if (i > 0) {
        path_x.push_back(corners_x[i]);
        path_y.push_back(corners_y[i - 1]);
      }
      path_x.push_back(corners_x[i]);
      path_y.push_back(corners_y[i]);
    }
    return add(SeriesKind::line, std::move(label), style, std::move(path_x), std::move(path_y));
  }

  /// A bar of height `heights_i` over [edges_i, edges_{i+1}]; one edge more than heights.
  template <class X, class Y>
  Panel& histogram(std::string label, const X& edges, const Y& heights, Style style = {}) {
    const auto ends = detail::numbers(edges);
    require_size("report::Panel::histogram", "heights", static_cast<Index>(heights.size()),
                 static_cast<Index>(ends.size()) - 1, "one less than edges");
    return add(SeriesKind::histogram, std::move(label), style, {ends.begin(), ends.end() - 1},
               detail::numbers(heights), {ends.begin() + 1, ends.end()});
  }

  /// Arrows from (x_i, y_i) to (x2_i, y2_i), trajectories of neurons, say.
  template <class X, class Y, class X2, class Y2>
  Panel& arrows(std::string label, const X& xs, const Y& ys, const X2& x_tips, const Y2& y_tips,
                Style style = {}) {
    auto from = detail::numbers(xs);
    auto tips_x = detail::numbers(x_tips);
    auto tips_y = detail::numbers(y_tips);
    detail::require_same_size("report::Panel::arrows", "x_tips", tips_x, from);
    detail::require_same_size("report::Panel::arrows", "y_tips", tips_y, from);
    return add(SeriesKind::arrows, std::move(label), style, std::move(from), detail::numbers(ys),
               std::move(tips_x), std::move(tips_y));
  }

  /// A reference line across the panel.
  Panel& vertical(std::string label, double at,
                  Style style = {.colour = Colour::grey, .dash = Dash::dashed, .width = 1.5}) {
    return add(SeriesKind::vertical, std::move(label), style, {at}, {0.0});
  }
  Panel& horizontal(std::string label, double at,
                    Style style = {.colour = Colour::grey, .dash = Dash::dashed, .width = 1.5}) {
    return add(SeriesKind::horizontal, std::move(label), style, {0.0}, {at});
  }

  /// Text that begins at (x, y).
  Panel& note(std::string text, double at_x, double at_y) {
    return add(SeriesKind::note, std::move(text), {.colour = Colour::black}, {at_x}, {at_y});
  }

  [[nodiscard]] const std::vector<Series>& series() const { return series_; }

  Axis x;
  Axis y;
  std::string title;
  Legend legend = Legend::below;
  Aspect aspect = Aspect::free;

 private:
  Panel& add(SeriesKind kind, std::string label, Style style, std::vector<double> xs, std::vector<double> ys,
             std::vector<double> x2 = {}, std::vector<double> y2 = {}) {
    detail::require_same_size("report::Panel", "y", ys, xs);
    series_.push_back(
        {kind, std::move(label), style, std::move(xs), std::move(ys), std::move(x2), std::move(y2)});
    return *this;
  }

  std::vector<Series> series_;
};

/// Panels side by side under one title. The caption, sentences for the reader, stands beside the picture, not
/// in it. Width and height are pixels; width 0 chooses by the number of panels.
struct Figure {
  std::string title{};
  std::string caption{};
  std::vector<Panel> panels{};
  int width = 0;
  int height = 420;
};

}  // namespace lazytrain::report
