#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <lazytrain/core/error.hpp>
#include <lazytrain/report/text.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Tables for terminals, spreadsheets and pages.
namespace lazytrain::report {

/// What the cells of a column hold.
enum class ColumnKind { text, number, integer };

/// Side to which the cells of a column are pushed.
enum class Alignment { left, right };

/// A column of a table: see text_column, number_column, integer_column.
struct Column {
  std::string title{};
  ColumnKind kind = ColumnKind::text;
  Alignment alignment = Alignment::left;
  /// Of numbers, as in `format_number`; CSV ignores it and writes exact numbers.
  int digits = 4;
  Notation notation = Notation::general;
};

/// A column of words, aligned to the left.
[[nodiscard]] inline Column text_column(std::string title) { return Column{std::move(title)}; }

/// A column of real numbers, aligned to the right.
[[nodiscard]] inline Column number_column(std::string title, int digits = 4,
                                          Notation notation = Notation::general) {
  return Column{std::move(title), ColumnKind::number, Alignment::right, digits, notation};
}

/// A column of integers, aligned to the right.
[[nodiscard]] inline Column integer_column(std::string title) {
  return Column{std::move(title), ColumnKind::integer, Alignment::right};
}

/// What a cell holds; std::monostate is an empty cell.
using Cell = std::variant<std::monostate, std::string, double, std::int64_t>;

/// Rows of typed cells under titled columns.
class Table {
 public:
  /// @throws std::invalid_argument without columns
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {
    require_argument(!columns_.empty(), "report::Table", "the number of columns", 0, "at least 1");
  }

  /// Adds a row from strings, numbers, integers, and std::nullopt for an empty cell. An integer may stand in
  /// a column of numbers. @throws std::invalid_argument if the count or a type does not fit the columns
  template <class... Values>
  Table& add(const Values&... values) {
    return add_row({cell(values)...});
  }

  /// The same for cells that are known when the program runs.
  Table& add_row(std::vector<Cell> row) {
    require_size("report::Table::add", "the row", static_cast<Index>(row.size()),
                 static_cast<Index>(columns_.size()), "one cell a column");
    for (std::size_t j = 0; j < row.size(); ++j) fit(columns_[j], row[j]);
    rows_.push_back(std::move(row));
    return *this;
  }

  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  [[nodiscard]] const std::vector<std::vector<Cell>>& rows() const { return rows_; }

  /// For a terminal: columns padded to their width, a rule under the titles.
  [[nodiscard]] std::string to_text() const {
    std::vector<std::vector<std::string>> lines = {titles()};
    for (std::string& title : lines.front()) title = detail::clean_text(title);
    for (const auto& row : rows_) lines.push_back(shown(row));
    std::vector<std::size_t> widths(columns_.size(), 0);
    for (const auto& line : lines) {
      for (std::size_t j = 0; j < line.size(); ++j) widths[j] = std::max(widths[j], display_width(line[j]));
    }
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      text += padded(lines[i], widths) + "\n";
      if (i == 0) text += rule(widths) + "\n";
    }
    return text;
  }

  /// Comma-separated values, quoted as in RFC 4180, lines ended by a line feed, numbers in the shortest text
  /// that reads back exactly.
  [[nodiscard]] std::string to_csv() const {
    std::string text = csv_header() + "\n";
    for (std::size_t i = 0; i < rows_.size(); ++i) text += csv_row(i) + "\n";
    return text;
  }

  /// The titles as a line of `to_csv`, and the row i: what a RowWriter appends.
  [[nodiscard]] std::string csv_header() const { return join(titles()); }
  [[nodiscard]] std::string csv_row(std::size_t i) const {
    std::vector<std::string> fields;
    for (const Cell& value : rows_.at(i)) {
      const double* number = std::get_if<double>(&value);
      fields.push_back(number ? exact_number(*number) : plain(value));
    }
    return join(fields);
  }

  /// An HTML table element; all text is escaped. Cells aligned to the right have class "right".
  [[nodiscard]] std::string to_html() const {
    std::string html = "<table>\n<thead>" + html_row(titles(), "th") + "</thead>\n<tbody>\n";
    for (const auto& row : rows_) html += html_row(shown(row), "td") + "\n";
    return html + "</tbody>\n</table>\n";
  }

