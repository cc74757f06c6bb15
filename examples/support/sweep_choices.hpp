#pragma once

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <lazytrain/core/types.hpp>
#include <lazytrain/report/text.hpp>
#include <numeric>
#include <string>
#include <vector>

/// What the examples that repeat an experiment over scales and random seeds share.
namespace examples {

using lazytrain::Index;

/// What a user can choose in each of them.
struct SweepChoices {
  /// The paper's size rather than a size that takes minutes.
  bool full = false;
  Index trials = 1;
  Index threads = 0;
  std::uint64_t seed = 1;
  std::string out = {};
};

inline void declare(CLI::App& app, SweepChoices& choices) {
  app.option_defaults()->always_capture_default();
  app.add_flag("--full", choices.full, "the paper's size; other options then change that");
  app.add_option("--trials", choices.trials, "repetitions with other teachers, samples and weights")
      ->check(CLI::PositiveNumber);
  app.add_option("--threads", choices.threads,
                 "threads, 0 for one a processor; the results do not depend on it")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seed", choices.seed, "seed of teachers, samples and weights");
  app.add_option("--out,--output", choices.out,
                 "folder for the figure, its data and the finished runs, which are not computed twice");
}

/// "1 trial", "3 trials".
inline std::string trials_text(Index trials) {
  return std::to_string(trials) + (trials == 1 ? " trial" : " trials");
}

/// `count` numbers from `first` to `last`, even in the logarithm, to three digits so that their names are
/// short.
inline std::vector<double> geometric(double first, double last, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double t = count > 1 ? static_cast<double>(i) / (count - 1) : 0.0;
    const double value = first * std::pow(last / first, t);
    const double unit = std::pow(10.0, std::floor(std::log10(value)) - 2);
    values.push_back(std::stod(lazytrain::report::format_number(std::round(value / unit) * unit, 6)));
  }
  return values;
}

/// Mean and spread of the trials.
struct Statistics {
  std::vector<double> values = {};
  double mean = 0;
  /// Standard deviation of a trial, with n - 1; 0 for one trial.
  double deviation = 0;
  /// Standard error of the mean.
  double error = 0;
};

inline Statistics statistics(std::vector<double> values) {
  const auto n = static_cast<double>(values.size());
  Statistics s{.values = std::move(values)};
  s.mean = std::accumulate(s.values.begin(), s.values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : s.values) squares += (value - s.mean) * (value - s.mean);
  if (s.values.size() > 1) s.deviation = std::sqrt(squares / (n - 1));
  s.error = s.deviation / std::sqrt(n);
  return s;
}

/// Means of several statistics, and mean -+ deviation: what lines and bands are drawn from.
struct Curve {
  std::vector<double> mean = {}, low = {}, high = {};

  void add(const Statistics& s) {
    mean.push_back(s.mean);
    low.push_back(s.mean - s.deviation);
    high.push_back(s.mean + s.deviation);
  }
};

}  // namespace examples
