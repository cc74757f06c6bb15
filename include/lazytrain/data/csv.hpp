#pragma once

#include <algorithm>
#include <filesystem>
#include <lazytrain/data/csv_table.hpp>
#include <lazytrain/data/dataset.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Data sets from tables of numbers as text: one column is predicted from the others.
namespace lazytrain::data {

namespace detail {

/// The row of `table.values` that a target names.
template <class S>
[[nodiscard]] Index find_target(const CsvTable<S>& table, const CsvOptions& options, std::string_view file) {
  const Index columns = table.values.rows();
  if (columns < 2) {
    raise<std::runtime_error>("data::read_csv", file, ": the table has ", columns,
                              " column, expected a target and at least one input");
  }
  if (const auto* name = std::get_if<std::string>(&options.target)) {
    const auto found = std::find(table.names.begin(), table.names.end(), *name);
    if (found == table.names.end()) {
      raise<std::runtime_error>("data::read_csv", file, ", line 1: no column is named '", *name, "' (",
                                table.names.empty() ? "there is no header" : "names are compared exactly",
                                "), expected the target");
    }
    if (std::find(found + 1, table.names.end(), *name) != table.names.end()) {
      raise<std::runtime_error>("data::read_csv", file, ", line 1: two columns are named '", *name,
                                "', expected one; the target can be given by its number");
    }
    return found - table.names.begin();
  }
  const Index number = std::get<Index>(options.target);
  if (number < -columns || number >= columns) {
    raise<std::runtime_error>("data::read_csv", file, ": the target is column ", number, ", expected ",
                              -columns, " to ", columns - 1, " for a table of ", columns, " columns");
  }
  return number < 0 ? number + columns : number;
}

/// The values without row `target`.
template <class S>
[[nodiscard]] Matrix<S> drop_row(const Matrix<S>& values, Index target) {
  const Index after = values.rows() - 1 - target;
  Matrix<S> inputs(values.rows() - 1, values.cols());
  inputs.topRows(target) = values.topRows(target);
  inputs.bottomRows(after) = values.bottomRows(after);
  return inputs;
}

}  // namespace detail

/// Reads a table whose column `options.target` is a real number to be predicted from the others.
/// @throws std::runtime_error as read_csv_table, or if there is no such column or no other
template <class S>
[[nodiscard]] RegressionData<S> read_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  const CsvTable<S> table = read_csv_table<S>(path, options);
  const Index target = detail::find_target(table, options, path.string());
  return RegressionData<S>(detail::drop_row(table.values, target), table.values.row(target));
}

/// Reads a table whose column `options.target` is a class 0, 1, ...; the number of classes is the largest
/// + 1.
/// @throws std::runtime_error as read_csv, or if a class is not an integer from 0 to 2^20 - 1
template <class S>
[[nodiscard]] LabelledData<S> read_labelled_csv(const std::filesystem::path& path,
                                                const CsvOptions& options = {}) {
  const CsvTable<S> table = read_csv_table<S>(path, options);
  const Index target = detail::find_target(table, options, path.string());
  std::vector<Index> labels =
      class_labels(table.values.row(target), path.string() + ", column " + std::to_string(target + 1));
  const Index classes = *std::max_element(labels.begin(), labels.end()) + 1;
  return LabelledData<S>(detail::drop_row(table.values, target), std::move(labels), classes);
}

}  // namespace lazytrain::data
