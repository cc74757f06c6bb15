#include <cmath>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/twin_flows.hpp>
#include <limits>
#include <sstream>

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

/// A model with a value and a Jacobian only: (w_i^2 - 1) / 2.
struct Squares {
  using Scalar = double;
  [[nodiscard]] Index parameter_dim() const { return 2; }
  [[nodiscard]] Index output_dim() const { return 2; }
  Vector<double> operator()(const Vector<double>& w) const { return (w.array().square() - 1) / 2; }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const { return w.asDiagonal(); }
};

/// w + sin(10 w) / 15 as a functor.
auto wave() {
  return differentiable<double>(
      []<class T>(const Vector<T>& w) -> Vector<T> {
        using std::sin;
        return w.unaryExpr([](const T& wi) { return T(wi + sin(10.0 * wi) / 15.0); });
      },
      1, euclidean(1));
}

/// A relu network of 3 inputs and 8 neurons on 20 samples, as a functor: its kinks are not declared.
auto relu_functor() {
  Philox rng(5);
  const Matrix<double> X = normal_matrix(3, 20, rng);
  return differentiable<double>(
      [X]<class T>(const Vector<T>& w) -> Vector<T> {
        const Eigen::Map<const Matrix<T>> A(w.data(), 3, 8);
        const Matrix<T> z = A.transpose() * X;
        const Matrix<T> s = z.unaryExpr([](const T& zi) { return relu(zi); });
        return s.transpose() * w.tail(8) / std::sqrt(8.0);
      },
      32, empirical(20));
}

/// R = (y - t)^4 / 4, whose gradient is not Lipschitz.
struct Quartic {
  using Scalar = double;
  Vector<double> targets;
  [[nodiscard]] OutputSpace output_space() const { return euclidean(targets.size()); }
  [[nodiscard]] double value(const Vector<double>& y) const { return (y - targets).array().pow(4).sum() / 4; }
  void gradient(const Vector<double>& y, Vector<double>& g) const { g = (y - targets).array().cube(); }
  void hessian_apply(const Vector<double>& y, const Vector<double>& v, Vector<double>& out) const {
    out = 3 * (y - targets).array().square() * v.array();
  }
  [[nodiscard]] double smoothness() const { return infinity; }
  [[nodiscard]] double strong_convexity() const { return 0; }
};

/// The three suprema at a scale.
struct Suprema {
  double displacement, distance, output_distance;
};

/// Checks the slopes of the three suprema between alpha = 100 and 1e5, a decade at a time.
template <class Run>
void check_slopes(double output_slope, Run run) {
  Suprema before = run(100);
  for (const double alpha : {1e3, 1e4, 1e5}) {
    const Suprema now = run(alpha);
    CAPTURE(alpha);
    CHECK_THAT(std::log10(now.displacement / before.displacement), WithinAbs(-1.0, 0.02));
    CHECK_THAT(std::log10(now.distance / before.distance), WithinAbs(-2.0, 0.02));
    CHECK_THAT(std::log10(now.output_distance / before.output_distance), WithinAbs(output_slope, 0.02));
    before = now;
  }
}

}  // namespace

/// sup ||w - w0|| ~ 1/alpha and sup ||w - wbar|| ~ 1/alpha^2; sup ||alpha h - alpha hbar|| ~ 1/alpha for the
/// centred model. The symmetrized initialization gains an order: h is odd under the exchange of the halves,
/// the first-order motion is odd too, and D^2h vanishes on it.
TEMPLATE_TEST_CASE("Distances fall with alpha as the theory says", "", double, float) {
  using S = TestType;
  const auto net = tanh_network<S>();
  const Vector<S> targets = vector_of(oracle()["inputs"]["y_star"]).template cast<S>();
  const auto loss = square_loss(targets, empirical(5));
  const TwinOptions options{.relative_tolerance = std::is_same_v<S, float> ? 1e-5 : 1e-8,
                            .samples = 20,
                            .first_sample = 1e-2,
                            .method = TwinMethod::difference};
  const auto suprema = [&](const auto& h, const Vector<S>& w0) {
    return [&, h, w0](double alpha) {
      const auto twin = compare_flows(Objective(h, loss, static_cast<S>(alpha)), w0, 2.0, options);
      REQUIRE(twin.complete);
      return Suprema{twin.displacement.value, twin.distance.value, twin.output_distance.value};
    };
  };
  SECTION("centred") {
    const Vector<S> w0 = oracle_parameters("w_uns").template cast<S>();
    check_slopes(-1, suprema(centred(net, w0), w0));
  }
  SECTION("symmetrized") {
    const Vector<S> w0 = oracle_parameters("w_sym").template cast<S>();
    check_slopes(-2, suprema(net, w0));
  }
}

