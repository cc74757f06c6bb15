#pragma once

#include <algorithm>
#include <filesystem>
#include <lazytrain/data/dataset.hpp>
#include <lazytrain/data/normalize.hpp>
#include <lazytrain/linalg/least_squares.hpp>
#include <lazytrain/loss/metrics.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/report/sweep.hpp>
#include <string>
#include <utility>
#include <vector>

namespace examples {

/// How a linear classifier is fitted.
struct RidgeChoices {
  /// Candidates, relative to the mean square of the features times their number.
  std::vector<double> ridges = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1};
  /// Iterations of conjugate gradients, at most.
  lazytrain::Index iterations = 100;
  /// Fraction of the training samples, the last ones, on which the candidates are compared.
  double held_out = 0.2;
};

/// The features of samples, standardized, and a last one that is 1, for the bias.
template <class S>
lazytrain::data::LabelledData<S> standardized(const lazytrain::data::Normalization<S>& normalization,
                                              lazytrain::Matrix<S> features,
                                              const lazytrain::data::LabelledData<S>& samples) {
  using namespace lazytrain;
  normalization.apply_to(features);
  Matrix<S> inputs(features.rows() + 1, features.cols());
  inputs.topRows(features.rows()) = features;
  inputs.bottomRows(1).setOnes();
  return data::LabelledData<S>(std::move(inputs), samples.labels, samples.classes);
}

/// The k x p weights of the linear outputs W x that solve
///
///     min over W of ||W x - e_label||_F^2 + ridge p ||W||^2
///
/// on samples first, ..., first + count - 1, by conjugate gradients.
template <class S>
lazytrain::Matrix<S> fit_linear(const lazytrain::data::LabelledData<S>& data, lazytrain::Index first,
                                lazytrain::Index count, double ridge, lazytrain::Index iterations) {
  using namespace lazytrain;
  const Index k = data.classes, p = data.inputs.rows();
  const auto inputs = data.inputs.middleCols(first, count);
  const OutputSpace space = OutputSpace::empirical(count, k);
  const std::vector<Index> labels(data.labels.begin() + first, data.labels.begin() + first + count);
  const Vector<S> targets = square_loss_one_hot<S>(labels, space).minimizer();
  Vector<S> w = Vector<S>::Zero(k * p);
  least_squares(
      [&](const Vector<S>& v, Vector<S>& out) {
        Eigen::Map<Matrix<S>>(out.data(), k, count).noalias() =
            Eigen::Map<const Matrix<S>>(v.data(), k, p) * inputs;
      },
      [&](const Vector<S>& g, Vector<S>& out) {
        Eigen::Map<Matrix<S>>(out.data(), k, p).noalias() =
            Eigen::Map<const Matrix<S>>(g.data(), k, count) * inputs.transpose() / static_cast<S>(count);
      },
      targets, w, space,
      {.max_iterations = iterations, .tolerance = 1e-3, .damping = ridge * static_cast<double>(p)});
  return Eigen::Map<const Matrix<S>>(w.data(), k, p);
}

/// Fraction of the samples first, ..., first + count - 1 that W x classifies rightly.
template <class S>
double linear_accuracy(const lazytrain::Matrix<S>& weights, const lazytrain::data::LabelledData<S>& data,
                       lazytrain::Index first, lazytrain::Index count) {
  using namespace lazytrain;
  const Matrix<S> outputs = weights * data.inputs.middleCols(first, count);
  const std::vector<Index> labels(data.labels.begin() + first, data.labels.begin() + first + count);
  return accuracy(outputs.reshaped(), labels, OutputSpace::empirical(count, data.classes));
}

/// Chooses the ridge on the samples held out, fits all training samples with it, and returns train and test
/// accuracy. Each candidate's file in `folder` is kept: it is not fitted again. `settings`: what the features
/// depend on.
template <class S>
nlohmann::json train_linear(const lazytrain::data::LabelledData<S>& train,
                            const lazytrain::data::LabelledData<S>& test, const RidgeChoices& choices,
                            nlohmann::json settings, const std::filesystem::path& folder,
                            lazytrain::Index threads) {
  using namespace lazytrain;
  const Index n = train.inputs.cols();
  const Index kept =
      std::clamp<Index>(n - static_cast<Index>(choices.held_out * static_cast<double>(n)), 1, n - 1);
  settings["iterations"] = choices.iterations;
  settings["held_out"] = n - kept;
  std::vector<report::SweepPoint> points;
  for (const double ridge : choices.ridges) {
    settings["ridge"] = ridge;
    points.push_back({"ridge-" + report::format_number(ridge), settings, [&, ridge, kept, n] {
                        const auto weights = fit_linear(train, 0, kept, ridge, choices.iterations);
                        return nlohmann::json(linear_accuracy(weights, train, kept, n - kept));
                      }});
  }
  const auto results = report::run_sweep(folder, points, {.threads = threads, .label = "ridges"});
  // The first of the best: the smallest.
  const auto best = std::max_element(
      results.begin(), results.end(),
      [](const nlohmann::json& a, const nlohmann::json& b) { return a.get<double>() < b.get<double>(); });
  const double ridge = choices.ridges[static_cast<std::size_t>(best - results.begin())];
  const auto weights = fit_linear(train, 0, n, ridge, choices.iterations);
  return {{"train_accuracy", linear_accuracy(weights, train, 0, n)},
          {"test_accuracy", linear_accuracy(weights, test, 0, test.inputs.cols())},
          {"ridge", ridge},
          {"held_out_accuracy", *best},
          {"features", train.inputs.rows() - 1}};
}

}  // namespace examples
