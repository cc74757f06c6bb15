#pragma once

#include <cmath>
#include <limits>
#include <vector>

namespace examples {

/// Least-squares slope of log y against log x over the points where both are finite and positive; NaN below
/// two points.
inline double log_slope(const std::vector<double>& x, const std::vector<double>& y) {
  double count = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i] > 0 && y[i] > 0 && std::isfinite(x[i]) && std::isfinite(y[i]))) continue;
    const double u = std::log(x[i]);
    const double v = std::log(y[i]);
    count += 1;
    sx += u;
    sy += v;
    sxx += u * u;
    sxy += u * v;
  }
  if (count < 2) return std::numeric_limits<double>::quiet_NaN();
  return (count * sxy - sx * sy) / (count * sxx - sx * sx);
}

/// A slope and its standard error.
struct FittedSlope {
  double slope = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::quiet_NaN();
};

/// The slope of log y against log x, weighted by the standard errors of the y, which are independent means.
inline FittedSlope log_slope(const std::vector<double>& x, const std::vector<double>& y,
                             const std::vector<double>& errors) {
  double weight = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double w = (y[i] / errors[i]) * (y[i] / errors[i]);
    const double u = std::log(x[i]), v = std::log(y[i]);
    weight += w;
    wx += w * u;
    wy += w * v;
    wxx += w * u * u;
    wxy += w * u * v;
  }
  const double spread = weight * wxx - wx * wx;
  return {(weight * wxy - wx * wy) / spread, std::sqrt(weight / spread)};
}

}  // namespace examples
