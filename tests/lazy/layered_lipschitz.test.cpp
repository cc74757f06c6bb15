#include <lazytrain/lazy/layered_lipschitz.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/lazy/theorem_2_2.hpp>
#include <lazytrain/lazy/two_layer_lipschitz.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/nn/network.hpp>
#include <vector>

#include "layered_problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("propagated constants are never below what random draws show", "[lazy]") {
  // 10^4 draws over all activations and depths: quotients of pairs of points of a ball for h, and for Dh in a
  // direction.
  const std::string activation = GENERATE("tanh", "sigmoid", "softplus", "erf", "quadratic", "identity");
  CAPTURE(activation);
  Philox rng(1);
  double nearest = 0;
  for (int network = 0; network < 12; ++network) {
    const Index d = 1 + network % 3, k = 1 + network % 2;
    std::vector<Index> widths{d, 3};
    for (int l = 0; l < network % 3; ++l) widths.push_back(2 + l);
    widths.push_back(k);
    const Mlp mlp{normal_matrix(d, 3, rng), widths, activation};
    const Vector<double> w0 = initial_weights(mlp, rng);
    const auto bounds = layered_lipschitz(mlp.described(w0), mlp.X, mlp.space());
    const double r = 0.01 * std::pow(1.5, network);
    const double of_h = bounds.of_h(r).upper(), of_dh = bounds.of_dh(r).upper();
    const auto h = mlp.model();
    auto a = linearize(h, w0), b = a;
    const OutputSpace space = mlp.space();
    for (int draw = 0; draw < 140; ++draw) {
      const auto in_ball = [&] {
        return Vector<double>(w0 + r * std::sqrt(uniform(rng)) * unit_vector(w0.size(), rng));
      };
      const Vector<double> wa = in_ball(), wb = in_ball();
      a.move_to(wa);
      b.move_to(wb);
      const double distance = (wa - wb).norm();
      const Vector<double> u =
          draw % 2 == 0 ? unit_vector(w0.size(), rng) : Vector<double>((wa - wb) / distance);
      const double of_values = space.norm(Vector<double>(a.value() - b.value())) / distance;
      const double of_slopes = space.norm(Vector<double>(a.jvp(u) - b.jvp(u))) / distance;
      REQUIRE(of_values <= of_h + 1e-13 * of_h / distance);
      REQUIRE(of_slopes <= of_dh + 1e-13 * of_h / distance);
    }
    // The search for ||D^2h|| on the ball comes nearer than draws do.
    for (int point = 0; point < 3; ++point) {
      const double reach = point == 0 ? 0 : r;
      a.move_to(Vector<double>(w0 + reach * unit_vector(w0.size(), rng)));
      const Estimate norm = second_derivative_norm(a, {.restarts = 3}, rng);
      REQUIRE(norm.lower() <= bounds.of_dh(reach).upper());
      REQUIRE(differential_norm(a, {}, rng).lower() <= bounds.of_h(reach).upper());
      nearest = std::max(nearest, norm.lower() / bounds.of_dh(reach).upper());
    }
  }
  // The comparison means something.
  CHECK(nearest > 0.3);
}

