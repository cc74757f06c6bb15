#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <lazytrain/core/types.hpp>
#include <lazytrain/data/file.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// NPY, the format of numpy.save, versions 1 to 3.
namespace lazytrain::data {

/// An array from an NPY file, as numpy shows it: a 2-d array is the matrix with the same rows and columns
/// (not transposed); a 1-d array a column; a 0-d array 1 x 1; an array A of higher rank A.reshape(A.shape[0],
/// -1), the last index fastest. Integers that S does not hold are rounded to S.
template <class S>
struct NpyArray {
  std::vector<Index> shape;
  Matrix<S> values;
};

namespace detail {

struct NpyHeader {
  std::string type;
  bool fortran_order = false;
  std::vector<std::size_t> shape;
};

/// Reads the header's Python dictionary: string keys, in any order, with a string, a bool or a tuple of ints.
class NpyHeaderParser {
 public:
  NpyHeaderParser(std::string_view text, std::size_t offset, std::string_view file)
      : text_(text), offset_(offset), file_(file) {}

  [[nodiscard]] NpyHeader parse() {
    NpyHeader header;
    bool seen[3] = {};
    expect('{');
    while (!accept('}')) {
      const std::size_t at = at_;
      const std::string_view key = string();
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
      if (which == 3 || std::exchange(seen[which], true)) {
        fail(at, "the key is '", key, "', expected descr, fortran_order and shape, each once");
      }
      expect(':');
      if (which == 0) header.type = string();
      if (which == 1) header.fortran_order = boolean();
      if (which == 2) header.shape = tuple();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!seen[0] || !seen[1] || !seen[2]) {
      fail(at_, "the header ends, expected the keys descr, fortran_order and shape");
    }
    skip_space();
    if (at_ != text_.size()) fail(at_, "the header goes on after its dictionary, expected spaces");
    return header;
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(std::size_t at, const Parts&... parts) const {
    refuse("data::parse_npy", file_, offset_ + at, parts...);
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  [[nodiscard]] bool accept(char c) {
    skip_space();
    const bool there = at_ < text_.size() && text_[at_] == c;
    if (there) ++at_;
    return there;
  }
  void expect(char c) {
    if (!accept(c)) fail(at_, "the header has '", text_.substr(at_, 12), "', expected '", c, "'");
  }
  [[nodiscard]] std::string_view string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = std::min(text_.find(quote, at_), text_.size());
    const std::string_view content = text_.substr(at_, end - at_);
    at_ = end;
    expect(quote);
    return content;
  }
  [[nodiscard]] bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return word == "True";
      }
    }
    fail(at_, "fortran_order is '", text_.substr(at_, 12), "', expected True or False");
  }
  [[nodiscard]] std::vector<std::size_t> tuple() {
    std::vector<std::size_t> sizes;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::size_t size = 0;
      const char* const end = text_.data() + text_.size();
      const auto [rest, error] = std::from_chars(text_.data() + at_, end, size);
      if (error != std::errc() || size == 0) {
        fail(at_, "a size is '", text_.substr(at_, 12), "', expected an integer of at least 1");
      }
      at_ = static_cast<std::size_t>(rest - text_.data());
      sizes.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  std::string_view text_;
  std::size_t offset_;
  std::string_view file_;
  std::size_t at_ = 0;
};

/// Decodes numbers of type T; number i of the file goes to place(i).
template <class T, class S, class Place>
void decode_npy(ByteView bytes, std::size_t begin, std::string_view file, S* values, const Place& place) {
  const std::size_t count = (bytes.size() - begin) / sizeof(T);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = begin + i * sizeof(T);
    const auto value = static_cast<S>(read_number<T>(bytes.data() + at, std::endian::little));
    if (!std::isfinite(value)) {
      refuse("data::parse_npy", file, at, "a number is ", value, ", expected finite numbers");
    }
    values[place(i)] = value;
  }
}

/// The bytes of one number of a type, 0 if the type is unknown.
[[nodiscard]] inline std::size_t npy_width(std::string_view type) {
  if (type == "<f8" || type == "<i8") return 8;
  if (type == "<f4" || type == "<i4") return 4;
  return type == "|u1" ? 1 : 0;
}

}  // namespace detail

