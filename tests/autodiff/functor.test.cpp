#include <filesystem>
#include <fstream>
#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/core/random.hpp>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/model_laws.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

enum class Activation { tanh, relu, quadratic, softplus, erf };

template <class T>
Matrix<T> apply(Activation activation, const Matrix<T>& z) {
  using std::erf;
  switch (activation) {
    case Activation::tanh:
      return z.array().tanh();
    case Activation::relu:
      return z.unaryExpr([](const T& x) { return relu(x); });
    case Activation::quadratic:
      return z.array().square();
    case Activation::softplus:
      return z.unaryExpr([](const T& x) { return softplus(x); });
    default:
      return z.unaryExpr([](const T& x) { return erf(x); });
  }
}

/// f(w, x) = sum_j b_j sigma(a_j . x) / sqrt(m), with w = (a_0, b_0, a_1, b_1, ...).
struct TwoLayer {
  Activation activation;
  Matrix<double> inputs;
  double scale;

  template <class T>
  Vector<T> operator()(const Vector<T>& w) const {
    const Index d = inputs.rows();
    const Eigen::Map<const Matrix<T>> neurons(w.data(), d + 1, w.size() / (d + 1));
    const Matrix<T> hidden = apply<T>(activation, inputs.transpose() * neurons.topRows(d));
    return scale * hidden * neurons.row(d).transpose();
  }
};

const nlohmann::json& oracle() {
  static const nlohmann::json json = [] {
    std::ifstream file(std::filesystem::path(__FILE__).parent_path().parent_path() / "support" /
                       "oracle.json");
    return nlohmann::json::parse(file);
  }();
  return json;
}

Vector<double> vector(const nlohmann::json& json) {
  const auto entries = json.get<std::vector<double>>();
  return Eigen::Map<const Vector<double>>(entries.data(), static_cast<Index>(entries.size()));
}

Matrix<double> matrix(const nlohmann::json& json) {
  Matrix<double> x(json.size(), json[0].size());
  for (Index i = 0; i < x.rows(); ++i) x.row(i) = vector(json[static_cast<std::size_t>(i)]).transpose();
  return x;
}

template <class S = double>
Matrix<S> some_inputs() {
  Philox rng(3);
  return normal_matrix<S>(3, 5, rng);
}

}  // namespace

TEST_CASE("Functor models are models, twice differentiable, and so are their displacements") {
  const auto h = differentiable<double>(TwoLayer{Activation::tanh, some_inputs(), 1}, 24, 5);
  using H = decltype(h);
  STATIC_REQUIRE(Model<std::decay_t<H>>);
  STATIC_REQUIRE(TwiceDifferentiableModel<std::decay_t<H>>);
  STATIC_REQUIRE(HasDisplace<std::decay_t<H>>);
  STATIC_REQUIRE(HasOutputSpace<std::decay_t<H>>);
  STATIC_REQUIRE(TwiceDifferentiableModel<DisplacedFunctor<double, TwoLayer>>);
  CHECK(h.parameter_dim() == 24);
  CHECK(h.output_dim() == 5);
  CHECK(h.output_space() == euclidean(5));
  CHECK(
      differentiable<double>(TwoLayer{Activation::tanh, some_inputs(), 1}, 24, empirical(5)).output_space() ==
      empirical(5));
}

TEST_CASE("Functor models obey the laws of models") {
  const auto activation =
      GENERATE(Activation::tanh, Activation::quadratic, Activation::softplus, Activation::erf);
  const auto h = differentiable<double>(TwoLayer{activation, some_inputs(), 0.5}, 24, empirical(5));
  Philox rng(4);
  const Vector<double> w = normal_vector(24, rng);
  check_model_laws(h, w);
  check_model_laws(h.displace(w, 0.25), normal_vector(24, rng));
}

