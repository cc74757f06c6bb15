#pragma once

#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/series.hpp>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lazytrain::nn {

/// A named block of a network's parameters, a rows x cols column-major matrix that begins at `offset` of w.
struct NamedParameters {
  std::string name;
  Index offset = 0;
  Index rows = 0;
  Index cols = 1;
  [[nodiscard]] Index size() const { return rows * cols; }
};

/// The layers of a network in an order in which each comes after what it reads: residual blocks are unrolled
/// into layers and sums. Node 0 is the input.
template <class B>
class Graph {
 public:
  struct Node {
    /// Absent for the input and for a sum.
    std::optional<AnyLayer<B>> layer;
    /// The node that it reads.
    Index source = -1;
    /// The second summand of a sum, else -1.
    Index other = -1;
    ImageShape shape;
    /// Where the layer's parameters begin in w.
    Index offset = 0;
    /// Number of nodes that read this one.
    Index readers = 0;
    /// Whether this is a relu that the node which it reads computes: the two share memory where they are
    /// computed so.
    bool merged = false;
    /// Whether such a relu reads this node.
    bool rectified = false;
  };

  /// @throws std::invalid_argument if there is no layer, a layer does not fit its input or the branches of a
  /// residual block do not fit each other; the message names the layer
  Graph(const ImageShape& input, const Series<B>& series) {
    require_argument(input.channels >= 1 && input.height >= 1 && input.width >= 1, "Network", "input", input,
                     "sizes of at least 1");
    require_argument(!series.parts().empty(), "Network", "the number of layers", series.parts().size(),
                     "at least 1");
    nodes_.push_back(
        {.layer = std::nullopt, .source = -1, .other = -1, .shape = input, .offset = 0, .readers = 0});
    append(series, 0);
    merge();
  }

  [[nodiscard]] Index size() const { return static_cast<Index>(nodes_.size()); }
  [[nodiscard]] const Node& operator[](Index i) const { return nodes_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] Index parameter_dim() const { return parameters_; }
  /// The blocks of w in order, named `conv1.weight`, `conv1.bias`, ...
  [[nodiscard]] const std::vector<NamedParameters>& parameters() const { return names_; }
  /// Whether all parameters enter through convolutions.
  [[nodiscard]] bool convolutional() const {
    return !first([](const AnyLayer<B>& layer) { return layer.parameter_dim() > 0 && !layer.conv_shape(); });
  }
  /// Whether every layer has a displacement (second derivatives) of its own; if not, the name of one that
  /// lacks it.
  [[nodiscard]] std::optional<std::string> without_displacement() const {
    return first([](const AnyLayer<B>& layer) { return !layer.displaceable(); });
  }
  [[nodiscard]] std::optional<std::string> without_second() const {
    return first([](const AnyLayer<B>& layer) { return !layer.twice_differentiable(); });
  }

 private:
  /// Appends the series after node `source`; the node of its output.
  Index append(const Series<B>& series, Index source) {
    for (const auto& part : series.parts()) {
      source = part.body ? append_residual(*part.body, *part.shortcut, source) : append_layer(part, source);
    }
    return source;
  }

  Index append_layer(const typename Series<B>::Part& part, Index source) {
    std::string name = part.kind + std::to_string(++counts_[part.kind]);
    AnyLayer<B> layer = bind(part, name, source);
    const ImageShape shape = layer.output_shape();
    const Index offset = parameters_;
    for (const ParameterBlock& block : layer.parameters()) {
      names_.push_back({name + "." + block.name, parameters_, block.rows, block.cols});
      parameters_ += block.size();
    }
    return push({.layer = std::move(layer),
                 .source = source,
                 .other = -1,
                 .shape = shape,
                 .offset = offset,
                 .readers = 0});
  }

  [[nodiscard]] AnyLayer<B> bind(const typename Series<B>::Part& part, const std::string& name,
                                 Index source) const {
    const ImageShape& input = (*this)[source].shape;
    try {
      return part.bind(name, input);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("lazytrain::Network: layer " + name + " does not fit its input " +
                                  to_string(input) + ": " + error.what());
    }
  }

  Index append_residual(const Series<B>& body, const Series<B>& shortcut, Index source) {
    const std::string name = "residual" + std::to_string(++counts_["residual"]);
    const Index left = append(body, source);
    const Index right = append(shortcut, source);
    if (!((*this)[left].shape == (*this)[right].shape)) {
      raise<std::invalid_argument>("Network", name, "'s shortcut has outputs ", (*this)[right].shape,
                                   ", expected ", (*this)[left].shape, ", those of its body");
    }
    nodes_[static_cast<std::size_t>(right)].readers += 1;
    return push({.layer = std::nullopt,
                 .source = left,
                 .other = right,
                 .shape = (*this)[left].shape,
                 .offset = parameters_,
                 .readers = 0});
  }

  Index push(Node node) {
    nodes_[static_cast<std::size_t>(node.source)].readers += 1;
    nodes_.push_back(std::move(node));
    return size() - 1;
  }

  /// Relus that alone read a layer which rectifies are computed by it.
  void merge() {
    for (Node& node : nodes_) {
      if (!node.layer || !node.layer->is_relu()) continue;
      Node& source = nodes_[static_cast<std::size_t>(node.source)];
      node.merged = source.rectified = source.layer && source.layer->rectifies() && source.readers == 1;
    }
  }

  template <class Predicate>
  [[nodiscard]] std::optional<std::string> first(Predicate&& predicate) const {
    for (const Node& node : nodes_) {
      if (node.layer && predicate(*node.layer)) return node.layer->name();
    }
    return std::nullopt;
  }

  std::vector<Node> nodes_;
  std::vector<NamedParameters> names_;
  std::map<std::string, Index> counts_;
  Index parameters_ = 0;
};

}  // namespace lazytrain::nn
