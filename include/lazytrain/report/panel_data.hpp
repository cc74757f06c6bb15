#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <lazytrain/report/plot.hpp>
#include <lazytrain/report/text.hpp>
#include <lazytrain/report/ticks.hpp>
#include <limits>
#include <string>

/// What of a panel's data can be drawn, and where.
namespace lazytrain::report {

/// The ranges of a panel's axes and the points of its series as rows of numbers. Refers to the panel.
class PanelData {
 public:
  /// The y range sees only what lies in the x range. @throws std::invalid_argument as axis_range
  explicit PanelData(const Panel& panel) : panel_(panel) {
    find_x_range();
    find_y_range();
  }
  explicit PanelData(Panel&&) = delete;

  [[nodiscard]] const Range& x_range() const { return x_; }
  [[nodiscard]] const Range& y_range() const { return y_; }

  /// Whether no point of any series can be drawn; notes do not count.
  [[nodiscard]] bool empty() const {
    return std::none_of(panel_.series().begin(), panel_.series().end(), [this](const Series& series) {
      return series.kind != SeriesKind::note && drawable(series);
    });
  }

  /// Whether some point of the series can be drawn.
  [[nodiscard]] bool drawable(const Series& series) const {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (drawable(series, i)) return true;
    }
    return false;
  }

  /// Widens one range so that a unit is equally long on both axes of a panel of that size.
  /// @throws std::invalid_argument if an axis is logarithmic
  void equalize(int width, int height) {
    require_argument(panel_.x.scale == Scale::linear && panel_.y.scale == Scale::linear, "report::PanelData",
                     "the aspect", "equal", "linear axes");
    const double unit = std::max((x_.high - x_.low) / width, (y_.high - y_.low) / height);
    const auto widen = [unit](Range& range, int size) {
      const double room = 0.5 * (unit * size - (range.high - range.low));
      range = {range.low - room, range.high + room};
    };
    widen(x_, width);
    widen(y_, height);
  }

  /// The points of a series, a row each, an empty line at a gap. Reference lines run from end to end; bands
  /// and the two rows of a bar are x, low, high, cut off at the end of a logarithmic axis; arrows x, y and
  /// the tip's.
  [[nodiscard]] std::string rows(const Series& series) const {
    std::string text;
    bool gap = false;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!drawable(series, i)) {
        gap = !text.empty();
        continue;
      }
      if (gap) text += "\n";
      gap = false;
      text += rows(series, i);
    }
    return text;
  }

  /// The upper edge of a histogram, from the base and back to it.
  [[nodiscard]] std::string outline(const Series& series) const {
    std::string text;
    double end = std::numeric_limits<double>::quiet_NaN();
    const auto close = [&] {
      if (!std::isnan(end)) text += row({end, base()}) + "\n";
    };
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!drawable(series, i)) continue;
      if (series.x[i] != end) {
        close();
        text += row({series.x[i], base()});
      }
      text += row({series.x[i], cut(series.y[i])}) + row({series.x2[i], cut(series.y[i])});
      end = series.x2[i];
    }
    close();
    return text;
  }

  /// Numbers separated by spaces, ended by a line feed.
  [[nodiscard]] static std::string row(std::initializer_list<double> values) {
    std::string text;
    for (const double value : values) text += (text.empty() ? "" : " ") + exact_number(value);
    return text + "\n";
  }

 private:
  [[nodiscard]] bool on_x(double value) const { return report::drawable(value, panel_.x.scale); }
  [[nodiscard]] bool on_y(double value) const { return report::drawable(value, panel_.y.scale); }

  [[nodiscard]] bool drawable(const Series& series, std::size_t i) const {
    const bool x = on_x(series.x[i]);
    const bool y = on_y(series.y[i]);
    switch (series.kind) {
      case SeriesKind::vertical:
        return x;
      case SeriesKind::horizontal:
        return y;
      case SeriesKind::band:
        return x && std::isfinite(series.y[i]) && on_y(series.y2[i]);
      case SeriesKind::histogram:
        return x && on_x(series.x2[i]) && std::isfinite(series.y[i]);
      case SeriesKind::arrows:
        return x && y && on_x(series.x2[i]) && on_y(series.y2[i]) &&
               (series.x[i] != series.x2[i] || series.y[i] != series.y2[i]);
      default:
        return x && y;
    }
  }

  /// Calls visit(series, i) for every point that is data and can be drawn.
  template <class F>
  void each_point(F&& visit) const {
    for (const Series& series : panel_.series()) {
      if (series.kind == SeriesKind::note) continue;
      for (std::size_t i = 0; i < series.x.size(); ++i) {
        if (drawable(series, i)) visit(series, i);
      }
    }
  }

  /// The smallest interval that holds what is drawable of the values it was shown.
  struct Cover {
    Scale scale;
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    void operator()(double value) {
      if (!report::drawable(value, scale)) return;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  };

  void find_x_range() {
    Cover cover{panel_.x.scale};
    each_point([&](const Series& series, std::size_t i) {
      if (series.kind != SeriesKind::horizontal) cover(series.x[i]);
      if (!series.x2.empty()) cover(series.x2[i]);
    });
    x_ = axis_range(panel_.x, cover.low, cover.high);
  }

  void find_y_range() {
    Cover cover{panel_.y.scale};
    each_point([&](const Series& series, std::size_t i) {
      if (series.kind == SeriesKind::vertical) return;
      const bool inside = series.kind == SeriesKind::horizontal || x_.contains(series.x[i]) ||
                          (!series.x2.empty() && x_.contains(series.x2[i]));
      if (!inside) return;
      cover(series.y[i]);
      if (!series.y2.empty()) cover(series.y2[i]);
      if (series.kind == SeriesKind::histogram) cover(0.0);
    });
    y_ = axis_range(panel_.y, cover.low, cover.high);
  }

  [[nodiscard]] std::string rows(const Series& series, std::size_t i) const {
    const double x = series.x[i];
    const double y = series.y[i];
    switch (series.kind) {
      case SeriesKind::vertical:
        return row({x, y_.low}) + row({x, y_.high});
      case SeriesKind::horizontal:
        return row({x_.low, y}) + row({x_.high, y});
      case SeriesKind::band:
        return row({x, cut(y), series.y2[i]});
      case SeriesKind::arrows:
        return row({x, y, series.x2[i], series.y2[i]});
      case SeriesKind::histogram:
        return row({x, base(), cut(y)}) + row({series.x2[i], base(), cut(y)});
      default:
        return row({x, y});
    }
  }

  /// Where bars stand.
  [[nodiscard]] double base() const { return std::clamp(0.0, y_.low, y_.high); }
  [[nodiscard]] double cut(double y) const { return on_y(y) ? y : y_.low; }

  const Panel& panel_;
  Range x_;
  Range y_;
};

}  // namespace lazytrain::report