TEST_CASE("Twin flows are the oracle's, at the end and along the way") {
  const std::string net = GENERATE("tanh_cen", "tanh_sym", "tanh_uns", "relu_sym");
  const std::string name = GENERATE("square", "logistic");
  if (net == "tanh_uns" && name == "logistic") return;  // the oracle has none
  const double alpha = GENERATE(10.0, 1000.0);
  const auto& flow = oracle_flow(net, name, alpha, 2.0);
  with_network(net, [&](const auto& h, const Vector<double>& w0) {
    with_loss(name, [&](const auto& loss) {
      const auto twin = compare_flows(Objective(h, loss, alpha), w0, 2.0, {.relative_tolerance = 1e-10});
      CAPTURE(net, name, alpha, twin.message);
      REQUIRE(twin.complete);
      const Vector<double> u = vector_of(flow["u_T"]), ubar = vector_of(flow["ubar_T"]);
      CHECK((twin.end - u).norm() <= 1e-8 * u.norm());
      CHECK((twin.linear_end - ubar).norm() <= 1e-8 * ubar.norm());
      const Vector<double> y = vector_of(flow["y_T"]), ybar = vector_of(flow["ybar_T"]);
      CHECK((twin.outputs - y).norm() <= 1e-8 * (1 + y.norm()));
      CHECK((twin.linear_outputs - ybar).norm() <= 1e-8 * (1 + ybar.norm()));
      CHECK_THAT(twin.loss.back(), WithinRel(flow["R_T"].get<double>(), 1e-7));
      CHECK_THAT(twin.linear_loss.back(), WithinRel(flow["Rbar_T"].get<double>(), 1e-7));
      // Direct subtraction loses what the displacement's tolerance is to their difference.
      const double lost = 1e-8 * u.norm() / alpha;
      CHECK_THAT(twin.displacements.back(), WithinRel(flow["disp_T"].get<double>(), 1e-7));
      CHECK_THAT(twin.distances.back(), WithinAbs(flow["delta_T"].get<double>(), lost));
      // The suprema are over other times than the oracle's, both dense.
      CHECK_THAT(twin.displacement.value, WithinRel(flow["sup_disp"].get<double>(), 2e-3));
      CHECK_THAT(twin.distance.value,
                 WithinAbs(flow["sup_delta"].get<double>(), lost + 2e-3 * flow["sup_delta"].get<double>()));
    });
  });
}

TEST_CASE("Suprema are the largest sample; samples begin and end where they should") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const auto method = GENERATE(TwinMethod::direct, TwinMethod::difference);
  Index calls = 0;
  const TwinOptions options{
      .relative_tolerance = 1e-8, .samples = 12, .first_sample = 1e-2, .method = method};
  const Objective objective(h, loss, 50.0);
  std::vector<double> seen;
  const auto twin = compare_flows(objective, w0, 3.0, options, DormandPrince{}, [&](const auto& view) {
    ++calls;
    seen.push_back((view.displacement - view.linear_displacement).norm() / 50.0);
    CHECK_THAT(loss.value(view.outputs), WithinRel(loss.value(view.linear_outputs), 0.05));
  });
  CHECK(calls == 13);
  REQUIRE(twin.times.size() == 13);
  CHECK(twin.times.back() == 3.0);
  CHECK_THAT(twin.times.front(), WithinRel(0.03, 1e-14));
  for (const auto* values : {&twin.loss, &twin.linear_loss, &twin.displacements, &twin.output_distances}) {
    CHECK(values->size() == 13);
  }
  CHECK(twin.distance.value == *std::max_element(twin.distances.begin(), twin.distances.end()));
  CHECK(twin.displacement.value == *std::max_element(twin.displacements.begin(), twin.displacements.end()));
  CHECK(twin.output_distance.value ==
        *std::max_element(twin.output_distances.begin(), twin.output_distances.end()));
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK_THAT(seen[i], WithinRel(twin.distances[i], 1e-9));
}

