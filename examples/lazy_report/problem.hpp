#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/fnv.hpp>
#include <lazytrain/data/cifar10.hpp>
#include <lazytrain/data/csv.hpp>
#include <lazytrain/data/idx.hpp>
#include <lazytrain/data/normalize.hpp>
#include <lazytrain/data/npy.hpp>
#include <lazytrain/data/split.hpp>
#include <lazytrain/data/teacher.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "options.hpp"

namespace lazy_report {

using lazytrain::Matrix;

/// One half of the data: inputs d x n, targets k x n and, for classes, labels.
struct Part {
  Matrix<double> inputs;
  Matrix<double> targets;
  std::vector<Index> labels;
};

/// What is learnt.
struct Problem {
  Part train;
  Part test;
  std::string description;
  /// Of all numbers.
  std::uint64_t digest = 0;

  [[nodiscard]] bool classes() const { return !train.labels.empty(); }
};

namespace detail {

inline std::pair<std::string, std::string> split_at(const std::string& text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

inline Part part_of(lazytrain::data::LabelledData<double> data) {
  Matrix<double> targets = lazytrain::data::one_hot(data);
  return {std::move(data.inputs), std::move(targets), std::move(data.labels)};
}
inline Part part_of(lazytrain::data::RegressionData<double> data) {
  return {std::move(data.inputs), std::move(data.targets), {}};
}

inline std::string_view bytes_of(const Matrix<double>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()),
          static_cast<std::size_t>(numbers.size()) * sizeof(double)};
}

/// Splits a whole data set, or takes the wanted numbers of two given parts.
template <class Data>
void fill(Problem& problem, const Data& whole, const Options& o, lazytrain::Philox& rng) {
  if (whole.samples() < o.train + o.test) {
    lazytrain::raise<std::invalid_argument>("lazy_report", "--train + --test is ", o.train + o.test,
                                            ", expected at most ", whole.samples(),
                                            ", the samples there are");
  }
  auto parts = lazytrain::data::train_test_split(
      lazytrain::data::take(lazytrain::data::shuffled(whole, rng), o.train + o.test), o.test, rng);
  problem.train = part_of(std::move(parts.train));
  problem.test = part_of(std::move(parts.test));
}
template <class Data>
void fill(Problem& problem, const Data& train, const Data& test, const Options& o, lazytrain::Philox& rng) {
  const auto choose = [&](const Data& data, Index wanted, const char* name) {
    if (data.samples() < wanted) {
      lazytrain::raise<std::invalid_argument>("lazy_report", name, " is ", wanted, ", expected at most ",
                                              data.samples(), ", the samples there are");
    }
    return part_of(lazytrain::data::take(lazytrain::data::shuffled(data, rng), wanted));
  };
  problem.train = choose(train, o.train, "--train");
  problem.test = choose(test, o.test, "--test");
}

/// A column by its number if the text is one, else by its name.
inline lazytrain::data::CsvOptions csv_options(const std::string& target) {
  Index number = 0;
  const char* end = target.data() + target.size();
  const auto parsed = std::from_chars(target.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end) return {.target = number};
  return {.target = target};
}

inline lazytrain::data::LabelledData<double> labelled(Matrix<double> inputs, const Matrix<double>& numbers,
                                                      const std::string& where) {
  std::vector<Index> classes = lazytrain::data::class_labels(numbers, where);
  const Index count = classes.empty() ? 1 : *std::max_element(classes.begin(), classes.end()) + 1;
  return {std::move(inputs), std::move(classes), count};
}

/// One-hot targets need a row a class.
inline const lazytrain::data::LabelledData<double>& with_few_classes(
    const lazytrain::data::LabelledData<double>& data) {
  if (data.classes > data.samples()) {
    lazytrain::raise<std::invalid_argument>("lazy_report",
                                            "the number of classes, the largest label + 1, is ", data.classes,
                                            ", expected at most ", data.samples(),
                                            ", the number of samples (--task regression takes any numbers)");
  }
  return data;
}

}  // namespace detail

