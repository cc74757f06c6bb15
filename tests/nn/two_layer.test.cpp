#include <fstream>
#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

static_assert(TwiceDifferentiableModel<TwoLayerOnData<double, Tanh>>);
static_assert(TwiceDifferentiableModel<TwoLayerOnData<float, Relu>>);
static_assert(TwiceDifferentiableModel<TwoLayerDisplaced<float, Relu>>);
static_assert(HasDisplace<TwoLayerOnData<double, Tanh>>);

const nlohmann::json& oracle() {
  static const auto json = [] {
    const std::string here = __FILE__;
    std::ifstream file(here.substr(0, here.rfind("nn/two_layer.test.cpp")) + "support/oracle.json");
    return nlohmann::json::parse(file);
  }();
  return json;
}

Matrix<double> matrix(const nlohmann::json& rows) {
  Matrix<double> out(static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size()));
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < out.cols(); ++j)
      out(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  }
  return out;
}

/// The oracle's inputs, 3 x 5, and weights of six neurons: symmetric, or with signs that alternate.
Matrix<double> oracle_inputs() {
  Matrix<double> X(3, 5);
  for (Index i = 0; i < 5; ++i) {
    for (Index l = 0; l < 3; ++l) {
      X(l, i) = 1.3 * std::sin(0.9 * static_cast<double>((i + 1) * (l + 1)) + 0.4 * static_cast<double>(l));
    }
  }
  return X;
}

Vector<double> oracle_weights(bool symmetric) {
  Matrix<double> w(4, 6);
  for (Index j = 0; j < 6; ++j) {
    const auto source = static_cast<double>(symmetric ? j % 3 : j);
    for (Index l = 0; l < 3; ++l) {
      w(l, j) =
          1.3 * std::cos(0.7 * (source + 1) * static_cast<double>(l + 1) + 0.3 * static_cast<double>(l));
    }
    const double sign = (symmetric ? j >= 3 : j % 2 == 1) ? -1 : 1;
    w(3, j) = sign * (1 + 0.5 * std::sin(1.1 * (source + 1)));
  }
  return w.reshaped();
}

void check_matrix(const Matrix<double>& found, const Matrix<double>& expected) {
  REQUIRE(found.rows() == expected.rows());
  REQUIRE(found.cols() == expected.cols());
  CHECK((found - expected).cwiseAbs().maxCoeff() <= 1e-12 * expected.cwiseAbs().maxCoeff());
}

}  // namespace

TEST_CASE("two-layer networks agree with the reference numbers", "[nn]") {
  for (const std::string name : {"tanh", "relu", "quad"}) {
    for (const bool symmetric : {true, false}) {
      const std::string net_name = name + (symmetric ? "_sym" : "_uns");
      CAPTURE(net_name);
      const auto& reference = oracle()["static"][net_name];
      with_activation(name == "quad" ? "quadratic" : name, [&](auto sigma) {
        const TwoLayer<double, decltype(sigma)> net({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt});
        const auto h = net.on(oracle_inputs());
        CHECK(h.output_space() == empirical(5));
        const Vector<double> w = oracle_weights(symmetric);
        const auto t = h.linearize(w);

        const auto h_w0 = reference["h_w0"].template get<std::vector<double>>();
        for (Index i = 0; i < 5; ++i) {
          CHECK_THAT(t.value()(i), WithinAbs(h_w0[static_cast<std::size_t>(i)], 1e-13));
#ifndef __FMA__  // a fused multiply-add rounds one of two products that cancel
          if (symmetric) CHECK(t.value()(i) == 0);
#endif
        }
        const Matrix<double> J = matrix(reference["J"]);
        Matrix<double> by_columns(5, 24), by_rows(24, 5);
        for (Index q = 0; q < 24; ++q) t.jvp(Vector<double>::Unit(24, q), by_columns.col(q));
        for (Index i = 0; i < 5; ++i) t.vjp(Vector<double>::Unit(5, i), by_rows.col(i));
        check_matrix(by_columns, J);
        check_matrix(by_rows.transpose(), J);
        check_matrix(t.gram(), matrix(reference["tangent_kernel_eq7"]));
        check_matrix(t.gram(), matrix(reference["K_a"]) + matrix(reference["K_b"]));
      });
    }
  }
}

