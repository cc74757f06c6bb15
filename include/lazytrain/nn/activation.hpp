#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/nn/activation_concept.hpp>
#include <lazytrain/nn/exponential.hpp>
#include <lazytrain/nn/sigmoid.hpp>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>

namespace lazytrain {

/// max(z, 0), with σ'(0) = 0 and σ'' = 0 (almost everywhere).
struct Relu {
  static constexpr std::string_view name = "relu";
  static constexpr std::optional<int> homogeneity = 1;
  static constexpr double sup_derivative = 1;
  static constexpr double sup_second = std::numeric_limits<double>::infinity();
  static constexpr bool is_smooth = false;
  static constexpr bool cheap_derivative = true;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return z < S(0) ? S(0) : z;
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    return z > S(0) ? S(1) : S(0);
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S) {
    return S(0);
  }
  /// By sign cases: only a sign change needs a quotient, which is at most 1.
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    const S e = epsilon * d;
    const S b = z + e;
    const bool changes_sign = (z > S(0)) != (b > S(0));
    const S part = (b > S(0) ? b : -z) / (changes_sign ? e : S(1));
    const S rest = z <= S(0) ? S(0) * d : z;  // z itself where it is NaN
    return changes_sign ? d * part : (z > S(0) ? d : rest);
  }
};

/// erf z = (2 / sqrt(pi)) * integral of e^(-t^2) over [0, z].
struct Erf {
  static constexpr std::string_view name = "erf";
  static constexpr std::optional<int> homogeneity = std::nullopt;
  static constexpr double sup_derivative = 1.1283791670955128;  // 2 / sqrt(pi), rounded up
  static constexpr double sup_second = 0.9678828980765735;      // 2 sqrt(2 / (e pi)), at 1 / sqrt(2)
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = false;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return std::erf(z);
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    return S(2) * std::numbers::inv_sqrtpi_v<S> * detail::exponential(-z * z).exp();
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S z) {
    return S(-2) * std::clamp(z, S(-1e4), S(1e4)) * derivative(z);  // 0 beyond, and nothing overflows
  }
  /// Where σ' changes by no more than a factor of about e, the mean of σ' over [z, z + εd] by Gauss's rule
  /// with 8 nodes (relative error below 1e-17); elsewhere the plain difference, of erfc where both ends have
  /// one sign.
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    const S e = epsilon * d;
    const S b = z + e;
    if (std::abs(e) * (S(1) + S(2) * std::max(std::abs(z), std::abs(b))) < S(1)) {
      // Positive nodes and their weights on [-1, 1], halved. Local: nvcc does not take static arrays to
      // devices.
      constexpr double nodes[] = {0.0917173212478249025, 0.2627662049581644929, 0.3983332387068133696,
                                  0.4801449282487681158};
      constexpr double weights[] = {0.1813418916891809915, 0.1568533229389436437, 0.1111905172266872353,
                                    0.0506142681451881296};
      S mean(0);
      for (int q = 0; q < 4; ++q) {
        const S offset = e * static_cast<S>(nodes[q]);
        const S middle = z + e / S(2);
        mean += static_cast<S>(weights[q]) * (derivative(middle - offset) + derivative(middle + offset));
      }
      return d * mean;
    }
    if (z > S(0) && b > S(0)) return d * ((std::erfc(z) - std::erfc(b)) / e);
    if (z < S(0) && b < S(0)) return d * ((std::erfc(-b) - std::erfc(-z)) / e);
    return d * ((std::erf(b) - std::erf(z)) / e);
  }
};

/// z^2, without the factor 1/2.
struct Quadratic {
  static constexpr std::string_view name = "quadratic";
  static constexpr std::optional<int> homogeneity = 2;
  static constexpr double sup_derivative = std::numeric_limits<double>::infinity();
  static constexpr double sup_second = 2;
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = true;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return z * z;
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S z) {
    return S(2) * z;
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S) {
    return S(2);
  }
  template <class S>
  [[nodiscard]] static constexpr S difference(S z, S d, S epsilon) {
    return (S(2) * z + epsilon * d) * d;
  }
};

/// z: the deep linear network.
struct Identity {
  static constexpr std::string_view name = "identity";
  static constexpr std::optional<int> homogeneity = 1;
  static constexpr double sup_derivative = 1;
  static constexpr double sup_second = 0;
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = true;

  template <class S>
  [[nodiscard]] static constexpr S value(S z) {
    return z;
  }
  template <class S>
  [[nodiscard]] static constexpr S derivative(S) {
    return S(1);
  }
  template <class S>
  [[nodiscard]] static constexpr S second(S) {
    return S(0);
  }
  template <class S>
  [[nodiscard]] static constexpr S difference(S, S d, S) {
    return d;
  }
};

namespace detail {

template <Activation... A>
struct ActivationList {
  template <class Visitor>
  static decltype(auto) visit(std::string_view name, Visitor&& visitor) {
    return visit_next<Visitor, A...>(name, visitor);
  }

  static std::string names() {
    std::string text;
    ((text += (text.empty() ? "" : ", ") + std::string(A::name)), ...);
    return text;
  }

 private:
  template <class Visitor, class First, class... Rest>
  static decltype(auto) visit_next(std::string_view name, Visitor& visitor) {
    if constexpr (sizeof...(Rest) > 0) {
      if (name != First::name) return visit_next<Visitor, Rest...>(name, visitor);
    } else {
      require_argument(name == First::name, "with_activation", "name", name, "one of " + names());
    }
    return visitor(First{});
  }
};

using KnownActivations = ActivationList<lazytrain::Relu, lazytrain::Tanh, lazytrain::Erf, lazytrain::Softplus,
                                        lazytrain::Sigmoid, lazytrain::Quadratic, lazytrain::Identity>;

}  // namespace detail

/// visitor(sigma), where sigma is the activation of that name, known only at run time; every answer of the
/// visitor has one type.
///
///     with_activation("tanh", [&](auto sigma) { train(TwoLayer<double, decltype(sigma)>({...})); });
///
/// @throws std::invalid_argument that lists the names, if there is no such activation
template <class Visitor>
decltype(auto) with_activation(std::string_view name, Visitor&& visitor) {
  return detail::KnownActivations::visit(name, visitor);
}

}  // namespace lazytrain
