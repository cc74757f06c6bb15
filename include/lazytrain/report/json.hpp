#pragma once

#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/report/atomic_file.hpp>
#include <lazytrain/report/text.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

/// JSON files. JSON knows no infinity and no NaN: they are written as the strings "inf", "-inf" and "nan",
/// and `number_of` reads both forms.
namespace lazytrain::report {

/// An Eigen vector as an array of numbers, a matrix as an array of its rows.
template <class Derived>
[[nodiscard]] nlohmann::json json_of(const Eigen::DenseBase<Derived>& values) {
  const auto& plain = values.derived().eval();
  nlohmann::json array = nlohmann::json::array();
  if constexpr (Derived::IsVectorAtCompileTime) {
    for (Index i = 0; i < plain.size(); ++i) array.push_back(plain(i));
  } else {
    for (Index i = 0; i < plain.rows(); ++i) array.push_back(json_of(plain.row(i)));
  }
  return array;
}

/// The number in `value`, also where it was written as "inf", "-inf" or "nan".
/// @throws std::runtime_error if it is something else
[[nodiscard]] inline double number_of(const nlohmann::json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  raise<std::runtime_error>("report::number_of", "value is ", value.dump(),
                            ", expected a number, \"inf\", \"-inf\" or \"nan\"");
}

namespace detail {

inline void spell_non_finite(nlohmann::json& value) {
  if (value.is_number_float()) {
    if (const double x = value.get<double>(); !std::isfinite(x)) value = exact_number(x);
  } else if (value.is_structured()) {
    for (auto& item : value) spell_non_finite(item);
  }
}

}  // namespace detail

/// Writes `value` to `path` atomically, indented, keys in order, numbers so that they read back exactly,
/// non-finite ones as strings, broken UTF-8 replaced. @throws std::runtime_error with the path
inline void write_json(const std::filesystem::path& path, nlohmann::json value) {
  detail::spell_non_finite(value);
  write_atomically(path, value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

/// Reads a JSON file. @throws std::runtime_error that names the file, and the place where it is not JSON
[[nodiscard]] inline nlohmann::json read_json(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    detail::raise_errno("report::read_json", "read", path, file ? EISDIR : errno);
  }
  try {
    return nlohmann::json::parse(file);
  } catch (const nlohmann::json::exception& error) {
    raise<std::runtime_error>("report::read_json", path.string(), " is not JSON: ", error.what());
  }
}

}  // namespace lazytrain::report
