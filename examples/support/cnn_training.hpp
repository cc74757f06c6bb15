#pragma once

#include <cmath>
#include <filesystem>
#include <lazytrain/flow/augmented_batches.hpp>
#include <lazytrain/flow/stochastic_descent.hpp>
#include <lazytrain/linalg/operator_norm.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/metrics.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/images.hpp>
#include <lazytrain/nn/resnet18.hpp>
#include <lazytrain/nn/stability.hpp>
#include <lazytrain/nn/vgg11.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <lazytrain/report/atomic_file.hpp>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/progress.hpp>
#include <string>
#include <utility>
#include <vector>

#include "image_data.hpp"

namespace examples {

/// What all runs of a sweep over alpha share.
struct CnnProtocol {
  lazytrain::Index batch = 128;
  lazytrain::Index epochs = 70;
  double momentum = 0.9;
  /// beta of eta_0 / (1 + beta epoch).
  double beta = 1.0 / 3;
  bool augment = true;
  std::uint64_t seed = 1;
  /// Metrics are taken after every so many epochs, and after the last one.
  lazytrain::Index metrics_every = 1;
};

/// The loss of a batch from its labels: R(y) = |y - e_label|^2 / 2, mean over samples and sum over outputs,
/// or softmax cross-entropy.
enum class CnnLoss { square, cross_entropy };

template <CnnLoss kind, class S>
struct MakeCnnLoss {
  auto operator()(const std::vector<lazytrain::Index>& labels, const lazytrain::OutputSpace& space) const {
    if constexpr (kind == CnnLoss::square) {
      return lazytrain::square_loss_one_hot<S>(labels, space);
    } else {
      return lazytrain::cross_entropy_loss<S>(labels, space);
    }
  }
};

/// Metrics after an epoch, of the outputs alpha (h(w) - h(w0)), or, as they are, alpha h(w).
template <class B>
nlohmann::json cnn_metrics(const lazytrain::nn::Network<B>& net, const typename B::Vector& w0,
                           lazytrain::scalar_t<B> epsilon, const typename B::Vector& delta,
                           lazytrain::Start start,
                           const lazytrain::data::LabelledData<lazytrain::scalar_t<B>>& data,
                           const auto& make_loss, const std::string& prefix) {
  using lazytrain::axpy, lazytrain::scale;
  const auto model = net.with_memory(0).on(data.inputs);
  const auto values = [&]() -> typename B::Vector {
    if (start == lazytrain::Start::centred) return model.displace(w0, epsilon).linearize(delta).value();
    auto w = w0;
    axpy(epsilon, delta, w);
    auto scaled = model.linearize(w).value();
    scale(1 / epsilon, scaled);
    return scaled;
  };
  const lazytrain::Vector<lazytrain::scalar_t<B>> outputs = net.backend().to_host(values());
  const auto loss = make_loss(data.labels, model.output_space());
  return {{prefix + "_loss", loss.value(outputs)},
          {prefix + "_accuracy", lazytrain::accuracy(outputs, data.labels, model.output_space())}};
}

/// 1 / (M ||Dh(w0)||^2) over the first training images: the step that the linearized flow is stable at, with
/// a factor 2 to spare.
template <class B>
double cnn_unit_step(const lazytrain::nn::Network<B>& net, const typename B::Vector& w0,
                     const ImageData<lazytrain::scalar_t<B>>& data, double smoothness) {
  using namespace lazytrain;
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const Index count = std::min<Index>(256, data.train.samples());
  const auto tangent = linearize(net.on(Matrix<S>(data.train.inputs.leftCols(count))), w0);
  const OutputSpace& space = tangent.output_space();
  Philox rng(1, 77);
  Vector<S> start = normal_vector<S>(space.dim(), rng);
  space.from_euclidean(start);
  const auto norm =
      operator_norm_from([&](const V& g, V& out) { tangent.adjoint(g, out); },
                         [&](const V& v, V& out) { tangent.jvp(v, out); }, V(start), w0, {.tolerance = 0.01},
                         [&](const V& u, const V& v) { return static_cast<double>(space.inner(u, v)); });
  return 1 / (smoothness * norm.value * norm.value);
}

/// Trains at one alpha, centred or as it is, and writes `<folder>/<name>.json` after epochs; a finished
/// or interrupted run goes on from `<name>.checkpoint`. Returns the epochs' metrics. A network as it is is
/// trained in its parameters, which costs three products a layer rather than five; its alpha is finite.
template <CnnLoss kind, lazytrain::Start start, class B>
nlohmann::json train_cnn(const lazytrain::nn::Network<B>& net, const typename B::Vector& w0,
                         const ImageData<lazytrain::scalar_t<B>>& data, double alpha, double step,
                         const CnnProtocol& protocol, const std::filesystem::path& folder,
                         const std::string& name, lazytrain::report::Progress& progress) {
  using namespace lazytrain;
  using S = scalar_t<B>;
  using V = typename B::Vector;
  const auto file = folder / (name + ".json");
  nlohmann::json epochs = nlohmann::json::array();
  if (std::filesystem::exists(file)) {
    epochs = report::read_json(file);
    if (!epochs.empty() && (epochs.back().contains("failure") ||
                            epochs.back()["epoch"].template get<Index>() >= protocol.epochs)) {
      progress.step(protocol.epochs);
      return epochs;
    }
  }
  const S epsilon = std::isinf(alpha) ? S(0) : static_cast<S>(1 / alpha);
  const MakeCnnLoss<kind, S> make_loss;
  const nn::Augmenter augment(
      net.input_shape(), protocol.augment ? nn::Augmentation{} : nn::Augmentation{.padding = 0, .flip = 0});
  auto problem =
      augmented_batches(net, data.train, {.size = protocol.batch, .seed = protocol.seed}, augment, make_loss);
  const auto held_out = data::take(data.train, std::min<Index>(1000, data.train.samples()));
  const auto on_epoch = [&](const auto& view) {
    progress.step();
    if (view.epoch % protocol.metrics_every != 0 && view.epoch != protocol.epochs) return;
    while (!epochs.empty() && epochs.back()["epoch"].template get<Index>() >= view.epoch) {
      epochs.erase(epochs.end() - 1);
    }
    V delta = view.x;
    if constexpr (start == Start::as_is) {
      axpy(S(-1), w0, delta);
      scale(static_cast<S>(alpha), delta);
    }
    nlohmann::json row = {{"epoch", view.epoch}, {"batch_loss", view.mean_loss}, {"step", view.step}};
    row.update(cnn_metrics(net, w0, epsilon, delta, start, held_out, make_loss, "train"));
    row.update(cnn_metrics(net, w0, epsilon, delta, start, data.test, make_loss, "test"));
    const auto stability = nn::activation_stability(net, w0, epsilon, delta, held_out.inputs);
    row["stability"] = stability.activations();
    row["pooling_stability"] = stability.pooling();
    for (const auto& layer : stability.layers) row["layers"][layer.layer] = layer.same;
    epochs.push_back(std::move(row));
    report::write_json(file, epochs);
  };
  const auto descend = [&](auto field, const V& from) {
    const Index every = field.steps_per_epoch();
    const auto end = stochastic_descent(field, from,
                                        {.step = step,
                                         .momentum = protocol.momentum,
                                         .schedule = InverseTimeDecay(protocol.beta),
                                         .epochs = protocol.epochs,
                                         .checkpoint = (folder / (name + ".checkpoint")).string(),
                                         .checkpoint_every = every},
                                        on_epoch);
    if (end.succeeded()) return;
    epochs.push_back({{"failure", end.message}});
    report::write_json(file, epochs);
  };
  if constexpr (start == Start::as_is) {
    descend(batch_parameter_field(problem, w0, static_cast<S>(alpha)), w0);
  } else {
    descend(batch_displacement_field(problem, w0, static_cast<S>(alpha), start), zeros_like(w0));
  }
  return epochs;
}

}  // namespace examples
