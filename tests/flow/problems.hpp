#pragma once

#include <cmath>
#include <fstream>
#include <lazytrain/core/random.hpp>
#include <lazytrain/flow/flow_types.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/loss/cosine.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

/// Flows with known solutions, and the reference flows of the oracle.
namespace lazytrain::testing {

/// A field given by a function (x, f).
template <class Function>
struct PlainField {
  using State = Vector<double>;
  using Scalar = double;
  Function function;
  void operator()(const State& x, State& f) { function(x, f); }
};
template <class Function>
PlainField(Function) -> PlainField<Function>;

inline Vector<double> vector(std::initializer_list<double> values) {
  Vector<double> x(static_cast<Index>(values.size()));
  Index i = 0;
  for (const double value : values) x(i++) = value;
  return x;
}

/// x' = x (1 - x), y' = -x y: x = 1 / (1 + c e^-t) and y = y0 (1 + c) / (e^t + c) with c = 1 / x0 - 1.
struct LogisticPair {
  static auto field() {
    return PlainField{[](const Vector<double>& x, Vector<double>& f) {
      f(0) = x(0) * (1 - x(0));
      f(1) = -x(0) * x(1);
    }};
  }
  static Vector<double> start() { return vector({0.1, 2.0}); }
  static Vector<double> solution(double t) {
    const double c = 1 / 0.1 - 1;
    return vector({1 / (1 + c * std::exp(-t)), 2.0 * (1 + c) / (std::exp(t) + c)});
  }
};

inline const nlohmann::json& oracle() {
  static const nlohmann::json values = [] {
    std::ifstream file(LAZYTRAIN_TEST_ORACLE);
    return nlohmann::json::parse(file);
  }();
  return values;
}

inline Vector<double> vector_of(const nlohmann::json& values) {
  Vector<double> x(static_cast<Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) x(static_cast<Index>(i)) = values[i].get<double>();
  return x;
}

/// A row of the oracle's flows.
inline const nlohmann::json& oracle_flow(const std::string& net, const std::string& loss, double alpha,
                                         double horizon) {
  for (const auto& flow : oracle()["flows"]) {
    if (flow["net"] == net && flow["loss"] == loss && flow["alpha"] == alpha && flow["T"] == horizon) {
      return flow;
    }
  }
  throw std::runtime_error("the oracle has no such flow");
}

/// The oracle's network on its data.
template <Activation Sigma>
auto oracle_network() {
  const auto& rows = oracle()["inputs"]["X"];
  Matrix<double> X(3, 5);
  for (Index i = 0; i < 5; ++i) X.col(i) = vector_of(rows[static_cast<std::size_t>(i)]);
  return TwoLayer<double, Sigma>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt}).on(X);
}

/// The oracle's parameters: "w_sym" or "w_uns".
inline Vector<double> oracle_parameters(const std::string& name) {
  return vector_of(oracle()["inputs"][name]);
}

/// Calls action(model, w0) with the oracle's network of this name.
template <class Action>
void with_network(const std::string& net, Action action) {
  const Vector<double> w0 = oracle_parameters(net.substr(5) == "sym" ? "w_sym" : "w_uns");
  if (net == "relu_sym") {
    action(oracle_network<Relu>(), w0);
  } else if (net == "tanh_cen") {
    action(centred(oracle_network<Tanh>(), w0), w0);
  } else {
    action(oracle_network<Tanh>(), w0);
  }
}

/// Calls action(loss) with the oracle's loss of this name.
template <class Action>
void with_loss(const std::string& name, Action action) {
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  if (name == "square") {
    action(square_loss(targets, empirical(5)));
  } else if (name == "cosine") {
    action(cosine_loss(targets, empirical(5)));
  } else {
    action(logistic_loss(vector_of(oracle()["inputs"]["label"]), empirical(5)));
  }
}

/// Drives a method over `steps` equal steps to `horizon`, without an integrator.
template <class P, class F>
typename F::State fixed_steps(const P& stepper, F& field, const typename F::State& x0, double horizon,
                              int steps) {
  typename P::template Method<F> method(stepper, field, x0);
  method.start(x0);
  for (int i = 0; i < steps; ++i) {
    method.attempt(horizon / steps);
    method.accept();
  }
  return method.x();
}

/// log2 of the ratio of two errors at h and h / 2: the observed order.
inline double observed_order(double coarse, double fine) { return std::log2(coarse / fine); }

}  // namespace lazytrain::testing
