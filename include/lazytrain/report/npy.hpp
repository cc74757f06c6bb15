#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <lazytrain/core/types.hpp>
#include <lazytrain/report/atomic_file.hpp>
#include <string>
#include <string_view>

/// Arrays for NumPy: files that `numpy.load` opens.
namespace lazytrain::report {

/// A scalar that an NPY file can hold.
template <class S>
concept NpyScalar = std::same_as<S, float> || std::same_as<S, double> || std::same_as<S, std::int32_t> ||
    std::same_as<S, std::int64_t> || std::same_as<S, Index>;

namespace detail {

/// Magic, version 1.0 and dictionary; its length is a multiple of 64 so that the data are aligned.
[[nodiscard]] inline std::string npy_header(std::string_view type, const std::string& shape) {
  constexpr std::size_t prefix = 10;
  std::string dictionary = "{'descr': '";
  dictionary += std::endian::native == std::endian::little ? '<' : '>';
  dictionary += std::string(type) + "', 'fortran_order': True, 'shape': " + shape + ", }";
  dictionary.append(63 - (prefix + dictionary.size()) % 64, ' ');
  dictionary += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(dictionary.size() & 0xFF);
  header += static_cast<char>(dictionary.size() >> 8);
  return header + dictionary;
}

}  // namespace detail

/// Writes an Eigen vector as an NPY (version 1.0) array of shape (n,), a matrix as (rows, cols) in Fortran
/// order, atomically. Cost: one pass; a matrix or a block of one is not copied.
/// @throws std::runtime_error with the path if the file cannot be written
template <class Derived>
requires NpyScalar<typename Derived::Scalar>
void write_npy(const std::filesystem::path& path, const Eigen::DenseBase<Derived>& values) {
  using S = typename Derived::Scalar;
  const std::string type = (std::floating_point<S> ? "f" : "i") + std::to_string(sizeof(S));
  const std::string shape = Derived::IsVectorAtCompileTime ? "(" + std::to_string(values.size()) + ",)"
                                                           : "(" + std::to_string(values.rows()) + ", " +
                                                                 std::to_string(values.cols()) + ")";
  const Eigen::Ref<const Matrix<S>> columns(values.derived().matrix());
  AtomicFile file(path);
  file.write(detail::npy_header(type, shape));
  const auto write = [&](const S* begin, Index count) {
    file.write(std::as_bytes(std::span(begin, static_cast<std::size_t>(count))));
  };
  if (columns.outerStride() == columns.rows()) {
    write(columns.data(), columns.size());
  } else {
    for (Index j = 0; j < columns.cols(); ++j) write(columns.col(j).data(), columns.rows());
  }
  file.commit();
}

}  // namespace lazytrain::report