TEMPLATE_TEST_CASE("constants of smooth convolutional networks are never below what random draws show",
                   "[lazy]", Tanh, Sigmoid, Softplus, Erf, Quadratic, Identity) {
  using B = cpu::Backend<double>;
  using WindowPooling = lazytrain::WindowPooling;
  Philox rng(7);
  for (int network = 0; network < 8; ++network) {
    // Strides, paddings, one or two convolutions, windows that overlap and that do not.
    const Index stride = 1 + network % 2, padding = network % 3, pool = network % 2 == 0 ? 2 : 1;
    const bool deep = network >= 4;
    nn::Series<B> layers{nn::Conv{.filters = 2, .kernel = 3, .stride = stride, .padding = padding},
                         nn::Pointwise<TestType>{}, nn::AveragePool{.kernel = 2, .stride = pool}};
    if (deep) layers.add(nn::Conv{.filters = 2, .kernel = 2, .padding = 1}).add(nn::Pointwise<TestType>{});
    layers.add(nn::Dense{.outputs = 1 + network % 2});
    const nn::Network<B> net({2, 6, 5}, layers, B({.threads = 1}));
    const Matrix<double> X = normal_matrix(60, 3, rng);
    Vector<double> w0 = 0.3 * normal_vector(net.parameter_dim(), rng);

    Index at = 0;
    const auto take = [&](Index rows, Index columns) {
      const Matrix<double> block = Eigen::Map<const Matrix<double>>(w0.data() + at, rows, columns);
      at += rows * columns;
      return block;
    };
    const auto described = [&](const ConvShape& shape) {
      LayerDescription layer{.weights = take(shape.filters, shape.patch_dim()),
                             .activation = activation_rules<TestType>(),
                             .convolution = shape};
      layer.bias = take(shape.filters, 1);
      return layer;
    };
    const ConvShape first{.channels = 2,
                          .height = 6,
                          .width = 5,
                          .filters = 2,
                          .kernel = 3,
                          .stride = stride,
                          .padding = padding};
    std::vector<LayerDescription> list{described(first)};
    const PoolingShape windows{2, first.output_height(), first.output_width(), 2, pool};
    list[0].pooling = WindowPooling{.shape = windows};
    if (deep) {
      list.push_back(described({.channels = 2,
                                .height = windows.output_height(),
                                .width = windows.output_width(),
                                .filters = 2,
                                .kernel = 2,
                                .padding = 1}));
    }
    const Index features = list.back().outputs();
    LayerDescription dense{.weights = take(net.outputs(), features)};
    dense.bias = take(net.outputs(), 1);
    list.push_back(std::move(dense));
    REQUIRE(at == net.parameter_dim());
    const LayeredNetwork layered(std::move(list));
    REQUIRE((layered(X) - net(w0, X)).norm() <= 1e-13 * (1 + net(w0, X).norm()));

    const auto h = net.on(X);
    const OutputSpace space = h.output_space();
    const auto bounds = layered_lipschitz(layered, X, space);
    CHECK(bounds.of_dh(0.1).certified());
    const double r = 0.02 * std::pow(1.8, network);
    const double of_h = bounds.of_h(r).upper(), of_dh = bounds.of_dh(r).upper();
    auto a = linearize(h, w0), b = a;
    for (int draw = 0; draw < 60; ++draw) {
      const auto in_ball = [&] {
        return Vector<double>(w0 + r * std::sqrt(uniform(rng)) * unit_vector(w0.size(), rng));
      };
      const Vector<double> wa = in_ball(), wb = in_ball();
      a.move_to(wa);
      b.move_to(wb);
      const double distance = (wa - wb).norm();
      const Vector<double> u =
          draw % 2 == 0 ? unit_vector(w0.size(), rng) : Vector<double>((wa - wb) / distance);
      const double of_values = space.norm(Vector<double>(a.value() - b.value())) / distance;
      const double of_slopes = space.norm(Vector<double>(a.jvp(u) - b.jvp(u))) / distance;
      REQUIRE(of_values <= of_h + 1e-12 * of_h / distance);
      REQUIRE(of_slopes <= of_dh + 1e-12 * of_h / distance);
    }
    for (const double reach : {0.0, r}) {
      a.move_to(Vector<double>(w0 + reach * unit_vector(w0.size(), rng)));
      const Estimate norm = second_derivative_norm(a, {.restarts = 1, .max_iterations = 20}, rng);
      REQUIRE(norm.lower() <= bounds.of_dh(reach).upper());
      REQUIRE(differential_norm(a, {}, rng).lower() <= bounds.of_h(reach).upper());
    }
  }
}

