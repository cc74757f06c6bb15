#pragma once

#include <fstream>
#include <lazytrain/core/random.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/tolerance.hpp>
#include <vector>

namespace lazytrain::testing {

inline const nlohmann::json& oracle() {
  static const auto json = [] {
    const std::string here = __FILE__;
    std::ifstream file(here.substr(0, here.rfind("kernel/reference.hpp")) + "support/oracle.json");
    return nlohmann::json::parse(file);
  }();
  return json;
}

inline Vector<double> vector_of(const nlohmann::json& numbers) {
  const auto values = numbers.get<std::vector<double>>();
  return Eigen::Map<const Vector<double>>(values.data(), static_cast<Index>(values.size()));
}

inline Matrix<double> matrix_of(const nlohmann::json& rows) {
  Matrix<double> out(static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size()));
  for (Index i = 0; i < out.rows(); ++i) {
    out.row(i) = vector_of(rows[static_cast<std::size_t>(i)]).transpose();
  }
  return out;
}

/// Calls action(name of the net, the model, w0) for the reference's two-layer networks.
template <class Action>
void for_reference_networks(Action&& action) {
  const auto& inputs = oracle()["inputs"];
  const Matrix<double> X = matrix_of(inputs["X"]).transpose();
  for (const std::string name : {"tanh", "relu", "quad"}) {
    for (const std::string kind : {"sym", "uns"}) {
      with_activation(name == "quad" ? "quadratic" : name, [&](auto sigma) {
        const TwoLayer<double, decltype(sigma)> net({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt});
        action(name + "_" + kind, net.on(X), vector_of(inputs["w_" + kind]));
      });
    }
  }
}

/// A two-layer network on random data with unequal weights of the samples.
template <class S, Activation Sigma = Tanh>
struct Example {
  Example(Index samples, Index neurons, Index outputs, std::uint64_t seed = 1)
      : rng(seed),
        net({.inputs = 3, .neurons = neurons, .outputs = outputs, .scaling = Scaling::sqrt}),
        X(normal_matrix<S>(3, samples, rng)),
        w(normal_vector<S>(net.parameter_dim(), rng)),
        h(net.on(
            X, OutputSpace::weighted(
                   (Vector<double>::LinSpaced(samples, 0.5, 1.5) / static_cast<double>(samples)), outputs))) {
  }

  Philox rng;
  TwoLayer<S, Sigma> net;
  Matrix<S> X;
  Vector<S> w;
  TwoLayerOnData<S, Sigma> h;
};

/// Largest difference relative to the largest entry.
template <class A, class B>
double relative_difference(const A& found, const B& expected) {
  REQUIRE(found.rows() == expected.rows());
  REQUIRE(found.cols() == expected.cols());
  return static_cast<double>((found - expected).cwiseAbs().maxCoeff() / expected.cwiseAbs().maxCoeff());
}

}  // namespace lazytrain::testing
