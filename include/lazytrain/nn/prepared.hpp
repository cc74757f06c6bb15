#pragma once

#include <cstddef>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/nn/graph.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace lazytrain::nn {

/// Parameters of a network with every layer's made ready for products. Copies are independent.
template <class B>
class PreparedParameters {
 public:
  using Vector = typename B::Vector;

  /// w = 0, not yet prepared: `assign` first.
  PreparedParameters(const B& backend, std::shared_ptr<const Graph<B>> graph)
      : backend_(backend), graph_(std::move(graph)), layers_(static_cast<std::size_t>(graph_->size())) {}
  PreparedParameters(const PreparedParameters& other) : PreparedParameters(other.backend_, other.graph_) {
    if (dimension(other.w_) > 0) assign(other.w_);
  }
  PreparedParameters& operator=(const PreparedParameters& other) {
    if (this == &other) return *this;
    if (graph_ != other.graph_ || dimension(other.w_) == 0) return *this = PreparedParameters(other);
    backend_ = other.backend_;
    assign(other.w_);
    return *this;
  }
  PreparedParameters(PreparedParameters&&) noexcept = default;
  PreparedParameters& operator=(PreparedParameters&&) noexcept = default;
  ~PreparedParameters() = default;

  /// Takes other parameters. Keeps its memory from the first time on.
  /// @throws std::invalid_argument if w has a wrong size
  void assign(const Vector& w) {
    require_size("Network", "w", dimension(w), graph_->parameter_dim(), "the parameters p");
    w_ = w;
    prepare();
  }
  /// w = a + epsilon b.
  void assign(const Vector& a, scalar_t<B> epsilon, const Vector& b) {
    require_size("Network", "w", dimension(a), graph_->parameter_dim(), "the parameters p");
    require_size("Network", "delta", dimension(b), graph_->parameter_dim(), "the parameters p");
    w_ = a;
    axpy(epsilon, b, w_);
    prepare();
  }

  [[nodiscard]] const Vector& vector() const { return w_; }
  [[nodiscard]] const LayerParameters<B>& operator[](Index node) const {
    return layers_[static_cast<std::size_t>(node)];
  }

 private:
  void prepare() {
    backend_.for_chunks(graph_->size(), [&](Index i, Index) {
      const auto& node = (*graph_)[i];
      if (node.layer)
        node.layer->prepare(backend_, w_.data() + node.offset, layers_[static_cast<std::size_t>(i)]);
    });
  }

  B backend_;
  std::shared_ptr<const Graph<B>> graph_;
  Vector w_;
  std::vector<LayerParameters<B>> layers_;
};

}  // namespace lazytrain::nn