  /// A table in GitHub's Markdown; what Markdown would interpret is escaped.
  [[nodiscard]] std::string to_markdown() const {
    std::string text = markdown_row(titles()) + "|";
    for (const Column& column : columns_) text += column.alignment == Alignment::right ? " ---: |" : " --- |";
    text += "\n";
    for (const auto& row : rows_) text += markdown_row(shown(row));
    return text;
  }

 private:
  template <class T>
  [[nodiscard]] static Cell cell(const T& value) {
    static_assert(!std::same_as<T, bool>,
                  "a cell holds text, a number or an integer; write \"yes\" or \"no\"");
    if constexpr (std::same_as<T, Cell>) {
      return value;
    } else if constexpr (std::same_as<T, std::nullopt_t>) {
      return {};
    } else if constexpr (std::integral<T>) {
      require_argument(std::in_range<std::int64_t>(value), "report::Table::add", "a cell", value,
                       "an integer of 64 bits");
      return static_cast<std::int64_t>(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      return static_cast<double>(value);
    } else {
      return std::string(value);
    }
  }

  static void fit(const Column& column, Cell& value) {
    if (std::holds_alternative<std::monostate>(value)) return;
    if (column.kind == ColumnKind::number) {
      if (const auto* integer = std::get_if<std::int64_t>(&value)) value = static_cast<double>(*integer);
    }
    const bool fits = column.kind == ColumnKind::text     ? std::holds_alternative<std::string>(value)
                      : column.kind == ColumnKind::number ? std::holds_alternative<double>(value)
                                                          : std::holds_alternative<std::int64_t>(value);
    require_argument(fits, "report::Table::add", "the cell of column '" + column.title + "'", plain(value),
                     column.kind == ColumnKind::text     ? "text"
                     : column.kind == ColumnKind::number ? "a number"
                                                         : "an integer");
  }

  [[nodiscard]] static std::string plain(const Cell& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<double>(&value)) return exact_number(*number);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
    return {};
  }

  [[nodiscard]] std::vector<std::string> titles() const {
    std::vector<std::string> line;
    for (const Column& column : columns_) line.push_back(column.title);
    return line;
  }

  /// The cells as a reader sees them.
  [[nodiscard]] std::vector<std::string> shown(const std::vector<Cell>& row) const {
    std::vector<std::string> line;
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double* number = std::get_if<double>(&row[j]);
      line.push_back(number ? format_number(*number, columns_[j].digits, columns_[j].notation)
                            : detail::clean_text(plain(row[j])));
    }
    return line;
  }

  [[nodiscard]] std::string padded(const std::vector<std::string>& line,
                                   const std::vector<std::size_t>& widths) const {
    std::string text;
    for (std::size_t j = 0; j < line.size(); ++j) {
      const std::string space(widths[j] - display_width(line[j]), ' ');
      if (j > 0) text += "  ";
      text += columns_[j].alignment == Alignment::right ? space + line[j] : line[j] + space;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }

  [[nodiscard]] static std::string rule(const std::vector<std::size_t>& widths) {
    std::string text;
    for (std::size_t j = 0; j < widths.size(); ++j) {
      if (j > 0) text += "  ";
      for (std::size_t i = 0; i < widths[j]; ++i) text += "─";
    }
    return text;
  }

  [[nodiscard]] static std::string join(const std::vector<std::string>& fields) {
    std::string line;
    for (std::size_t j = 0; j < fields.size(); ++j) {
      if (j > 0) line += ',';
      const bool quote = fields[j].find_first_of(",\"\r\n") != std::string::npos;
      if (!quote) {
        line += fields[j];
        continue;
      }
      line += '"';
      for (const char c : fields[j]) line.append(c == '"' ? 2 : 1, c);
      line += '"';
    }
    return line;
  }

  [[nodiscard]] std::string html_row(const std::vector<std::string>& line, const std::string& tag) const {
    std::string html = "<tr>";
    for (std::size_t j = 0; j < line.size(); ++j) {
      html += "<" + tag + (columns_[j].alignment == Alignment::right ? " class=\"right\">" : ">");
      html += escape_html(line[j]) + "</" + tag + ">";
    }
    return html + "</tr>";
  }

  [[nodiscard]] static std::string markdown_row(const std::vector<std::string>& line) {
    std::string text = "|";
    for (const std::string& field : line) {
      text += ' ';
      for (const char c : detail::clean_text(field)) {
        if (std::string_view("\\|*_`<>[]~&").find(c) != std::string_view::npos) text += '\\';
        text += c;
      }
      text += " |";
    }
    return text + "\n";
  }

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace lazytrain::report
