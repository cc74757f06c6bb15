#include <cmath>
#include <lazytrain/flow/difference_field.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <limits>

#include "problems.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class S>
auto tanh_network() {
  return TwoLayer<S, Tanh>({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt})
      .on(Matrix<S>(oracle_network<Tanh>().inputs().cast<S>()));
}

/// (b, e) after the time T.
template <class S, class R>
Vector<double> integrated(const Objective<Centred<TwoLayerOnData<S, Tanh>>, R>& objective,
                          const Vector<S>& w0, double T, double tolerance) {
  DifferenceField field(objective, w0);
  const Vector<S> zero = Vector<S>::Zero(2 * w0.size());
  const auto end = integrate(DormandPrince{}, field, zero, {.horizon = T, .relative_tolerance = tolerance});
  REQUIRE(end.succeeded());
  return end.x.template cast<double>();
}

}  // namespace

TEST_CASE("The difference field is the linearized field and the non-linear one, apart by epsilon e") {
  const double alpha = GENERATE(0.7, 3.0, 40.0);
  with_network(GENERATE("tanh_sym", "tanh_uns"), [&](const auto& h, const Vector<double>& w0) {
    with_loss(GENERATE("square", "logistic", "cosine"), [&](const auto& loss) {
      if constexpr (TwiceDifferentiableModel<std::remove_cvref_t<decltype(h)>>) {
        const Index p = w0.size();
        Philox rng(11);
        const Vector<double> x = 0.05 * normal_vector(2 * p, rng);
        const Vector<double> b = x.head(p);
        const Vector<double> d = b + x.tail(p) / alpha;
        DifferenceField field(Objective(h, loss, alpha), w0, 16);
        Vector<double> f(2 * p), linear(p), moving(p);
        field(x, f);
        auto b_field = linearized_field(h, loss, w0, alpha);
        auto d_field = displacement_field(h, loss, w0, alpha);
        b_field(b, linear);
        d_field(d, moving);
        const double tolerance = roundoff<double>(300);
        const double size = 1 + alpha * linearize(h, w0).value().norm();
        CHECK((field.displacement() - d).norm() <= tolerance * d.norm());
        CHECK(field.difference() == Vector<double>(x.tail(p)));
        CHECK((field.outputs() - d_field.outputs()).norm() <= tolerance * size);
        CHECK((field.linear_outputs() - b_field.outputs()).norm() <= tolerance * size);
        const Vector<double> apart = alpha * (d_field.outputs() - b_field.outputs());
        CHECK((field.output_difference() - apart).norm() <= tolerance * size * alpha);
        CHECK((f.head(p) - linear).norm() <= tolerance * size);
        CHECK((f.head(p) + f.tail(p) / alpha - moving).norm() <= tolerance * size);
        CHECK(field.evaluations() == 1);
      }
    });
  });
}

TEST_CASE("The quadrature of the difference field converges in the number of nodes") {
  const auto h = tanh_network<double>();
  const Vector<double> w0 = oracle_parameters("w_sym");
  const auto loss = logistic_loss(vector_of(oracle()["inputs"]["label"]), empirical(5));
  Philox rng(12);
  const Vector<double> x = 0.2 * normal_vector(2 * w0.size(), rng);
  const auto value = [&](Index nodes) {
    DifferenceField field(Objective(h, loss, 1.0), w0, nodes);
    Vector<double> f(x.size());
    field(x, f);
    return f;
  };
  const Vector<double> exact = value(30);
  const auto error = [&](Index nodes) { return (value(nodes) - exact).norm() / exact.norm(); };
  CHECK(error(4) < error(2) / 5);
  CHECK(error(8) < error(4) / 20);
  CHECK(error(16) <= roundoff<double>(1000));
}

TEST_CASE("The integrated difference is the oracle's") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  const std::string name = GENERATE("square", "logistic", "cosine");
  const double alpha = GENERATE(1.0, 10.0, 100.0, 1000.0);
  const auto& flow = oracle_flow("tanh_cen", name, alpha, 2.0);
  const Vector<double> u = vector_of(flow["u_T"]);
  const Vector<double> ubar = vector_of(flow["ubar_T"]);
  with_loss(name, [&](const auto& loss) {
    const Vector<double> x = integrated(Objective(h, loss, alpha), w0, 2.0, 1e-10);
    const Index p = w0.size();
    CHECK((x.head(p) - ubar).norm() <= 1e-9 * ubar.norm());
    // What the file's 17 digits leave of the difference, alpha eps ||u||, and the tolerance.
    const Vector<double> e = alpha * (u - ubar);
    CHECK((x.tail(p) - e).norm() <= 2e-9 * e.norm() + alpha * roundoff<double>(4) * u.norm());
  });
}

TEST_CASE("At alpha = infinity the difference field gives the leading coefficient, approached as 1 / alpha") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  with_loss(GENERATE("square", "cosine"), [&](const auto& loss) {
    const auto e = [&](double alpha) {
      return Vector<double>(integrated(Objective(h, loss, alpha), w0, 2.0, 1e-11).tail(w0.size()));
    };
    const Vector<double> limit = e(infinity);
    const double far = (e(1e3) - limit).norm();
    const double near = (e(1e4) - limit).norm();
    CHECK_THAT(std::log10(far / near), WithinAbs(1.0, 0.01));
  });
}

TEST_CASE("In single precision the difference is seen at every alpha") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const Vector<float> v0 = w0.cast<float>();
  const Vector<double> targets = vector_of(oracle()["inputs"]["y_star"]);
  const auto loss = square_loss(targets, empirical(5));
  const auto single_loss = square_loss(Vector<float>(targets.cast<float>()), empirical(5));
  const auto h = centred(tanh_network<double>(), w0);
  const auto single = centred(tanh_network<float>(), v0);
  const double alpha = GENERATE(10.0, 1e4, 1e7);
  const Vector<double> exact = integrated(Objective(h, loss, alpha), w0, 2.0, 1e-9);
  const Vector<double> x =
      integrated(Objective(single, single_loss, static_cast<float>(alpha)), v0, 2.0, 1e-5);
  const Index p = w0.size();
  CHECK((x.tail(p) - exact.tail(p)).norm() <= 1e-4 * exact.tail(p).norm());
}

TEST_CASE("The difference field refuses what displacement_field refuses") {
  const auto h = tanh_network<double>();
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  CHECK_THAT(message_of<std::domain_error>([&] { DifferenceField(Objective(h, loss, infinity), w0); }),
             ContainsSubstring("expected h(w0) = 0"));
  CHECK_THROWS_AS(DifferenceField(Objective(h, loss, 1.0), w0, 0), std::invalid_argument);
  CHECK_THROWS_AS(DifferenceField(Objective(h, loss, 1.0), Vector<double>::Zero(3)), std::invalid_argument);
}