TEST_CASE("a convolution of one position has the constants of the dense layer that it is", "[lazy]") {
  Philox rng(8);
  const ConvShape shape{.channels = 2, .height = 3, .width = 3, .filters = 4, .kernel = 3, .padding = 0};
  const Matrix<double> X = normal_matrix(18, 5, rng), W = normal_matrix(4, 18, rng) / 4;
  const LayerDescription last{.weights = normal_matrix(1, 4, rng)};
  LayerDescription dense{.weights = W, .bias = normal_vector(4, rng), .activation = activation_rules<Tanh>()};
  LayerDescription convolution = dense;
  convolution.convolution = shape;
  const auto one = layered_lipschitz(LayeredNetwork({dense, last}), X, empirical(5));
  const auto other = layered_lipschitz(LayeredNetwork({convolution, last}), X, empirical(5));
  for (const double r : {0.0, 0.1, 1.0}) {
    CHECK_THAT(other.of_h(r).upper(), WithinRel(one.of_h(r).upper(), roundoff<double>(200)));
    CHECK_THAT(other.of_dh(r).upper(), WithinRel(one.of_dh(r).upper(), roundoff<double>(200)));
  }
}

TEST_CASE("a mean of a product has the constants that propagation says", "[lazy]") {
  // h(W1, W2) = W2 mean of W1 P(x) over windows of K pixels, a 1 x 1 convolution of x with as many channels
  // as pixels have: D2h[u, u] = 2 U2 mean(U1 P(x)), with rank 1 the largest |U1 P(x)| = |P(x)|.
  Philox rng(9);
  const ConvShape shape{
      .channels = 1, .height = 2, .width = 2, .filters = 3, .kernel = 1, .stride = 1, .padding = 0};
  const Matrix<double> x = Matrix<double>::Ones(4, 1);
  const LayeredNetwork network({{.weights = normal_matrix(3, 1, rng),
                                 .convolution = shape,
                                 .pooling = WindowPooling{.shape = {3, 2, 2, 2, 2}}},
                                {.weights = normal_matrix(2, 3, rng)}});
  // |x| = 2 and the norm of the mean is 1/2: U1 in R^3 is the mean itself, and 2 |U2| |U1| <= 1.
  CHECK_THAT(layered_lipschitz(network, x, empirical(1, 2)).of_dh(0.5).upper(),
             WithinRel(1.0, roundoff<double>(200)));
}

TEST_CASE("propagated constants grow with the ball, and are certified", "[lazy]") {
  Philox rng(2);
  for (const char* activation : {"tanh", "erf", "softplus", "quadratic"}) {
    const Mlp mlp{normal_matrix(4, 6, rng), {4, 7, 5, 2}, activation};
    const auto bounds = layered_lipschitz(mlp.described(initial_weights(mlp, rng)), mlp.X, mlp.space());
    double of_h = 0, of_dh = 0;
    for (const double r : {0.0, 1e-6, 0.01, 0.1, 0.5, 2.0, 10.0}) {
      CHECK(bounds.of_h(r).certified());
      CHECK(bounds.of_dh(r).certified());
      CHECK(bounds.of_h(r).upper() >= of_h);
      CHECK(bounds.of_dh(r).upper() >= of_dh);
      of_h = bounds.of_h(r).upper();
      of_dh = bounds.of_dh(r).upper();
    }
    CHECK(bounds.of_dh(0).upper() < of_dh);
  }
}

TEST_CASE("a product of two matrices has D2h of the norm that propagation says", "[lazy]") {
  // h(W1, W2) = s W2 W1 x: D2h[u, u] = 2 s U2 U1 x, whose largest norm over |U1|^2 + |U2|^2 = 1 is s |x|.
  Philox rng(3);
  const Vector<double> x = normal_vector(4, rng);
  const double s = 0.7;
  const LayeredNetwork network(
      {{.weights = normal_matrix(3, 4, rng)}, {.weights = normal_matrix(2, 3, rng), .factor = s}});
  const auto bounds = layered_lipschitz(network, x, empirical(1, 2));
  for (const double r : {0.0, 1.0}) {
    CHECK_THAT(bounds.of_dh(r).upper(), WithinRel(s * x.norm(), roundoff<double>(200)));
    CHECK(bounds.of_dh(r).upper() >= s * x.norm());
  }
  // ||Dh|| there: U2 W1 x + W2 U1 x with the Frobenius norms of U1 and U2, of which L bounds |W1 x| by
  // the norm of the layer's output.
  const Matrix<double>&W1 = network.layers()[0].weights, &W2 = network.layers()[1].weights;
  const double exact = s * std::sqrt((W1 * x).squaredNorm() +
                                     std::pow(W2.jacobiSvd().singularValues()(0), 2) * x.squaredNorm());
  CHECK_THAT(bounds.of_h(0).upper(), WithinRel(exact, roundoff<double>(200)));
}

