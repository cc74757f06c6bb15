#pragma once

#include <filesystem>
#include <fstream>
#include <lazytrain/nn/two_layer.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace lazytrain::testing {

/// The networks of support/oracle.json: f(x) = 6^(-1/2) sum_j b_j σ(a_j.x) on 5 inputs of R^3.
class Oracle {
 public:
  Oracle() {
    const auto folder = std::filesystem::path(__FILE__).parent_path().parent_path();
    std::ifstream file(folder / "support" / "oracle.json");
    REQUIRE(file);
    data_ = nlohmann::json::parse(file);
  }

  [[nodiscard]] const nlohmann::json& operator[](const std::string& key) const { return data_.at(key); }

  [[nodiscard]] static Vector<double> vector(const nlohmann::json& values) {
    const auto numbers = values.get<std::vector<double>>();
    return Eigen::Map<const Vector<double>>(numbers.data(), static_cast<Index>(numbers.size()));
  }

  [[nodiscard]] Vector<double> target() const { return vector(data_.at("inputs").at("y_star")); }
  [[nodiscard]] Vector<double> labels() const { return vector(data_.at("inputs").at("label")); }

  template <class Sigma>
  [[nodiscard]] static TwoLayerOnData<double, Sigma> network() {
    Matrix<double> X(3, 5);
    for (Index i = 0; i < 5; ++i) {
      for (Index k = 0; k < 3; ++k) {
        X(k, i) = 1.3 * std::sin(0.9 * static_cast<double>((i + 1) * (k + 1)) + 0.4 * static_cast<double>(k));
      }
    }
    return TwoLayer<double, Sigma>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt}).on(X);
  }

  /// Weights "sym" (the doubling trick) and "uns".
  [[nodiscard]] static Vector<double> weights(const std::string& kind) {
    Vector<double> w(24);
    for (Index j = 0; j < 6; ++j) {
      const bool doubled = kind == "sym";
      const auto of = static_cast<double>((doubled ? j % 3 : j) + 1);
      for (Index k = 0; k < 3; ++k) {
        w(4 * j + k) = 1.3 * std::cos(0.7 * of * static_cast<double>(k + 1) + 0.3 * static_cast<double>(k));
      }
      const double sign = doubled ? (j < 3 ? 1 : -1) : (j % 2 == 0 ? 1 : -1);
      w(4 * j + 3) = sign * (1 + 0.5 * std::sin(1.1 * of));
    }
    return w;
  }

  /// visit(name, record, network, weights) for every record of "static" but tanh_cen.
  template <class Visit>
  void for_networks(Visit&& visit) const {
    for (const auto& [net, record] : data_.at("static").items()) {
      const std::string kind = net.substr(net.size() - 3);
      if (kind == "cen") continue;
      INFO(net);
      const Vector<double> w = weights(kind);
      if (net.starts_with("tanh")) visit(net, record, network<Tanh>(), w);
      if (net.starts_with("relu")) visit(net, record, network<Relu>(), w);
      if (net.starts_with("quad")) visit(net, record, network<Quadratic>(), w);
    }
  }

 private:
  nlohmann::json data_;
};

}  // namespace lazytrain::testing