TEST_CASE("A two-layer network has the reference's values, Jacobian and tangent kernel") {
  const std::string net = GENERATE("tanh_sym", "tanh_uns", "relu_sym", "relu_uns", "quad_sym", "quad_uns");
  const auto& inputs = oracle()["inputs"];
  const auto& reference = oracle()["static"][net];
  const auto activation = net.starts_with("tanh")   ? Activation::tanh
                          : net.starts_with("relu") ? Activation::relu
                                                    : Activation::quadratic;
  const Matrix<double> x = matrix(inputs["X"]).transpose();
  const Vector<double> w0 = vector(inputs[net.ends_with("sym") ? "w_sym" : "w_uns"]);
  const auto h = differentiable<double>(TwoLayer{activation, x, inputs["scale"]}, 24, empirical(5));
  const auto tangent = h.linearize(w0);

  const Matrix<double> j = matrix(reference["J"]);
  CHECK((tangent.value() - vector(reference["h_w0"])).norm() < 1e-12);
  CHECK((h(w0) - vector(reference["h_w0"])).norm() < 1e-12);
  Matrix<double> by_rows(5, 24);
  Matrix<double> by_columns(5, 24);
  Vector<double> row(24);
  Vector<double> column(5);
  for (Index i = 0; i < 5; ++i) {
    tangent.vjp(Vector<double>::Unit(5, i), row);
    by_rows.row(i) = row.transpose();
  }
  for (Index q = 0; q < 24; ++q) {
    tangent.jvp(Vector<double>::Unit(24, q), column);
    by_columns.col(q) = column;
  }
  CHECK((by_rows - j).norm() < 1e-12 * j.norm());
  CHECK((by_columns - j).norm() < 1e-12 * j.norm());
  const Matrix<double> kernel = matrix(reference["tangent_kernel_eq7"]);
  CHECK((by_rows * by_rows.transpose() - kernel).norm() < 1e-12 * kernel.norm());

  // The norm of D^2h in F is attained at a unit vector of one neuron's parameters.
  Vector<double> u = Vector<double>::Zero(24);
  u.segment(4 * reference["D2h_argmax_neuron"].get<Index>(), 4) =
      vector(reference["D2h_argmax_u_alpha_beta"]);
  tangent.second(u, u, column);
  const double norm = reference["D2h_norm"];
  CHECK_THAT(h.output_space().norm(column), WithinRel(norm, 1e-12));
  tangent.second_vjp(u, column, row);
  CHECK_THAT(row.dot(u), WithinRel(column.squaredNorm(), 1e-12));
}

TEST_CASE("The reference's gradient of the square loss") {
  const std::string net = GENERATE("tanh_sym", "tanh_uns", "relu_sym", "relu_uns", "quad_sym", "quad_uns");
  const auto& inputs = oracle()["inputs"];
  const auto& criterion = oracle()["static"][net]["lazy_criterion"];
  const auto activation = net.starts_with("tanh")   ? Activation::tanh
                          : net.starts_with("relu") ? Activation::relu
                                                    : Activation::quadratic;
  const Vector<double> w0 = vector(inputs[net.ends_with("sym") ? "w_sym" : "w_uns"]);
  const auto h = differentiable<double>(
      TwoLayer{activation, matrix(inputs["X"]).transpose(), inputs["scale"]}, 24, empirical(5));
  const auto tangent = h.linearize(w0);
  const Vector<double> cotangent = (tangent.value() - vector(inputs["y_star"])) / 5;
  Vector<double> gradient(24);
  tangent.vjp(cotangent, gradient);
  CHECK((gradient - vector(criterion["gradF"])).norm() < 1e-12 * gradient.norm());
}

TEST_CASE("What does not move has no derivative and no difference, whatever its slope") {
  // Beside w1: the norm of data that are 0, and roots of a parameter.
  const auto h = differentiable<double>(
      []<class T>(const Vector<T>& w) -> Vector<T> {
        const Vector<double> row = Vector<double>::Zero(1);
        return Vector<T>::Constant(1, w(0) * w(1) + row.template cast<T>().norm() * w(1));
      },
      2, 1);
  const Vector<double> w = Eigen::Vector2d(1, 2), v = Eigen::Vector2d(0.5, 0.25);
  const auto t = linearize(h, w);
  CHECK(t.jvp(v)(0) == 1.25);
  Vector<double> second(1), transposed(2);
  t.second(v, v, second);
  t.second_vjp(v, Vector<double>(Vector<double>::Ones(1)), transposed);
  CHECK(second(0) == 0.25);
  CHECK(transposed == Eigen::Vector2d(0.25, 0.5));
  for (const double epsilon : {0.0, 0.125, 1.0}) {
    CHECK(h.displace(w, epsilon).linearize(v).value()(0) == 1.25 + epsilon * 0.125);
  }
  const auto roots = differentiable<double>(
      []<class T>(const Vector<T>& u) -> Vector<T> {
        using std::pow;
        using std::sqrt;
        return Vector<T>::Constant(1, sqrt(u(0)) + pow(u(0), 0.5) + u(1));
      },
      2, 1);
  CHECK(roots.displace(Vector<double>::Zero(2), 0.5).linearize(Eigen::Vector2d(0, 3)).value()(0) == 3);
}

