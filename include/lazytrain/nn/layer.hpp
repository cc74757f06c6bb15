#pragma once

#include <concepts>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/write.hpp>
#include <lazytrain/core/concepts.hpp>
#include <lazytrain/nn/image_shape.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

/// What a layer of a network is. docs/layers.md shows how to write one.
namespace lazytrain::nn {

/// A named block of a layer's parameters: a rows x cols column-major matrix.
struct ParameterBlock {
  std::string name;
  Index rows = 0;
  Index cols = 1;
  [[nodiscard]] Index size() const { return rows * cols; }
};

/// Whether a layer's input depends on the parameters. That of a first layer does not: its tangents are 0 and
/// nobody asks for its gradient, so that a layer may skip both.
enum class Input { fixed, moves };

/// Whether `vjp` is asked for the gradient of a layer's parameters beside that of its input. A layer may
/// write both always: there is room.
enum class ParameterGradient { wanted, unwanted };

/// A chunk of samples on its way through a layer.
template <class B>
struct Chunk {
  const B& backend;
  /// Scratch of this thread.
  typename B::Workspace& workspace;
  /// Number of samples.
  Index samples = 0;
  Input input = Input::moves;
  ParameterGradient parameters = ParameterGradient::wanted;
  /// For a layer that `rectifies`: whether it applies a relu to its outputs. `forward` writes max(y, 0),
  /// `jvp` and `second` write 0 where y is not positive.
  bool rectified = false;
  /// For such a layer: null, or numbers of the inputs' size; `vjp` and `second_vjp` write gx = 0, gxu = 0
  /// where they are not positive.
  const scalar_t<B>* mask = nullptr;
};

/// The parameters of a layer, made ready for products.
template <class B>
struct LayerParameters {
  /// The layer's parameters, block after block.
  const scalar_t<B>* data = nullptr;
  /// The weights of a convolution, transformed; layers that are none leave it empty.
  std::optional<typename B::ConvWeights> weights;
};

/// Whether a layer does what `chunk.rectified` and `chunk.mask` say and reads no y but for them: a network
/// has it compute a relu that follows it, whose output shares the memory of its own. For layers of one's own:
/// specialize it.
template <class L>
inline constexpr bool rectifies = false;

/// Whether a layer is the relu of which `rectifies` speaks: its `vjp` and `second_vjp` may be given gx = gy
/// and gxu = gyu.
template <class L>
inline constexpr bool is_relu = false;

// Version 14 does not lay out conjunctions of concepts.
// clang-format off

namespace detail {

template <class L>
concept HasOutputShape = requires(const L& layer) { { layer.output_shape() } -> std::convertible_to<ImageShape>; };
template <class L>
concept HasParameterBlocks =
    requires(const L& layer) { { layer.parameters() } -> std::convertible_to<std::vector<ParameterBlock>>; };
template <class L, class B>
concept HasForward = requires(const L& layer, const Chunk<B>& chunk, const LayerParameters<B>& w, const scalar_t<B>* x,
                              scalar_t<B>* y) { layer.forward(chunk, w, x, y); };
template <class L, class B>
concept HasLayerJvp = requires(const L& layer, const Chunk<B>& chunk, const LayerParameters<B>& w,
                               const scalar_t<B>* x, scalar_t<B>* dy) { layer.jvp(chunk, w, w, x, x, x, dy); };
template <class L, class B>
concept HasLayerVjp = requires(const L& layer, const Chunk<B>& chunk, const LayerParameters<B>& w,
                               const scalar_t<B>* x, scalar_t<B>* g) { layer.vjp(chunk, w, x, x, x, g, g); };

}  // namespace detail

/// A layer bound to the shape of its input, a value without parameters. Arrays are features x samples, column-major;
/// `x`, `y` are a chunk's inputs and outputs at the point of linearization. It offers
///  * `output_shape()`, `parameters()`: its blocks, perhaps none;
///  * `forward(chunk, w, x, y)`: y = f(w, x);
///  * `jvp(chunk, w, dw, x, y, dx, dy)`: dy = D_w f dw + D_x f dx;
///  * `vjp(chunk, w, x, y, gy, gx, gw)`: gx = (D_x f)^T gy and gw = (D_w f)^T gy, summed over the samples.
///
/// For displacements,
///  * `displace(chunk, w, dw, epsilon, x_dx, x, y_dy)`: from x_dx, the inputs x0 at the origin with their scaled
///    differences dx beside them (features x 2 samples), and x = x0 + epsilon dx, to the same of the outputs:
///    y0 = f(w, x0), dy = (f(w + epsilon dw, x) - y0) / epsilon, without cancellation.
///
/// For second derivatives, in directions u and v of the parameters, with xu = Dx u, xv = Dx v, xuv = D^2x[u, v]:
///  * `second(chunk, w, u, v, x, y, xu, xv, xuv, yuv)`;
///  * `second_vjp(chunk, w, u, x, y, xu, gy, gyu, gx, gxu, gwu)`: the vjp gx of gy, and the derivatives gxu, gwu of
///    what `vjp` writes when the point moves along u and the cotangent along gyu.
template <class L, class B>
concept Layer =
    std::copy_constructible<L> &&
    expect<detail::HasOutputShape<L>,
           "a layer has output_shape() const that returns lazytrain::nn::ImageShape"> &&
    expect<detail::HasParameterBlocks<L>,
           "a layer has parameters() const that returns its blocks, a vector of ParameterBlock"> &&
    expect<detail::HasForward<L, B>,
           "a layer has forward(chunk, w, x, y) const that writes its outputs to y"> &&
    expect<detail::HasLayerJvp<L, B>,
           "a layer has jvp(chunk, w, dw, x, y, dx, dy) const that writes the tangent of its outputs to dy"> &&
    expect<detail::HasLayerVjp<L, B>,
           "a layer has vjp(chunk, w, x, y, gy, gx, gw) const that writes the gradients of its input and parameters">;

/// A layer whose displacement does not cancel.
template <class L, class B>
concept DisplaceableLayer =
    Layer<L, B> &&
    requires(const L& layer, const Chunk<B>& chunk, const LayerParameters<B>& w, scalar_t<B> epsilon,
             const scalar_t<B>* x, scalar_t<B>* y) { layer.displace(chunk, w, w, epsilon, x, x, y); };

/// A layer with second derivatives.
template <class L, class B>
concept TwiceDifferentiableLayer =
    Layer<L, B> &&
    requires(const L& layer, const Chunk<B>& chunk, const LayerParameters<B>& w, const scalar_t<B>* x,
             scalar_t<B>* y) {
      layer.second(chunk, w, w, w, x, x, x, x, x, y);
      layer.second_vjp(chunk, w, w, x, x, x, x, x, y, y, y);
    };

/// A layer whose parameters enter through a convolution (a dense layer is one of a single position), so that its tangent
/// kernel is a contraction of activations and deltas: its weights, and a bias if it has more parameters.
template <class L>
concept ConvolutionalLayer = requires(const L& layer) { { layer.conv_shape() } -> std::convertible_to<ConvShape>; };

// clang-format on

/// Which pieces a layer has.
enum class Pattern {
  signs,   ///< sides of the kink of an activation
  choices  ///< which coordinate of a window is largest
};

/// How many of a layer's pieces two inputs choose alike: `same` of `total`.
struct PatternAgreement {
  Pattern pattern = Pattern::signs;
  Index same = 0;
  Index total = 0;
};

}  // namespace lazytrain::nn
