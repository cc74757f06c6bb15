#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <lazytrain/data/dataset.hpp>
#include <lazytrain/data/file.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// CIFAR-10 (Krizhevsky, 2009) in its binary version: records of a label byte and 3072 pixel bytes.
namespace lazytrain::data {

/// Channels (red, green, blue), rows and columns.
inline constexpr ImageShape cifar10_shape{3, 32, 32};

/// The names of the classes, by label.
inline constexpr std::array<const char*, 10> cifar10_classes = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

namespace detail {

inline constexpr std::size_t cifar10_record = 1 + 3072;

/// Number of records; throws std::runtime_error unless they fill the file and every label is 0 to 9.
inline std::size_t check_cifar10(ByteView bytes, std::string_view file) {
  constexpr std::string_view function = "data::parse_cifar10";
  const std::size_t records = bytes.size() / cifar10_record;
  const std::size_t rest = bytes.size() % cifar10_record;
  if (records == 0 || rest != 0) {
    refuse(function, file, records * cifar10_record, "record ", records, " has ", rest,
           " bytes, expected 3073 (a label and 3 x 32 x 32 pixels)");
  }
  for (std::size_t i = 0; i < records; ++i) {
    const unsigned char label = bytes[i * cifar10_record];
    if (label > 9) {
      refuse(function, file, i * cifar10_record, "the label of record ", i, " is ", int{label},
             ", expected 0 to 9");
    }
  }
  return records;
}

/// Appends the records of a checked file; `inputs` has the columns.
template <class S>
void append_cifar10(ByteView bytes, Matrix<S>& inputs, std::vector<Index>& labels) {
  using Pixels = Eigen::Matrix<unsigned char, 3072, 1>;
  for (std::size_t at = 0; at < bytes.size(); at += cifar10_record) {
    inputs.col(static_cast<Index>(labels.size())) =
        Eigen::Map<const Pixels>(bytes.data() + at + 1).template cast<S>() / S(255);
    labels.push_back(bytes[at]);
  }
}

}  // namespace detail

/// Parses any whole number of records. A column has the file's order: the red plane, the green, the blue,
/// each row by row, so that it is an image of `cifar10_shape`; pixels in [0, 1]. @param file name for
/// messages
/// @throws std::runtime_error with the byte offset if a record is cut off or a label is not 0 to 9
template <class S>
[[nodiscard]] LabelledData<S> parse_cifar10(ByteView bytes, std::string_view file) {
  const std::size_t records = detail::check_cifar10(bytes, file);
  Matrix<S> inputs(cifar10_shape.size(), static_cast<Index>(records));
  std::vector<Index> labels;
  labels.reserve(records);
  detail::append_cifar10(bytes, inputs, labels);
  return LabelledData<S>(std::move(inputs), std::move(labels), 10, cifar10_shape);
}

/// Part::train: those of data_batch_1.bin, ..., data_batch_5.bin in `folder` that exist, one after the other;
/// Part::test: test_batch.bin. Plain or `.gz`. Layout and scale as parse_cifar10.
/// Memory: the bytes and the matrix.
/// @throws std::runtime_error if there is no such file, or as read_file and parse_cifar10
template <class S>
[[nodiscard]] LabelledData<S> load_cifar10(const std::filesystem::path& folder, Part part) {
  constexpr std::string_view function = "data::load_cifar10";
  std::vector<std::filesystem::path> paths;
  if (part == Part::test) {
    paths.push_back(detail::require_file(function, folder, {"test_batch.bin"}));
  } else {
    for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                             "data_batch_5.bin"}) {
      if (auto path = detail::find_file(folder, {name}); !path.empty()) paths.push_back(std::move(path));
    }
    if (paths.empty()) paths.push_back(detail::require_file(function, folder, {"data_batch_1.bin"}));
  }
  std::vector<Bytes> batches;
  std::size_t records = 0;
  for (const std::filesystem::path& path : paths) {
    batches.push_back(read_file(path));
    records += detail::check_cifar10(batches.back(), path.string());
  }
  Matrix<S> inputs(cifar10_shape.size(), static_cast<Index>(records));
  std::vector<Index> labels;
  labels.reserve(records);
  for (const Bytes& batch : batches) detail::append_cifar10(batch, inputs, labels);
  return LabelledData<S>(std::move(inputs), std::move(labels), 10, cifar10_shape);
}

}  // namespace lazytrain::data