TEST_CASE("The numerical error that is told bounds the true one, and is of its kind") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  const auto loss = logistic_loss(vector_of(oracle()["inputs"]["label"]), empirical(5));
  const auto method = GENERATE(TwinMethod::direct, TwinMethod::difference);
  const double alpha = GENERATE(1.0, 20.0);
  const auto run = [&](double tolerance) {
    return compare_flows(
        Objective(h, loss, alpha), w0, 10.0,
        {.relative_tolerance = tolerance, .samples = 10, .first_sample = 0.1, .method = method});
  };
  const auto exact = run(1e-12);
  const double tolerance = GENERATE(1e-5, 1e-7);
  const auto twin = run(tolerance);
  const auto check = [&](const Measured& measured, double truth, double scale) {
    CHECK(std::abs(measured.value - truth) <= measured.error);
    CHECK(measured.error <= 1000 * tolerance * scale);
  };
  check(twin.displacement, exact.displacement.value, exact.displacement.value);
  // Distances are resolved relative to the displacement, or by the difference itself.
  check(twin.distance, exact.distance.value, exact.displacement.value);
  check(twin.output_distance, exact.output_distance.value, alpha * exact.displacement.value);
}

TEST_CASE("The automatic method resolves distances where a subtraction cannot") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const auto scaled_distance = [&](double alpha) {
    return alpha * alpha * compare_flows(Objective(h, loss, alpha), w0, 2.0, {.samples = 20}).distance.value;
  };
  CHECK_THAT(scaled_distance(1e12), WithinRel(scaled_distance(1e8), 1e-6));
  const auto limit = compare_flows(Objective(h, loss, infinity), w0, 2.0, {.samples = 20});
  CHECK(limit.complete);
  CHECK(limit.distance.value == 0);
  CHECK(limit.displacement.value == 0);
  CHECK(limit.end == limit.linear_end);
}

TEST_CASE("Where the quadrature of the difference fails the flows are compared directly") {
  SECTION("kinks that are not declared") {
    const auto h = relu_functor();
    Philox rng(6);
    const Vector<double> w0 = normal_vector(32, rng);
    const Objective objective(centred(h, w0),
                              square_loss(Vector<double>(5 * normal_vector(20, rng)), empirical(20)), 30.0);
    const double horizon = 2.0;
    const TwinOptions options{.relative_tolerance = 1e-6, .samples = 20};
    auto forced = options;
    forced.method = TwinMethod::direct;
    const auto automatic = compare_flows(objective, w0, horizon, options);
    const auto direct = compare_flows(objective, w0, horizon, forced);
    CHECK(automatic.method == TwinMethod::direct);
    CHECK(automatic.distance.value == direct.distance.value);
    CHECK(automatic.output_distance.value == direct.output_distance.value);
    // The difference, if it is insisted on, owns to its error.
    forced.method = TwinMethod::difference;
    const auto difference = compare_flows(objective, w0, horizon, forced);
    CHECK(difference.method == TwinMethod::difference);
    const double wrong = std::abs(difference.output_distance.value - direct.output_distance.value);
    CHECK(wrong > 0.1 * direct.output_distance.value);
    CHECK(difference.output_distance.error >= wrong);
  }
  SECTION("a way of order 1 at a large scale") {
    const double alpha = 100;
    const Vector<double> w0 = Vector<double>::Constant(1, 0.1);
    const auto h = wave();
    const Vector<double> y = alpha * (h(w0).array() + 3.0);
    const Objective objective(h, square_loss(y, euclidean(1)), alpha);
    const auto twin = compare_flows(objective, w0, 3.0, {.samples = 20});
    REQUIRE(twin.complete);
    const Vector<double> w = w0 + twin.end / alpha;
    CHECK_THAT(twin.outputs(0), WithinRel(alpha * h(w)(0), roundoff<double>(1000)));
    CHECK(twin.displacement.error <= 1e-7 * twin.displacement.value);
  }
  SECTION("not where it is exact") {
    const Vector<double> w0 = oracle_parameters("w_uns");
    const auto h = centred(tanh_network<double>(), w0);
    const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
    for (const double alpha : {30.0, 1e4, 1e9}) {
      CHECK(compare_flows(Objective(h, loss, alpha), w0, 2.0, {.samples = 10}).method ==
            TwinMethod::difference);
    }
    CHECK(compare_flows(Objective(h, loss, 1.0), w0, 2.0, {.samples = 10}).method == TwinMethod::direct);
  }
}

