#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <lazytrain/data/dataset.hpp>
#include <lazytrain/data/file.hpp>
#include <string_view>
#include <utility>
#include <vector>

/// IDX, the format of MNIST: two zero bytes, a type, the rank r, r sizes, the numbers; all big-endian.
namespace lazytrain::data {

/// The third byte of an IDX file.
enum class IdxType : unsigned char {
  uint8 = 8,
  int8 = 9,
  int16 = 11,
  int32 = 12,
  float32 = 13,
  float64 = 14
};

/// An array from an IDX file: sample i of shape[0] is column i, its shape[1] ... shape[r-1] numbers, the last
/// index fastest, are the rows. Integers that S does not hold are rounded to S.
template <class S>
struct IdxArray {
  IdxType type;
  std::vector<Index> shape;
  Matrix<S> values;
};

namespace detail {

template <class T, class S>
void decode_idx(ByteView numbers, std::size_t header, std::string_view file, Matrix<S>& values) {
  for (Index i = 0; i < values.size(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i) * sizeof(T);
    values.data()[i] = static_cast<S>(read_number<T>(numbers.data() + at, std::endian::big));
    if (!std::isfinite(values.data()[i])) {
      refuse("data::parse_idx", file, header + at, "a number is ", values.data()[i],
             ", expected finite numbers");
    }
  }
}

}  // namespace detail

/// Parses the bytes of an IDX file of any type and rank >= 1. @param file name for messages
/// @throws std::runtime_error with the byte offset if the header makes no sense, a size is 0, there are fewer
/// or more bytes than the header says, or a number is not finite
template <class S>
[[nodiscard]] IdxArray<S> parse_idx(ByteView bytes, std::string_view file) {
  const auto refuse = [file](std::size_t byte, const auto&... parts) {
    detail::refuse("data::parse_idx", file, byte, parts...);
  };
  if (bytes.size() < 4) refuse(bytes.size(), "the file ends, expected a header of at least 4 bytes");
  if (bytes[0] != 0 || bytes[1] != 0) {
    refuse(0, "the file begins with ", int{bytes[0]}, " ", int{bytes[1]}, ", expected 0 0, the mark of IDX");
  }
  std::size_t width = 0;
  switch (bytes[2]) {
    case 8:
    case 9:
      width = 1;
      break;
    case 11:
      width = 2;
      break;
    case 12:
    case 13:
      width = 4;
      break;
    case 14:
      width = 8;
      break;
    default:
      refuse(2, "the type is ", int{bytes[2]}, ", expected 8, 9, 11, 12, 13 or 14");
  }
  const std::size_t rank = bytes[3];
  if (rank == 0) refuse(3, "the rank is 0, expected at least 1");
  const std::size_t header = 4 + 4 * rank;
  if (bytes.size() < header) {
    refuse(bytes.size(), "the file ends, expected a header of ", header, " bytes for rank ", rank);
  }
  std::vector<Index> shape;
  std::size_t count = 1;
  for (std::size_t at = 4; at < header; at += 4) {
    const auto size = detail::read_number<std::uint32_t>(bytes.data() + at, std::endian::big);
    if (size == 0) refuse(at, "size ", at / 4, " of the array is 0, expected at least 1");
    shape.push_back(static_cast<Index>(size));
    count = detail::saturating_product(count, size);
  }
  const ByteView numbers = bytes.subspan(header);
  const std::size_t expected = detail::saturating_product(count, width);
  if (numbers.size() != expected) {
    refuse(numbers.size() < expected ? bytes.size() : header + expected, numbers.size(),
           " bytes follow the header, expected ", expected, " (", count, " numbers of ", width, ")");
  }
  const auto rows = static_cast<Index>(count) / shape[0];
  const auto type = static_cast<IdxType>(bytes[2]);
  IdxArray<S> array{type, shape, Matrix<S>(rows, shape[0])};
  switch (type) {
    case IdxType::uint8: {
      using Pixels = Eigen::Matrix<unsigned char, Eigen::Dynamic, Eigen::Dynamic>;
      array.values = Eigen::Map<const Pixels>(numbers.data(), rows, shape[0]).template cast<S>();
      break;
    }
    case IdxType::int8:
      detail::decode_idx<std::int8_t>(numbers, header, file, array.values);
      break;
    case IdxType::int16:
      detail::decode_idx<std::int16_t>(numbers, header, file, array.values);
      break;
    case IdxType::int32:
      detail::decode_idx<std::int32_t>(numbers, header, file, array.values);
      break;
    case IdxType::float32:
      detail::decode_idx<float>(numbers, header, file, array.values);
      break;
    case IdxType::float64:
      detail::decode_idx<double>(numbers, header, file, array.values);
      break;
  }
  return array;
}

/// Reads an IDX file, plain or gzip. @throws std::runtime_error as read_file and parse_idx
template <class S>
[[nodiscard]] IdxArray<S> read_idx(const std::filesystem::path& path, const FileOptions& options = {}) {
  return parse_idx<S>(read_file(path, options), path.string());
}

/// MNIST, or another set in its files (Fashion-MNIST, KMNIST): images with pixels in [0, 1], labels 0 to 9,
/// shape 1 x 28 x 28 or as the file says.
///
/// The files are `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, or `t10k-...` for Part::test; a dot
/// before `idx` and a suffix `.gz` are understood too. Memory: the bytes and the matrix.
/// @throws std::runtime_error if a file is missing or refused, is not of bytes, or the two disagree
template <class S>
[[nodiscard]] LabelledData<S> load_mnist(const std::filesystem::path& folder, Part part) {
  constexpr std::string_view function = "data::load_mnist";
  const bool train = part == Part::train;
  const std::filesystem::path image_file =
      train ? detail::require_file(function, folder, {"train-images-idx3-ubyte", "train-images.idx3-ubyte"})
            : detail::require_file(function, folder, {"t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"});
  const std::filesystem::path label_file =
      train ? detail::require_file(function, folder, {"train-labels-idx1-ubyte", "train-labels.idx1-ubyte"})
            : detail::require_file(function, folder, {"t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"});
  IdxArray<S> images = read_idx<S>(image_file);
  if (images.type != IdxType::uint8 || images.shape.size() != 3) {
    detail::refuse(function, image_file.string(), 2, "type ", static_cast<int>(images.type), " and rank ",
                   images.shape.size(), ", expected images: type 8 (bytes) and rank 3");
  }
  const IdxArray<S> digits = read_idx<S>(label_file);
  if (digits.type != IdxType::uint8 || digits.shape.size() != 1) {
    detail::refuse(function, label_file.string(), 2, "type ", static_cast<int>(digits.type), " and rank ",
                   digits.shape.size(), ", expected labels: type 8 (bytes) and rank 1");
  }
  if (digits.shape[0] != images.shape[0]) {
    detail::refuse(function, label_file.string(), 4, digits.shape[0], " labels, expected ", images.shape[0],
                   ", one an image of ", image_file.string());
  }
  std::vector<Index> labels;
  labels.reserve(static_cast<std::size_t>(digits.values.size()));
  for (Index i = 0; i < digits.values.size(); ++i) {
    labels.push_back(static_cast<Index>(digits.values(0, i)));
    if (labels.back() > 9) {
      detail::refuse(function, label_file.string(), 8 + static_cast<std::size_t>(i), "the label is ",
                     labels.back(), ", expected 0 to 9");
    }
  }
  images.values.array() /= S(255);
  return LabelledData<S>(std::move(images.values), std::move(labels), 10,
                         ImageShape{1, images.shape[1], images.shape[2]});
}

}  // namespace lazytrain::data
