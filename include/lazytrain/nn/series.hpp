#pragma once

#include <concepts>
#include <functional>
#include <iterator>
#include <lazytrain/nn/any_layer.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lazytrain::nn {

namespace detail {

template <class D>
concept HasKindName = requires {
  { D::name } -> std::convertible_to<std::string_view>;
};
template <class D, class B>
concept HasBind = requires(const D& description, const ImageShape& input) {
  description.template bind<B>(input);
};

}  // namespace detail

/// A description of a layer, before its input is known: it has a `name`, the kind, and `bind<B>(input)`, the
/// layer.
// clang-format off
template <class D, class B>
concept LayerDescription =
    std::copy_constructible<D> &&
    expect<detail::HasKindName<D>,
           "a description of a layer names its kind: static constexpr std::string_view name"> &&
    expect<detail::HasBind<D, B>,
           "a description of a layer has template <class B> bind(input) const that returns the layer"> &&
    Layer<decltype(std::declval<const D&>().template bind<B>(ImageShape{})), B>;
// clang-format on

template <class B>
class Series;

namespace detail {

/// A description that is no series: asked first, so that copying a series does not ask whether it is one.
template <class D, class B>
concept SinglePart = !std::same_as<D, Series<B>> && LayerDescription<D, B>;

}  // namespace detail

/// Layers in series, and residual blocks of such: the description of a network, a value.
///
///     nn::Series<B> layers{nn::Conv{.filters = 64}, nn::Pointwise<Relu>{}, nn::MaxPool{}};
///     layers.add(nn::Dense{.outputs = 10});
template <class B>
class Series {
 public:
  /// One part: a layer, or a residual block (`body` set).
  struct Part {
    std::string kind;
    std::function<AnyLayer<B>(std::string name, const ImageShape& input)> bind;
    std::shared_ptr<const Series> body;
    std::shared_ptr<const Series> shortcut;
  };

  Series() = default;
  template <detail::SinglePart<B>... D>
  explicit Series(D... descriptions) {
    (add(std::move(descriptions)), ...);
  }

  /// Appends a layer.
  template <detail::SinglePart<B> D>
  Series& add(D description) {
    parts_.push_back({std::string(D::name),
                      [description = std::move(description)](std::string name, const ImageShape& input) {
                        return AnyLayer<B>(std::move(name), description.template bind<B>(input));
                      },
                      nullptr, nullptr});
    return *this;
  }

  /// Appends all parts of another series.
  Series& add(Series other) {
    parts_.insert(parts_.end(), std::make_move_iterator(other.parts_.begin()),
                  std::make_move_iterator(other.parts_.end()));
    return *this;
  }

  /// Appends x -> body(x) + shortcut(x); an empty shortcut is the identity.
  Series& add_residual(Series body, Series shortcut = {}) {
    parts_.push_back({"residual", nullptr, std::make_shared<const Series>(std::move(body)),
                      std::make_shared<const Series>(std::move(shortcut))});
    return *this;
  }

  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
};

}  // namespace lazytrain::nn
