#include <lazytrain/nn/initialize.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("gaussian initializations have the chosen deviations", "[nn]") {
  Philox rng(1);
  const TwoLayer<double> net({.inputs = 4, .neurons = 10000, .outputs = 2});
  const Vector<double> w = gaussian(net, {.inner = 2, .outer = 0.5}, rng);
  // The mean square of n normal numbers deviates by sqrt(2 / n), here by less than six times that.
  const auto mean_square = [](const auto& block) {
    return block.squaredNorm() / static_cast<double>(block.size());
  };
  CHECK_THAT(mean_square(net.layout().inner(w.data())), WithinRel(4.0, 6 * std::sqrt(2.0 / 40000)));
  CHECK_THAT(mean_square(net.layout().outer(w.data())), WithinRel(0.25, 6 * std::sqrt(2.0 / 20000)));

  Philox one(7), other(7);
  CHECK(gaussian(net, 3.0, one) == 3.0 * gaussian(net, 1.0, other));
  CHECK(gaussian(net, {.inner = 0, .outer = 0}, rng) == Vector<double>::Zero(net.parameter_dim()));
}

TEMPLATE_TEST_CASE("a symmetrized network is zero to the bit", "[nn]", (std::pair<float, Relu>),
                   (std::pair<float, Tanh>), (std::pair<double, Relu>), (std::pair<double, Tanh>),
                   (std::pair<double, Erf>)) {
  using S = typename TestType::first_type;
  Philox rng(2);
  for (const Index d : {2, 100}) {
    for (const Index m : {2, 6, 50, 510}) {
      for (const Index k : {1, 3}) {
        CAPTURE(d, m, k);
        const TwoLayer<S, typename TestType::second_type> net({.inputs = d, .neurons = m, .outputs = k});
        const auto h = net.on(normal_matrix<S>(d, 77, rng));
        const Vector<S> w = symmetrized(net, {.inner = 1.5, .outer = 0.7}, rng);
        auto t = h.linearize(w);
        CHECK(t.value() == Vector<S>::Zero(77 * k));
        CHECK(t.outer().leftCols(m / 2) == -t.outer().rightCols(m / 2));
        CHECK(t.inner().leftCols(m / 2) == t.inner().rightCols(m / 2));
        CHECK(w.norm() > S(0));
        t.move_to(gaussian(net, 1.0, rng));
        CHECK(t.value().norm() > S(0));
        t.move_to(w);
        CHECK(t.value() == Vector<S>::Zero(77 * k));
      }
    }
  }
}

TEST_CASE("a symmetrized network does not hide what is no number", "[nn]") {
  const TwoLayer<double, Tanh> net({.inputs = 2, .neurons = 4});
  Philox rng(2);
  const Vector<double> w = symmetrized(net, {.inner = 1, .outer = 1}, rng);
  Matrix<double> X = Matrix<double>::Ones(2, 3);
  X(1, 2) = std::numeric_limits<double>::quiet_NaN();
  const Vector<double> value = net.on(X).linearize(w).value();
  CHECK(value.head(2) == Vector<double>::Zero(2));
  CHECK(std::isnan(value(2)));
  CHECK(std::isnan(
      net.on(X).displace(w, 0.5).linearize(Vector<double>(Vector<double>::Zero(w.size()))).value()(2)));
}

TEST_CASE("symmetrized keeps the first half", "[nn]") {
  Philox rng(3);
  const TwoLayer<double> net({.inputs = 2, .neurons = 4});
  const Vector<double> w = normal_vector(12, rng);
  const Vector<double> s = symmetrized(net, w);
  CHECK(s.head(6) == w.head(6));
  CHECK(s(6) == w(0));
  CHECK(s(8) == -w(2));
  Philox one(5), other(5);
  CHECK(symmetrized(net, 2.0, one).head(6) == gaussian(net, 2.0, other).head(6));
}

TEMPLATE_TEST_CASE("unit_norm draws on spheres", "[nn]", float, double) {
  using S = TestType;
  Philox rng(4);
  const TwoLayer<S> net({.inputs = 3, .neurons = 20, .outputs = 2});
  const Vector<S> w = unit_norm(net, rng);
  for (Index j = 0; j < 20; ++j) {
    CHECK_THAT(static_cast<double>(net.layout().inner(w.data()).col(j).norm()),
               WithinRel(1.0, roundoff<S>(4)));
    CHECK_THAT(static_cast<double>(net.layout().outer(w.data()).col(j).norm()),
               WithinRel(1.0, roundoff<S>(4)));
  }
  const TwoLayer<S> scalar({.inputs = 3, .neurons = 20});
  const Vector<S> signs = unit_norm(scalar, rng);
  CHECK(scalar.layout().outer(signs.data()).cwiseAbs() == Matrix<S>::Ones(1, 20));
}

TEST_CASE("initializations refuse what they cannot do", "[nn]") {
  Philox rng(5);
  const TwoLayer<double> net({.inputs = 3, .neurons = 5});
  CHECK_THAT(message_of<std::invalid_argument>([&] { static_cast<void>(symmetrized(net, 1.0, rng)); }),
             ContainsSubstring("symmetrized: the number of neurons is 5, expected an even number"));
  CHECK_THAT(
      message_of<std::invalid_argument>([&] { static_cast<void>(symmetrized(net, Vector<double>(3))); }),
      ContainsSubstring("symmetrized: w has size 3, expected 20"));
  CHECK_THAT(message_of<std::domain_error>([&] { static_cast<void>(gaussian(net, -1.0, rng)); }),
             ContainsSubstring("gaussian: tau.inner is -1, expected a finite number >= 0"));
}