/// Reads or generates what `o.data` names. @throws std::invalid_argument, std::runtime_error with the file
/// and what is wrong
inline Problem load(const Options& o) {
  namespace data = lazytrain::data;
  lazytrain::Philox rng(o.seed, 1);
  Problem problem;
  const auto [kind, where] = detail::split_at(o.data, ':');
  const auto [first, second] = detail::split_at(where, ',');
  const bool classes = o.task == "classes" || (o.task == "auto" && kind == "idx");
  const auto takes_no_task = [&, kind = kind](const char* own) {
    if (o.task == "auto" || o.task == own) return;
    lazytrain::raise<std::invalid_argument>("lazy_report", "--task is ", o.task, ", expected ", own,
                                            " or auto for ", kind);
  };
  if (o.generated()) {
    takes_no_task("regression");
    const auto made = data::teacher_student<double>(
        {.inputs = o.dimension, .samples = o.train + o.test, .neurons = o.teacher_neurons}, rng);
    detail::fill(problem, made.data, o, rng);
  } else if (kind == "mnist") {
    takes_no_task("classes");
    detail::fill(problem, data::load_mnist<double>(where, data::Part::train),
                 data::load_mnist<double>(where, data::Part::test), o, rng);
  } else if (kind == "cifar10") {
    takes_no_task("classes");
    detail::fill(problem, data::load_cifar10<double>(where, data::Part::train),
                 data::load_cifar10<double>(where, data::Part::test), o, rng);
  } else if (kind == "idx") {
    Matrix<double> inputs = data::read_idx<double>(first).values;
    Matrix<double> targets = data::read_idx<double>(second).values;
    if (classes) {
      detail::fill(problem, detail::with_few_classes(detail::labelled(std::move(inputs), targets, second)), o,
                   rng);
    } else {
      detail::fill(problem, data::RegressionData<double>(std::move(inputs), std::move(targets)), o, rng);
    }
  } else if (kind == "csv" && classes) {
    detail::fill(
        problem,
        detail::with_few_classes(data::read_labelled_csv<double>(where, detail::csv_options(o.target))), o,
        rng);
  } else if (kind == "csv") {
    detail::fill(problem, data::read_csv<double>(where, detail::csv_options(o.target)), o, rng);
  } else if (kind == "npy") {
    Matrix<double> inputs = data::read_npy<double>(first).values.transpose();
    Matrix<double> targets = data::read_npy<double>(second).values.transpose();
    if (classes) {
      detail::fill(problem, detail::with_few_classes(detail::labelled(std::move(inputs), targets, second)), o,
                   rng);
    } else {
      detail::fill(problem, data::RegressionData<double>(std::move(inputs), std::move(targets)), o, rng);
    }
  } else {
    lazytrain::raise<std::invalid_argument>(
        "lazy_report", "--data is '", o.data,
        "', expected teacher, mnist:DIR, cifar10:DIR, idx:IMAGES,LABELS, csv:FILE or "
        "npy:INPUTS,TARGETS");
  }
  if (o.normalize == "unit") {
    problem.train.inputs = data::unit_samples(problem.train.inputs);
    problem.test.inputs = data::unit_samples(problem.test.inputs);
  } else if (o.normalize == "features") {
    const auto normalization = data::fit_features(problem.train.inputs);
    problem.train.inputs = normalization.apply(problem.train.inputs);
    problem.test.inputs = normalization.apply(problem.test.inputs);
  }
  // Its norm is what distances are compared with.
  if (!(problem.train.targets.squaredNorm() > 0)) {
    lazytrain::raise<std::invalid_argument>("lazy_report", "the squared norm of the training targets is 0: ",
                                            "the centred model has nothing to learn");
  }
  problem.digest = lazytrain::fnv1a("");
  for (const Part* part : {&problem.train, &problem.test}) {
    for (const auto* numbers : {&part->inputs, &part->targets}) {
      problem.digest = lazytrain::fnv1a(detail::bytes_of(*numbers), problem.digest);
    }
  }
  std::ostringstream text;
  text << o.data << ": " << problem.train.inputs.cols() << " training and " << problem.test.inputs.cols()
       << " test samples in R^" << problem.train.inputs.rows() << ", "
       << (problem.classes() ? "classes as one-hot targets" : "real targets") << " in R^"
       << problem.train.targets.rows();
  problem.description = text.str();
  return problem;
}

}  // namespace lazy_report
