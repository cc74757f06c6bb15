#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <lazytrain/data/file.hpp>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

/// Tables of numbers as text: comma-separated values with quotes as in RFC 4180.
namespace lazytrain::data {

/// `detect`: the first line is a header if none of its fields is a number.
enum class CsvHeader { detect, yes, no };

/// How a table is written, and which of its columns is the target.
struct CsvOptions {
  /// The column to be predicted: its number from 0, or from the end (-1 is the last), or its name.
  std::variant<Index, std::string> target = Index{-1};
  char separator = ',';
  CsvHeader header = CsvHeader::detect;
  std::size_t max_bytes = default_max_bytes;
};

/// A table: a line of the file is a column of `values`, since a sample is a column everywhere.
template <class S>
struct CsvTable {
  std::vector<std::string> names;  ///< of the file's columns; empty without header
  Matrix<S> values;                ///< columns of the file x lines
};

namespace detail {

/// At most 40 characters of what a file has, with ? for what cannot be printed.
[[nodiscard]] inline std::string excerpt(std::string_view text) {
  std::string shown(text.substr(0, 40));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text.size() > 40 ? shown + "..." : shown;
}

/// The number that fills `text` but for spaces and one leading plus; false if there is none. A number out of
/// the range of S becomes 0 or infinite.
template <class S>
[[nodiscard]] bool parse_number(std::string_view text, S& value) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range) {
    long double wide = 0;
    error = std::from_chars(text.data(), end, wide).ec;
    value = static_cast<S>(wide);
    // Beyond long double the direction is lost: infinity is refused like any number that is too large.
    if (error == std::errc::result_out_of_range) value = std::numeric_limits<S>::infinity();
    error = std::errc();
  }
  return error == std::errc() && rest == end && !text.empty();
}

/// Walks through the fields of a table.
class CsvCursor {
 public:
  CsvCursor(ByteView bytes, char separator, std::string_view file)
      : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), separator_(separator), file_(file) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  /// Whether only line ends are left: blank lines may close a file, not stand inside it.
  [[nodiscard]] bool at_end() const { return text_.find_first_not_of("\r\n", at_) == std::string_view::npos; }

  /// The next field. Its view is good until the next call.
  [[nodiscard]] std::string_view field() {
    begin_line_ = line_;
    if (at_ < text_.size() && text_[at_] == '"') return quoted_field();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    return text_.substr(begin, at_ - begin);
  }

  /// After a field: whether another one follows on this line; else moves to the next line.
  [[nodiscard]] bool more_fields() {
    if (at_ < text_.size() && text_[at_] == separator_) {
      ++at_;
      ++column_;
      return true;
    }
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') {
      ++at_;
    } else if (at_ < text_.size() && text_[at_ - 1] != '\r') {
      fail("'", excerpt(text_.substr(at_, 8)), "' follows a closing quote, expected a separator");
    }
    ++line_;
    column_ = 1;
    return false;
  }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    raise<std::runtime_error>("data::parse_csv", file_, ", line ", begin_line_, ", column ", column_, ": ",
                              parts...);
  }

  [[nodiscard]] Index column() const { return column_; }

 private:
  [[nodiscard]] std::string_view quoted_field() {
    unquoted_.clear();
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') return unquoted_;
      }
      if (text_[at_] == '\n') ++line_;
      unquoted_ += text_[at_];
    }
    fail("a quote opens and the file ends, expected a closing quote");
  }

  std::string_view text_;
  char separator_;
  std::string_view file_;
  std::string unquoted_;
  std::size_t at_ = 0;
  Index line_ = 1;
  Index begin_line_ = 1;
  Index column_ = 1;
};

/// The first line's fields, if they are a header.
template <class S>
[[nodiscard]] std::vector<std::string> read_csv_header(CsvCursor& cursor, CsvHeader header) {
  if (header == CsvHeader::no) return {};
  const CsvCursor begin = cursor;
  std::vector<std::string> names;
  Index numbers = 0;
  S ignored = 0;
  do {
    names.emplace_back(cursor.field());
    if (parse_number(names.back(), ignored)) ++numbers;
  } while (cursor.more_fields());
  if (names.size() == 1 && names.front().empty())
    cursor.fail("the line is blank, expected numbers or titles");
  if (header == CsvHeader::yes || numbers == 0) return names;
  cursor = begin;
  return {};
}

}  // namespace detail

/// Parses a table of finite numbers; every line has as many fields as the first. A byte-order mark, CR LF,
/// spaces around numbers and blank lines at the end are understood. `options.target` is for read_csv.
/// @param file name for messages
/// @throws std::runtime_error with line, column (from 1) and text if a field is not a finite number, a line
/// is too short, too long or blank, a quote stays open, or there are no numbers.
/// Cost: one pass.
template <class S>
[[nodiscard]] CsvTable<S> parse_csv(ByteView bytes, std::string_view file, const CsvOptions& options = {}) {
  require_argument(options.separator != '"' && options.separator != '\n' && options.separator != '\r',
                   "data::parse_csv", "separator", static_cast<int>(options.separator),
                   "a character other than a quote or a line end");
  detail::CsvCursor cursor(bytes, options.separator, file);
  CsvTable<S> table;
  if (!cursor.at_end()) table.names = detail::read_csv_header<S>(cursor, options.header);
  auto width = static_cast<Index>(table.names.size());
  std::vector<S> values;
  while (!cursor.at_end()) {
    Index count = 0;
    do {
      const std::string_view field = cursor.field();
      S value = 0;
      if (!detail::parse_number(field, value) || !std::isfinite(value)) {
        cursor.fail("the field is '", detail::excerpt(field), "', expected a finite number");
      }
      if (width != 0 && count == width) cursor.fail("the line has another field, expected ", width);
      values.push_back(value);
      ++count;
    } while (cursor.more_fields());
    if (width == 0) width = count;
    if (count < width) cursor.fail("the line has ", count, " fields, expected ", width);
  }
  if (values.empty()) raise<std::runtime_error>("data::parse_csv", file, " has no numbers, expected a table");
  table.values = Eigen::Map<const Matrix<S>>(values.data(), width, static_cast<Index>(values.size()) / width);
  return table;
}

/// Reads a table, plain or gzip. @throws std::runtime_error as read_file and parse_csv
template <class S>
[[nodiscard]] CsvTable<S> read_csv_table(const std::filesystem::path& path, const CsvOptions& options = {}) {
  return parse_csv<S>(read_file(path, {.max_bytes = options.max_bytes}), path.string(), options);
}

}  // namespace lazytrain::data
