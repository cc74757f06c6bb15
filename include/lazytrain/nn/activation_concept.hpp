#pragma once

#include <concepts>
#include <lazytrain/core/concepts.hpp>
#include <optional>
#include <string_view>

/// Activations σ: R -> R of networks with hand-written derivatives. Each is an empty type with static members
///  * `name`, by which a program chooses it at run time (`with_activation`);
///  * `value(z)`, `derivative(z)`, `second(z)`: σ, σ', σ'';
///  * `difference(z, d, epsilon)`: (σ(z + εd) - σ(z)) / ε without cancellation at any ε >= 0, and σ'(z) d at
///    ε = 0: nothing is divided by ε;
///  * `homogeneity`: the degree q with σ(λz) = λ^q σ(z) for all λ > 0, if there is one;
///  * `sup_derivative`, `sup_second`: sup |σ'| and sup |σ''|, the Lipschitz constants of σ and σ', perhaps
///    infinite; certified bounds rest on them, so that they are rounded up;
///  * `is_smooth`: whether σ is twice differentiable everywhere; if not, derivatives hold almost everywhere;
///  * `cheap_derivative`: whether σ' costs less to compute again than to keep.
/// Those of Lazytrain are exact to a few units in the last place of their largest value nearby, keep NaN, do
/// not overflow, and for float and double, except erf and logarithms, are free of branches: a loop over an
/// array is vectorized. The functions are constexpr so that nvcc compiles them for devices too.
namespace lazytrain {

namespace detail {

template <class A>
concept ActivationFunctions = requires(double z) {
  { A::value(z) } -> std::same_as<double>;
  { A::derivative(z) } -> std::same_as<double>;
  { A::second(z) } -> std::same_as<double>;
};
template <class A>
concept ActivationDifference = requires(double z) {
  { A::difference(z, z, z) } -> std::same_as<double>;
};
template <class A>
concept ActivationConstants = requires {
  { A::name } -> std::convertible_to<std::string_view>;
  { A::homogeneity } -> std::convertible_to<std::optional<int>>;
  { A::sup_derivative } -> std::convertible_to<double>;
  { A::sup_second } -> std::convertible_to<double>;
  { A::is_smooth } -> std::convertible_to<bool>;
  { A::cheap_derivative } -> std::convertible_to<bool>;
};

}  // namespace detail

// clang-format off

/// A type with the static members that the top of this file lists.
template <class A>
concept Activation =
    std::default_initializable<A> &&
    expect<detail::ActivationFunctions<A>,
           "an activation has static functions value(z), derivative(z) and second(z) of the type of z"> &&
    expect<detail::ActivationDifference<A>,
           "an activation has a static difference(z, d, epsilon), (value(z + epsilon d) - value(z)) / epsilon without cancellation"> &&
    expect<detail::ActivationConstants<A>,
           "an activation has static constants name, homogeneity, sup_derivative, sup_second, is_smooth and cheap_derivative">;

// clang-format on

}  // namespace lazytrain