TEST_CASE("Saturated tanh and sigmoid have their derivative on both sides") {
  const auto h = differentiable<double>(
      []<class T>(const Vector<T>& w) -> Vector<T> {
        using std::tanh;
        Vector<T> y(2);
        y(0) = tanh(w(0));
        y(1) = sigmoid(w(0));
        return y;
      },
      1, 2);
  const Vector<double> one = Vector<double>::Ones(1);
  for (const double x : {-40.0, -3.0, -0.3, 0.0, 0.7, 3.0, 15.0, 20.0, 40.0}) {
    CAPTURE(x);
    const Vector<double> w = Vector<double>::Constant(1, x);
    const auto t = linearize(h, w);
    const double q = std::exp(-std::abs(x)), tanh_slope = 4 * q * q / std::pow(1 + q * q, 2),
                 slope = q / std::pow(1 + q, 2);
    // The arguments of exp are exact; a dozen roundings on each side.
    const double tolerance = roundoff<double>(16);
    CHECK_THAT(t.jvp(one)(0), WithinRel(tanh_slope, tolerance));
    CHECK_THAT(t.jvp(one)(1), WithinRel(slope, tolerance));
    CHECK_THAT(t.vjp(Eigen::Vector2d(1, 0))(0), WithinRel(tanh_slope, tolerance));
    CHECK_THAT(t.vjp(Eigen::Vector2d(0, 1))(0), WithinRel(slope, tolerance));
    Vector<double> second(2);
    t.second(one, one, second);
    CHECK_THAT(second(0), WithinRel(-2 * std::tanh(x) * tanh_slope, 4 * tolerance));
    CHECK_THAT(second(1), WithinRel(-std::tanh(x / 2) * slope, 4 * tolerance));
  }
}

TEST_CASE("Displaced functors are differences without cancellation") {
  const auto activation = GENERATE(Activation::tanh, Activation::relu, Activation::softplus, Activation::erf);
  const TwoLayer net{activation, some_inputs(), 0.5};
  Philox rng(5);
  const Vector<double> w0 = normal_vector(24, rng);
  const Vector<double> delta = normal_vector(24, rng);
  const auto h = differentiable<double>(net, 24, 5);
  const auto near = h.linearize(w0);
  Vector<double> jvp(5);
  near.jvp(delta, jvp);
  CHECK((h.displace(w0, 0)(delta) - jvp).norm() < roundoff<double>(32) * jvp.norm());
  for (const double epsilon : {1.0, 1e-3}) {
    const auto model = h.displace(w0, epsilon);
    const Vector<double> plain = (h(w0 + epsilon * delta) - h(w0)) / epsilon;
    CHECK((model(delta) - plain).norm() < roundoff<double>(64) / epsilon);
    const auto tangent = model.linearize(delta);
    CHECK(tangent.value() == model(delta));
    const auto end = h.linearize(w0 + epsilon * delta);
    Vector<double> a(5);
    Vector<double> b(5);
    tangent.jvp(delta, a);
    end.jvp(delta, b);
    CHECK(a == b);
    tangent.second(delta, delta, a);
    end.second(delta, delta, b);
    CHECK(a == Vector<double>(epsilon * b));
  }
}

TEST_CASE("Displacing in float keeps its accuracy at every alpha where the plain difference loses it") {
  const auto activation = GENERATE(Activation::tanh, Activation::relu, Activation::softplus, Activation::erf);
  const TwoLayer net{activation, some_inputs().cast<float>().cast<double>(), 0.5};
  Philox rng(6);
  const Vector<float> w0 = normal_vector<float>(24, rng);
  const Vector<float> delta = normal_vector<float>(24, rng);
  const auto single = differentiable<float>(net, 24, 5);
  const auto extended = differentiable<long double>(net, 24, 5);
  for (float alpha = 1; alpha < 2e9f; alpha *= 10) {
    const float epsilon = 1 / alpha;
    const Vector<long double> exact = extended.displace(
        w0.cast<long double>(), static_cast<long double>(epsilon))(delta.cast<long double>());
    const Vector<float> value = single.displace(w0, epsilon).linearize(delta).value();
    INFO("alpha = " << alpha);
    CHECK(static_cast<double>((value.cast<long double>() - exact).norm() / exact.norm()) < 1e-5);
  }
}

