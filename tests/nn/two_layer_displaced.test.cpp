#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <lazytrain/nn/two_layer_displaced.hpp>
#include <support/catch.hpp>
#include <support/model_laws.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using Wide = long double;

/// (h(w0 + εδ) - h(w0)) / ε in long double.
template <class Sigma, class S>
Vector<Wide> plain_difference(const TwoLayerOptions& options, const Matrix<S>& X, const Vector<S>& w0,
                              const Vector<S>& delta, S epsilon) {
  const auto h = TwoLayer<Wide, Sigma>(options).on(Matrix<Wide>(X.template cast<Wide>()));
  const Vector<Wide> start = w0.template cast<Wide>();
  const Vector<Wide> end = start + static_cast<Wide>(epsilon) * delta.template cast<Wide>();
  return (h.linearize(end).value() - h.linearize(start).value()) / static_cast<Wide>(epsilon);
}

}  // namespace

TEMPLATE_TEST_CASE("displacements do not cancel from alpha = 1 to 1e9", "[nn]", (std::pair<float, Relu>),
                   (std::pair<float, Tanh>), (std::pair<float, Erf>), (std::pair<float, Softplus>),
                   (std::pair<float, Sigmoid>), (std::pair<float, Quadratic>), (std::pair<float, Identity>),
                   (std::pair<double, Relu>), (std::pair<double, Tanh>), (std::pair<double, Erf>)) {
  using S = typename TestType::first_type;
  using Sigma = typename TestType::second_type;
  Philox rng(1);
  for (const TwoLayerOptions& options : {TwoLayerOptions{.inputs = 3, .neurons = 20},
                                         TwoLayerOptions{.inputs = 30, .neurons = 21, .outputs = 3}}) {
    const Matrix<S> X = normal_matrix<S>(options.inputs, 40, rng);
    const auto h = TwoLayer<S, Sigma>(options).on(X);
    const Vector<S> w0 = normal_vector<S>(h.parameter_dim(), rng);
    const Vector<S> delta = normal_vector<S>(h.parameter_dim(), rng);
    for (const double alpha : {1.0, 10.0, 1e3, 1e5, 1e7, 1e9}) {
      const S epsilon = static_cast<S>(1 / alpha);
      CAPTURE(Sigma::name, alpha, options.inputs);
      const auto value = h.displace(w0, epsilon).linearize(delta).value();
      const Vector<Wide> exact = plain_difference<Sigma>(options, X, w0, delta, epsilon);
      // Relative error of a sum of d + m products; the reference loses alpha times its own roundoff.
      const auto terms = static_cast<double>(options.inputs + options.neurons);
      const double tolerance = roundoff<S>(terms) + alpha * roundoff<Wide>(terms);
      REQUIRE(roundoff<float>(terms) + alpha * roundoff<Wide>(terms) < 1e-5);
      CHECK(static_cast<double>((value.template cast<Wide>() - exact).norm() / exact.norm()) <= tolerance);
    }
  }
}

TEMPLATE_TEST_CASE("at epsilon = 0 the displaced model is the linearized one", "[nn]", Relu, Tanh) {
  Philox rng(2);
  const TwoLayer<float, TestType> net({.inputs = 10, .neurons = 30, .outputs = 2});
  const auto h = net.on(normal_matrix<float>(10, 25, rng));
  const Vector<float> w0 = normal_vector<float>(h.parameter_dim(), rng);
  const Vector<float> delta = normal_vector<float>(h.parameter_dim(), rng);
  const auto at_w0 = h.linearize(w0);
  const auto t = h.displace(w0, 0.0f).linearize(delta);
  Vector<float> expected(h.output_dim()), found(h.output_dim());
  at_w0.jvp(delta, expected);
  CHECK(static_cast<double>((t.value() - expected).norm()) <=
        roundoff<float>(40) * static_cast<double>(expected.norm()));
  // The same point, whatever the displacement.
  at_w0.jvp(w0, expected);
  t.jvp(w0, found);
  CHECK(found == expected);
  CHECK(t.network().value() == at_w0.value());
  t.second(w0, delta, found);
  CHECK(found == Vector<float>::Zero(h.output_dim()));
}

TEMPLATE_TEST_CASE("the displaced network obeys the laws of models", "[nn]", (std::pair<float, Tanh>),
                   (std::pair<double, Tanh>), (std::pair<double, Softplus>), (std::pair<double, Quadratic>)) {
  using S = typename TestType::first_type;
  Philox rng(3);
  for (const TwoLayerOptions& options : {TwoLayerOptions{.inputs = 3, .neurons = 8},
                                         TwoLayerOptions{.inputs = 11, .neurons = 9, .outputs = 3}}) {
    const auto h =
        TwoLayer<S, typename TestType::second_type>(options).on(normal_matrix<S>(options.inputs, 20, rng));
    const auto displaced = h.displace(normal_vector<S>(h.parameter_dim(), rng), S(0.5));
    check_model_laws(displaced, normal_vector<S>(h.parameter_dim(), rng));
    CHECK(displaced.output_space() == h.output_space());
    CHECK(displaced.epsilon() == S(0.5));
  }
}

TEST_CASE("no displacement is no difference, to the bit", "[nn]") {
  Philox rng(4);
  const auto h = TwoLayer<double, Tanh>({.inputs = 4, .neurons = 9}).on(normal_matrix(4, 30, rng));
  const Vector<double> w0 = normal_vector(h.parameter_dim(), rng);
  const auto t = h.displace(w0, 0.25).linearize(Vector<double>::Zero(h.parameter_dim()));
  CHECK(t.value() == Vector<double>::Zero(30));
}

TEST_CASE("displacements refuse negative scales and wrong sizes", "[nn]") {
  Philox rng(5);
  const auto h = TwoLayer<double, Tanh>({.inputs = 4, .neurons = 9}).on(normal_matrix(4, 30, rng));
  const Vector<double> w0 = normal_vector(45, rng);
  CHECK_THAT(message_of<std::domain_error>([&] { static_cast<void>(h.displace(w0, -1.0)); }),
             ContainsSubstring("TwoLayerOnData::displace: epsilon is -1, expected a finite number >= 0"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { static_cast<void>(h.displace(w0.head(3), 1.0)); }),
             ContainsSubstring("w has size 3, expected 45"));
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { static_cast<void>(h.displace(w0, 1.0).linearize(w0.head(3))); }),
             ContainsSubstring("delta has size 3, expected 45"));
}