TEMPLATE_TEST_CASE("a network on other inputs gives the outputs of its model", "[nn]", float, double) {
  using S = TestType;
  Philox rng(1);
  const TwoLayer<S, Softplus> net({.inputs = 5, .neurons = 33, .outputs = 3, .scaling = 0.25});
  const Matrix<S> X = normal_matrix<S>(5, 300, rng);
  const Vector<S> w = normal_vector<S>(net.parameter_dim(), rng);
  const auto t = net.on(X).linearize(w);
  const Matrix<S> outputs = net(w, X);
  REQUIRE(outputs.rows() == 3);
  REQUIRE(outputs.cols() == 300);
  CHECK(static_cast<double>((outputs.reshaped() - t.value()).norm()) <=
        roundoff<S>(40) * static_cast<double>(net.scale() * t.outer().norm() * t.activations().norm()));
}

TEST_CASE("homogeneous activations make homogeneous networks", "[nn]") {
  Philox rng(2);
  for (const char* name : {"relu", "quadratic", "identity"}) {
    CAPTURE(name);
    with_activation(name, [&](auto sigma) {
      const TwoLayer<double, decltype(sigma)> net({.inputs = 5, .neurons = 12});
      const Matrix<double> X = normal_matrix(5, 10, rng);
      const Vector<double> w = normal_vector(net.parameter_dim(), rng);
      const double degree = *sigma.homogeneity + 1;
      // Powers of two scale without rounding.
      CHECK(net(2.0 * w, X) == std::pow(2.0, degree) * net(w, X));
    });
  }
}

TEST_CASE("a row of ones is a bias", "[nn]") {
  Philox rng(3);
  const Matrix<double> X = normal_matrix(4, 6, rng);
  const Matrix<double> with_ones = with_bias(X);
  REQUIRE(with_ones.rows() == 5);
  CHECK(with_ones.topRows(4) == X);
  CHECK(with_ones.row(4) == Eigen::RowVectorXd::Ones(6));
  const TwoLayer<double, Tanh> net({.inputs = 5, .neurons = 1, .scaling = 1});
  Vector<double> w = Vector<double>::Zero(6);
  w(4) = 0.5;
  w(5) = 3;
  CHECK_THAT(net(w, with_ones)(0, 2), WithinRel(3 * std::tanh(0.5), roundoff<double>(4)));
}

TEST_CASE("models share data and respect the space", "[nn]") {
  Philox rng(4);
  const auto X = std::make_shared<const Matrix<double>>(normal_matrix(2, 6, rng));
  const TwoLayer<double> net({.inputs = 2, .neurons = 3, .outputs = 2});
  CHECK(net.on(X).inputs().data() == X->data());
  CHECK(net.on(X, euclidean(12)).output_space() == euclidean(12));
  CHECK(net.on(X).output_space() == empirical(6, 2));
  CHECK(net.on(X).output_dim() == 12);
  CHECK(net.parameter_dim() == 12);
  const auto refuses = [](auto&& action, const char* text) {
    CHECK_THAT(message_of<std::invalid_argument>(action), ContainsSubstring(text));
  };
  refuses([&] { static_cast<void>(net.on(X, euclidean(6))); },
          "TwoLayer::on: space has size 6, expected 12 (samples n times outputs k)");
  refuses([&] { static_cast<void>(net.on(Matrix<double>(3, 6))); }, "X.rows() has size 3, expected 2");
  refuses([&] { static_cast<void>(net.on(Matrix<double>(2, 0))); }, "the number of samples is 0");
  refuses([&] { static_cast<void>(net(Vector<double>(5), *X)); }, "TwoLayer: w has size 5, expected 12");
  refuses([&] { static_cast<void>(net(Vector<double>(12), Matrix<double>(3, 6))); }, "X.rows() has size 3");
}