TEST_CASE("A loss without a Lipschitz gradient is trained like any other") {
  // h(w) = w: y' = -(y - t)^3, so that 1 / (y - t)^2 grows by 2 t.
  const auto identity =
      differentiable<double>([]<class T>(const Vector<T>& w) -> Vector<T> { return w; }, 1, 1);
  const Quartic loss{Vector<double>::Constant(1, 3.0)};
  const auto twin =
      compare_flows(Objective(identity, loss, 1.0), Vector<double>::Ones(1), 10.0, {.samples = 10});
  REQUIRE(twin.complete);
  CHECK_THAT(3 - twin.outputs(0), WithinRel(1 / std::sqrt(1.0 / 4 + 20), 1e-8));
  CHECK(twin.output_distance.value <= 1e-8);
}

TEST_CASE("An observer that returns false and a budget of time stop the runs") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const auto method = GENERATE(TwinMethod::direct, TwinMethod::difference);
  const Objective objective(h, loss, 50.0);
  Index calls = 0;
  const auto stopped = compare_flows(objective, w0, 3.0, {.samples = 10, .method = method}, DormandPrince{},
                                     [&](const auto&) { return ++calls < 4; });
  CHECK(calls == 4);
  CHECK(stopped.times.size() == 4);
  CHECK_FALSE(stopped.complete);
  const auto none = compare_flows(objective, w0, 3.0, {.method = method, .max_seconds = 0});
  CHECK_FALSE(none.complete);
  CHECK(none.times.empty());
  CHECK(std::isnan(none.distance.value));
  std::ostringstream text;
  text << none;
  CHECK_THAT(text.str(), ContainsSubstring("NOT COMPLETE, before the first sampled time"));
}

TEST_CASE("Every stepper finds the same twin flows") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  const auto loss = logistic_loss(vector_of(oracle()["inputs"]["label"]), empirical(5));
  const Objective objective(h, loss, 10.0);
  const TwinOptions options{.relative_tolerance = 1e-10, .samples = 20};
  const auto explicit_one = compare_flows(objective, w0, 5.0, options, DormandPrince{});
  const auto exponential = compare_flows(objective, w0, 5.0, options, Exponential{});
  CHECK((explicit_one.end - exponential.end).norm() <= 1e-8 * explicit_one.end.norm());
  CHECK_THAT(exponential.distance.value, WithinRel(explicit_one.distance.value, 1e-6));
}

TEST_CASE("A model without second derivatives is compared directly") {
  // Each coordinate obeys w' = -w (w^2 - c) / 2 with c = 1 + 2 y / alpha, a Bernoulli equation.
  const double alpha = 50;
  const double T = 3;
  const Vector<double> y = vector({0.5, -0.2});
  const Vector<double> w0 = Vector<double>::Ones(2);
  const Objective objective(Squares{}, square_loss(y, euclidean(2)), alpha);
  const auto twin = compare_flows(objective, w0, T, {.relative_tolerance = 1e-10});
  REQUIRE(twin.complete);
  for (Index i = 0; i < 2; ++i) {
    const double c = 1 + 2 * y(i) / alpha;
    const double decay = std::exp(-c * T);
    const double w = std::sqrt(c / (1 + (c - 1) * decay));
    CHECK_THAT(twin.end(i), WithinRel(alpha * (w - 1), 1e-7));
    CHECK_THAT(twin.linear_end(i), WithinRel(y(i) * -std::expm1(-T), 1e-9));
  }
  CHECK_THROWS_AS(compare_flows(objective, w0, T, {.method = TwinMethod::difference}), std::invalid_argument);
}