TEST_CASE("Moving a displaced tangent equals a fresh one") {
  const auto h = differentiable<double>(TwoLayer{Activation::tanh, some_inputs(), 0.5}, 24, 5);
  Philox rng(7);
  const Vector<double> w0 = normal_vector(24, rng);
  const Vector<double> delta = normal_vector(24, rng);
  const double epsilon = GENERATE(0.0, 0.5);
  const auto model = h.displace(w0, epsilon);
  auto moved = model.linearize(2 * delta);
  moved.move_to(delta);
  const auto fresh = model.linearize(delta);
  CHECK(moved.value() == fresh.value());
  Vector<double> a(24);
  Vector<double> b(24);
  moved.vjp(Vector<double>::Ones(5), a);
  fresh.vjp(Vector<double>::Ones(5), b);
  CHECK(a == b);
}

TEST_CASE("Generic lambdas and functors of other dense vectors are models") {
  const auto lambda = []<class T>(const Vector<T>& w) -> Vector<T> { return w.array().square(); };
  const auto h = differentiable<double>(lambda, 3, 3);
  CHECK(h(Vector<double>::Constant(3, 3.0)) == Vector<double>::Constant(3, 9.0));
  const auto fixed = []<class T>(const Vector<T>& w) { return Eigen::Matrix<T, 1, 1>(w.prod()); };
  Vector<double> g(2);
  differentiable<double>(fixed, 2, 1).linearize(Eigen::Vector2d(3, 4)).vjp(Vector<double>::Ones(1), g);
  CHECK(g == Eigen::Vector2d(4, 3));
}

TEST_CASE("What no scalar type can enter is not a functor") {
  const auto only_double = [](const Vector<double>& w) -> Vector<double> { return w; };
  const auto expression = []<class T>(const Vector<T>& w) { return w + w; };
  const auto number = []<class T>(const Vector<T>& w) { return w(0); };
  STATIC_REQUIRE_FALSE(DifferentiableFunctor<decltype(only_double), double>);
  STATIC_REQUIRE_FALSE(DifferentiableFunctor<decltype(expression), double>);
  STATIC_REQUIRE_FALSE(DifferentiableFunctor<decltype(number), double>);
  STATIC_REQUIRE(DifferentiableFunctor<TwoLayer, float>);
}

TEST_CASE("Sizes and epsilon are checked") {
  const TwoLayer net{Activation::tanh, some_inputs(), 1};
  CHECK_THROWS_AS(differentiable<double>(net, 0, 5), std::invalid_argument);
  CHECK_THROWS_AS(differentiable<double>(net, 24, 0), std::invalid_argument);
  const auto wrong = differentiable<double>(net, 24, 7);
  const Vector<double> w = Vector<double>::Ones(24);
  CHECK(message_of<std::invalid_argument>([&] { (void)wrong(w); }) ==
        "lazytrain::differentiable: the functor's result has size 5, expected 7 (the dimension N of F)");
  CHECK_THROWS_AS(wrong.linearize(w), std::invalid_argument);
  const auto h = differentiable<double>(net, 24, 5);
  CHECK(message_of<std::invalid_argument>([&] { (void)h.linearize(w.head(20)); }) ==
        "lazytrain::differentiable: w has size 20, expected 24 (the number of parameters p)");
  CHECK_THROWS_AS(h(w.head(20)), std::invalid_argument);
  CHECK_THROWS_AS(h.displace(w.head(20), 1), std::invalid_argument);
  CHECK_THROWS_AS(h.displace(w, -1), std::domain_error);
  CHECK_THROWS_AS(h.displace(w, std::numeric_limits<double>::quiet_NaN()), std::domain_error);
  CHECK_THROWS_AS(h.displace(w, 1)(w.head(20)), std::invalid_argument);
  CHECK_THROWS_AS(h.displace(w, 1).linearize(w.head(20)), std::invalid_argument);
}

TEST_CASE("A functor that branches differently at both ends is refused") {
  const auto branching = []<class T>(const Vector<T>& w) -> Vector<T> {
    if (w(0) < 1) return w;
    return 2 * w;
  };
  const auto h = differentiable<double>(branching, 1, 1);
  const Vector<double> zero = Vector<double>::Zero(1);
  CHECK(h.displace(zero, 1)(Vector<double>::Constant(1, 0.5))(0) == 0.5);
  CHECK_THROWS_AS(h.displace(zero, 1)(Vector<double>::Constant(1, 1.5)), std::domain_error);
}