TEST_CASE("of one hidden layer propagation is above the bracket of the two-layer bound", "[lazy]") {
  Philox rng(4);
  const Index d = 3, m = 6, n = 5;
  const Matrix<double> X = normal_matrix(d, n, rng);
  const TwoLayer<double, Tanh> net({.inputs = d, .neurons = m, .scaling = Scaling::sqrt});
  const auto h = net.on(X);
  const Vector<double> w0 = normal_vector(h.parameter_dim(), rng);
  const LayeredNetwork layered(
      {{.weights = net.layout().inner(w0.data()).transpose(), .activation = activation_rules<Tanh>()},
       {.weights = net.layout().outer(w0.data()), .factor = net.scale()}});
  CHECK((layered(X).row(0).transpose() - linearize(h, w0).value()).norm() <= 1e-14);
  const Estimate differential = differential_norm(linearize(h, w0), {}, rng);
  const auto propagated = layered_lipschitz(layered, X, h.output_space(), differential);
  const auto closed = two_layer_lipschitz(h, view_t<Vector<double>>(w0), differential);
  const Estimate norm = second_derivative_norm(linearize(h, w0), {}, rng);
  CHECK(norm.lower() <= propagated.of_dh(0).upper());
  for (const double r : {0.0, 0.1, 1.0}) {
    const Estimate bound = propagated.of_dh(r);
    CHECK(closed.of_dh(r).upper() <= bound.upper());
    CHECK(propagated.of_h(r).upper() <= (differential + r * bound).upper());
  }
  // A certified ||Dh(w0)|| is used, up to the rounding of a sum.
  CHECK(propagated.of_h(0).upper() >= differential.upper());
  CHECK_THAT(propagated.of_h(0).upper(), WithinRel(differential.upper(), roundoff<double>(4)));
  const auto unaided = layered_lipschitz(layered, X, h.output_space());
  CHECK(unaided.of_h(0).upper() >= differential.upper());
  CHECK(unaided.of_dh(0.5).upper() == propagated.of_dh(0.5).upper());
}

TEST_CASE("the composition rule bounds a function behind a network", "[lazy]") {
  // g(y) = y^2 / 2 behind f: D2(g o f)[u, u] = (Df u)^2 + f D2f[u, u].
  Philox rng(5);
  const Mlp mlp{normal_matrix(2, 1, rng), {2, 4, 1}, "tanh"};
  const Vector<double> w0 = initial_weights(mlp, rng);
  const auto behind = [mlp](const auto& w) {
    auto y = mlp(w);
    y(0) = 0.5 * y(0) * y(0);
    return y;
  };
  const auto f = layered_lipschitz(mlp.described(w0), mlp.X, mlp.space());
  const double value = std::abs(mlp(w0)(0));
  const Estimate bound = composed_second_derivative(Estimate::rounded(value, 1e-14), Estimate::exactly(1),
                                                    f.of_h(0), f.of_dh(0));
  CHECK(bound.certified());
  CHECK_THAT(bound.upper(), WithinRel(std::pow(f.of_h(0).upper(), 2) + value * f.of_dh(0).upper(), 1e-13));
  const auto composed = differentiable<double>(behind, mlp.parameter_dim(), empirical(1));
  const Estimate norm = second_derivative_norm(linearize(composed, w0), {.restarts = 20}, rng);
  CHECK(norm.lower() <= bound.upper());
  CHECK(norm.lower() > 0.2 * bound.upper());
}