TEST_CASE("A run that cannot finish keeps what it computed, and says so") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = centred(tanh_network<double>(), w0);
  const auto loss = logistic_loss(vector_of(oracle()["inputs"]["label"]), empirical(5));
  const auto method = GENERATE(TwinMethod::direct, TwinMethod::difference);
  const auto twin = compare_flows(Objective(h, loss, 1.0), w0, 10.0, {.method = method, .max_steps = 5});
  CHECK_FALSE(twin.complete);
  CHECK_FALSE(twin.message.empty());
  CHECK(twin.times.size() < 101);
  CHECK(twin.times.size() == twin.distances.size());
}

TEST_CASE("compare_flows refuses options that make no sense") {
  const Vector<double> w0 = oracle_parameters("w_uns");
  const auto h = tanh_network<double>();
  const auto loss = square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5));
  const Objective objective(h, loss, 1.0);
  const auto refuse = [&]<class E>(E, double horizon, const TwinOptions& options) {
    return message_of<E>([&] { (void)compare_flows(objective, w0, horizon, options); });
  };
  const std::invalid_argument argument("");
  const std::domain_error domain("");
  CHECK_THAT(refuse(argument, 1, {.samples = 0}), ContainsSubstring("options.samples is 0"));
  CHECK_THAT(refuse(domain, 1, {.first_sample = 1}), ContainsSubstring("options.first_sample is 1"));
  CHECK_THAT(refuse(domain, 0, {}), ContainsSubstring("horizon is 0"));
  CHECK_THAT(message_of<std::domain_error>(
                 [&] { (void)compare_flows(objective, Vector<double>(std::nan("") * w0), 1.0); }),
             ContainsSubstring("||w0|| is"));
  CHECK_THAT(refuse(domain, 1, {.relative_tolerance = -1}), ContainsSubstring("relative_tolerance"));
  CHECK_THAT(
      message_of<std::domain_error>([&] { (void)compare_flows(Objective(h, loss, infinity), w0, 1.0); }),
      ContainsSubstring("expected h(w0) = 0"));
  const auto relu = oracle_network<Relu>();
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)compare_flows(Objective(relu, loss, 100.0), w0, 1.0, {.method = TwinMethod::difference});
             }),
             ContainsSubstring("options.method is difference, expected direct"));
}

TEST_CASE("What a closed form cannot resolve is part of the numerical error") {
  // h(w) = (w1, 1e-8 w2), which is linear: both flows are the same. The second mode has the eigenvalue 1e-16,
  // which rounding does not tell from 0; by t = 1e7 it has moved by 0.1 all the same.
  const Vector<double> slopes = Eigen::Vector2d(1.0, 1e-8), target = Eigen::Vector2d(1.0, 1.0);
  const auto h = differentiable<double>(
      [slopes]<class T>(const Vector<T>& w) -> Vector<T> {
        return slopes.template cast<T>().cwiseProduct(w);
      },
      2, 2);
  const double horizon = GENERATE(1e6, 1e7, 1e8);
  const auto twin =
      compare_flows(Objective(h, square_loss(target, euclidean(2)), 1.0),
                    Vector<double>(Vector<double>::Zero(2)), horizon, {.samples = 10}, Exponential{});
  INFO(twin);
  CHECK(twin.complete);
  CHECK(twin.method == TwinMethod::direct);
  CHECK(twin.distance.value <= twin.distance.error + roundoff<double>(100));
  CHECK(twin.output_distance.value <= twin.output_distance.error + roundoff<double>(100));
}
