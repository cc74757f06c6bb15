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

}  // namespace examples
