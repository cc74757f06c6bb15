#pragma once

#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/affine.hpp>
#include <lazytrain/nn/flatten.hpp>
#include <lazytrain/nn/network_displaced.hpp>
#include <lazytrain/nn/pointwise.hpp>
#include <lazytrain/nn/pooling.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain::nn {

/// A network on data as a model h: R^p -> F, h(w) = (f(w, x_i))_i, sample after sample. Made by
/// `Network::on`; copies share everything.
template <class B>
class NetworkOnData {
 public:
  using Scalar = scalar_t<B>;
  using Parameters = typename B::Vector;
  using Outputs = typename B::Vector;
  using Data = detail::NetworkData<B>;

  explicit NetworkOnData(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  [[nodiscard]] Index parameter_dim() const { return data_->graph->parameter_dim(); }
  [[nodiscard]] Index output_dim() const { return data_->space.dim(); }
  [[nodiscard]] const OutputSpace& output_space() const { return data_->space; }
  [[nodiscard]] const Data& data() const { return *data_; }
  [[nodiscard]] const std::shared_ptr<const Data>& shared_data() const { return data_; }

  /// The network at w. Cost: a forward pass.
  /// @throws std::invalid_argument if w has a wrong size
  [[nodiscard]] NetworkTangent<B> linearize(const Parameters& w) const { return NetworkTangent<B>(data_, w); }

  /// The name of a layer without second derivatives (without a displacement), if there is one.
  [[nodiscard]] std::optional<std::string> without_second() const { return data_->graph->without_second(); }
  [[nodiscard]] std::optional<std::string> without_displacement() const {
    return data_->graph->without_displacement();
  }

  /// The model δ -> (h(w0 + εδ) - h(w0)) / ε, without cancellation.
  /// @throws std::domain_error if epsilon is negative or not finite, std::invalid_argument if w0 has a wrong
  /// size or a layer has no displacement
  [[nodiscard]] NetworkDisplaced<B> displace(const Parameters& w0, Scalar epsilon) const {
    require_nonnegative("NetworkOnData::displace", "epsilon", epsilon);
    require_size("NetworkOnData::displace", "w0", dimension(w0), parameter_dim(), "the parameters p");
    if (const auto layer = without_displacement()) {
      raise<std::invalid_argument>("NetworkOnData::displace", "layer ", *layer,
                                   " has no displace(...), expected a network of layers that have");
    }
    return NetworkDisplaced<B>(data_, w0, epsilon);
  }

 private:
  std::shared_ptr<const Data> data_;
};

/// What a `Network` may keep in memory.
struct NetworkOptions {
  /// Bytes of activations that a tangent may keep; beyond, it computes them again for every product.
  double memory = 2e9;
};

/// A layered network f(w, x), bound to the shape of its input and to a backend; the caller holds its
/// parameters w.
///
///     const nn::Network<> net({3, 32, 32}, nn::Series<cpu::Backend<float>>{nn::Conv{.filters = 16},
///     nn::Pointwise<>{},
///                                                                           nn::MaxPool{},
///                                                                           nn::Dense{.outputs = 10}});
///     const auto w0 = nn::xavier_normal(net, rng);
///     const auto h = net.on(images);                           // a model; images are (3 32 32) x n
///
/// `docs/layers.md` shows how to write a layer of one's own.
template <class B = cpu::Backend<float>>
class Network {
 public:
  using Scalar = scalar_t<B>;
  using Backend = B;

  /// @throws std::invalid_argument that names the layer whose shape does not fit, std::domain_error unless
  /// options.memory >= 0
  Network(const ImageShape& input, const Series<B>& layers, B backend = B(),
          const NetworkOptions& options = {})
      : backend_(std::move(backend)),
        graph_(std::make_shared<const Graph<B>>(input, layers)),
        options_(options) {
    check_memory();
  }

  [[nodiscard]] const Graph<B>& graph() const { return *graph_; }
  [[nodiscard]] const B& backend() const { return backend_; }
  [[nodiscard]] ImageShape input_shape() const { return (*graph_)[0].shape; }
  /// k.
  [[nodiscard]] Index outputs() const { return (*graph_)[graph_->size() - 1].shape.dim(); }
  /// p.
  [[nodiscard]] Index parameter_dim() const { return graph_->parameter_dim(); }
  /// The blocks of w in order, by name.
  [[nodiscard]] const std::vector<NamedParameters>& parameters() const { return graph_->parameters(); }

  /// The model w -> (f(w, x_i))_i on the columns of X, in L2 of their empirical measure or in the given
  /// space.
  /// @throws std::invalid_argument if X has no column or not the input's rows, or the space does not fit
  [[nodiscard]] NetworkOnData<B> on(typename B::Batch X) const {
    return on(std::make_shared<const typename B::Batch>(std::move(X)));
  }
  [[nodiscard]] NetworkOnData<B> on(typename B::Batch X, OutputSpace space) const {
    return on(std::make_shared<const typename B::Batch>(std::move(X)), std::move(space));
  }
  [[nodiscard]] NetworkOnData<B> on(std::shared_ptr<const typename B::Batch> X) const {
    require_argument(X->cols() >= 1, "Network::on", "the number of inputs", X->cols(), "at least 1");
    const Index samples = X->cols();
    return on(std::move(X), OutputSpace::empirical(samples, outputs()));
  }
  [[nodiscard]] NetworkOnData<B> on(std::shared_ptr<const typename B::Batch> X, OutputSpace space) const {
    require_size("Network::on", "X.rows()", X->rows(), input_shape().dim(),
                 "the coordinates of an input " + to_string(input_shape()));
    require_space("Network::on", space, X->cols(), outputs());
    return NetworkOnData<B>(std::make_shared<const detail::NetworkData<B>>(
        detail::NetworkData<B>{backend_, graph_, std::move(X), std::move(space), options_.memory, pools_}));
  }

  /// Outputs on the columns of X, k x n.
  /// @throws std::invalid_argument if a size is wrong. Cost: a forward pass and the activations of a chunk
  /// for each thread.
  [[nodiscard]] typename B::Batch operator()(const typename B::Vector& w, const typename B::Batch& X) const {
    // X outlives the model, which need not own it.
    const std::shared_ptr<const typename B::Batch> inputs(std::shared_ptr<void>(), &X);
    const typename B::Vector values = with_memory(0).on(inputs).linearize(w).value();
    return backend_.batch(values, outputs(), X.cols());
  }

  /// The same network with another limit on kept activations. @throws std::domain_error unless bytes >= 0
  [[nodiscard]] Network with_memory(double bytes) const {
    Network copy = *this;
    copy.options_.memory = bytes;
    copy.check_memory();
    return copy;
  }

 private:
  void check_memory() const {
    require_domain(options_.memory >= 0, "Network", "options.memory", options_.memory,
                   "a number of bytes >= 0");
  }

  B backend_;
  std::shared_ptr<const Graph<B>> graph_;
  NetworkOptions options_;
  detail::NetworkPools<B> pools_;
};

}  // namespace lazytrain::nn