TEST_CASE("a deep network gets a certified kappa and a certified Theorem 2.2", "[lazy]") {
  Philox rng(6);
  const Mlp mlp{normal_matrix(3, 4, rng), {3, 6, 6, 1}, "tanh"};
  const Vector<double> w0 = initial_weights(mlp, rng);
  const auto f = mlp.model();
  const auto loss = square_loss(normal_vector(4, rng), mlp.space());
  const auto tangent = linearize(f, w0);
  const Estimate differential = differential_norm(tangent, {}, rng);
  const auto bounds = layered_lipschitz(mlp.described(w0), mlp.X, mlp.space(), differential);
  const Estimate below = second_derivative_norm(tangent, {}, rng);
  const Estimate norm =
      bracketed(below, layered_second_derivative_bound(mlp.described(w0), mlp.X, mlp.space()));
  CHECK(norm.lower() == below.lower());
  CHECK(norm.certified());
  const auto h = centred(f, w0);
  const Laziness result = laziness(Objective(h, loss, 10.0), w0, {.second_derivative_norm = norm});
  CHECK(result.kappa.certified());
  CHECK(result.kappa.lower() < result.kappa.upper());

  const Theorem22 check = theorem_2_2(Objective(h, loss, 1000.0), w0, 0.5, bounds);
  INFO(check);
  CHECK(check.verdict() == Verdict::holds);
}

TEST_CASE("layered networks with kinks and sizes that do not fit are refused", "[lazy]") {
  const Matrix<double> X = Matrix<double>::Ones(2, 3);
  const LayeredNetwork kinked(
      {{.weights = Matrix<double>::Ones(4, 2), .activation = activation_rules<Relu>()},
       {.weights = Matrix<double>::Ones(1, 4)}});
  const auto bounds = layered_lipschitz(kinked, X, empirical(3));
  CHECK_FALSE(bounds.available());
  CHECK_FALSE(bounds.of_h(0.1).available());
  CHECK_FALSE(layered_second_derivative_bound(kinked, X, empirical(3)).available());
  CHECK_THAT(bounds.reason(), ContainsSubstring("relu has a kink"));
  CHECK_THAT(bounds.reason(), ContainsSubstring("Assumption 2.1"));

  const ConvShape shape{.channels = 1, .height = 2, .width = 1, .filters = 2};
  const PoolingShape window{2, 2, 1, 1, 1};
  const LayerDescription convolution{.weights = Matrix<double>::Ones(2, 9),
                                     .activation = activation_rules<Tanh>(),
                                     .convolution = shape,
                                     .pooling = WindowPooling{window, WindowPooling::Kind::max}};
  const LayeredNetwork largest({convolution, {.weights = Matrix<double>::Ones(1, 4)}});
  const auto none = layered_lipschitz(largest, X, empirical(3));
  CHECK_FALSE(none.available());
  CHECK_FALSE(layered_second_derivative_bound(largest, X, empirical(3)).available());
  CHECK_THAT(none.reason(), ContainsSubstring("max pooling"));
  CHECK_THAT(none.reason(), ContainsSubstring("Assumption 2.1"));

  const LayeredNetwork network({{.weights = Matrix<double>::Ones(1, 2)}});
  CHECK_THROWS_AS((void)layered_lipschitz(network, X, empirical(4)), std::invalid_argument);
  CHECK_THROWS_AS((void)layered_lipschitz(network, Matrix<double>(Matrix<double>::Ones(3, 3)), empirical(3)),
                  std::invalid_argument);
  CHECK_THROWS_AS((void)layered_lipschitz(network, X, empirical(3)).of_dh(-1), std::domain_error);
  // Of a single linear layer Dh does not depend on w.
  CHECK(layered_lipschitz(network, X, empirical(3)).of_dh(5).upper() == 0);
  // A lower bound above an upper one refutes one of them.
  CHECK_THROWS_AS((void)bracketed(Estimate::at_least(2), Estimate::at_most(1)), std::domain_error);
  CHECK(bracketed(Estimate::at_least(2), Estimate()).provenance() == Provenance::estimated);
}