/// Parses the bytes of an NPY file of type <f4, <f8, <i4, <i8 or |u1 in C or Fortran order.
/// @param file name for messages
/// @throws std::runtime_error with the byte offset if the header makes no sense, a size is 0, there are fewer
/// or more bytes than it says, or a number is not finite in S
template <class S>
[[nodiscard]] NpyArray<S> parse_npy(ByteView bytes, std::string_view file) {
  const auto refuse = [file](std::size_t byte, const auto&... parts) {
    detail::refuse("data::parse_npy", file, byte, parts...);
  };
  constexpr std::string_view magic = "\x93NUMPY";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(magic)) refuse(0, "the file does not begin with \\x93NUMPY, the mark of NPY");
  const std::size_t version = bytes.size() > 6 ? bytes[6] : 0;
  if (version < 1 || version > 3) refuse(6, "the version is ", version, ", expected 1, 2 or 3");
  const std::size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) refuse(bytes.size(), "the file ends, expected a header of ", start, " bytes");
  const std::size_t length =
      version == 1 ? std::size_t{detail::read_number<std::uint16_t>(bytes.data() + 8, std::endian::little)}
                   : std::size_t{detail::read_number<std::uint32_t>(bytes.data() + 8, std::endian::little)};
  if (length > bytes.size() - start) {
    refuse(8, "the header has size ", length, ", expected at most the ", bytes.size() - start,
           " bytes that follow");
  }
  const detail::NpyHeader header = detail::NpyHeaderParser(text.substr(start, length), start, file).parse();
  const std::size_t width = detail::npy_width(header.type);
  if (width == 0) refuse(start, "the type is '", header.type, "', expected <f4, <f8, <i4, <i8 or |u1");
  std::size_t count = 1;
  for (const std::size_t size : header.shape) count = detail::saturating_product(count, size);
  const std::size_t begin = start + length;
  const std::size_t expected = detail::saturating_product(count, width);
  if (bytes.size() - begin != expected) {
    refuse(bytes.size() - begin < expected ? bytes.size() : begin + expected, bytes.size() - begin,
           " bytes follow the header, expected ", expected, " (", count, " numbers of ", width, ")");
  }
  const std::size_t rows = header.shape.empty() ? 1 : header.shape[0];
  const std::size_t columns = count / rows;
  NpyArray<S> array{{}, Matrix<S>(static_cast<Index>(rows), static_cast<Index>(columns))};
  for (const std::size_t size : header.shape) array.shape.push_back(static_cast<Index>(size));

  const auto decode = [&](const auto& place) {
    S* const values = array.values.data();
    if (header.type == "<f4") detail::decode_npy<float>(bytes, begin, file, values, place);
    if (header.type == "<f8") detail::decode_npy<double>(bytes, begin, file, values, place);
    if (header.type == "<i4") detail::decode_npy<std::int32_t>(bytes, begin, file, values, place);
    if (header.type == "<i8") detail::decode_npy<std::int64_t>(bytes, begin, file, values, place);
    if (header.type == "|u1") detail::decode_npy<std::uint8_t>(bytes, begin, file, values, place);
  };
  if (!header.fortran_order) {
    decode([rows, columns](std::size_t i) { return i / columns + rows * (i % columns); });
  } else if (header.shape.size() <= 2) {
    decode([](std::size_t i) { return i; });
  } else {
    decode([&](std::size_t i) {
      const std::size_t row = i % rows;
      std::size_t rest = i / rows;
      std::size_t stride = columns;
      std::size_t column = 0;
      for (std::size_t axis = 1; axis < header.shape.size(); ++axis) {
        stride /= header.shape[axis];
        column += stride * (rest % header.shape[axis]);
        rest /= header.shape[axis];
      }
      return row + rows * column;
    });
  }
  return array;
}

/// Reads an NPY file, plain or gzip. @throws std::runtime_error as read_file and parse_npy
template <class S>
[[nodiscard]] NpyArray<S> read_npy(const std::filesystem::path& path, const FileOptions& options = {}) {
  return parse_npy<S>(read_file(path, options), path.string());
}

}  // namespace lazytrain::data
