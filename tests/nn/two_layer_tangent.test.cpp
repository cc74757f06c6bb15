// Any allocation by Eigen while it is forbidden fails an assertion, which here throws.
#define EIGEN_RUNTIME_NO_MALLOC
#include <stdexcept>
#define eigen_assert(condition) \
  if (!(condition)) throw std::logic_error(#condition)

#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <lazytrain/nn/two_layer_tangent.hpp>
#include <support/catch.hpp>
#include <support/model_laws.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

struct Shape {
  Index inputs, neurons, outputs, samples;
};

// Short and long inputs, one block of samples and several, odd sizes.
const Shape shapes[] = {{1, 1, 1, 1},     {3, 7, 1, 13},  {4, 6, 3, 5},
                        {2, 1024, 2, 70}, {37, 9, 1, 50}, {19, 301, 3, 67}};

template <class S, class Sigma>
TwoLayerOnData<S, Sigma> model(const Shape& shape, Philox& rng) {
  const TwoLayer<S, Sigma> net(
      {.inputs = shape.inputs, .neurons = shape.neurons, .outputs = shape.outputs, .scaling = Scaling::sqrt});
  return net.on(normal_matrix<S>(shape.inputs, shape.samples, rng));
}

template <class S, class H>
Matrix<S> jacobian(const H& h, const Vector<S>& w) {
  const auto t = h.linearize(w);
  Matrix<S> J(h.output_dim(), h.parameter_dim());
  for (Index q = 0; q < J.cols(); ++q) t.jvp(Vector<S>::Unit(J.cols(), q), J.col(q));
  return J;
}

}  // namespace

TEMPLATE_TEST_CASE("smooth two-layer networks obey the laws of models", "[nn]", (std::pair<float, Tanh>),
                   (std::pair<double, Tanh>), (std::pair<double, Sigmoid>), (std::pair<double, Softplus>),
                   (std::pair<double, Erf>), (std::pair<double, Quadratic>), (std::pair<double, Identity>)) {
  using S = typename TestType::first_type;
  Philox rng(1);
  for (const Shape shape : {Shape{3, 7, 1, 13}, Shape{4, 6, 3, 5}, Shape{37, 9, 3, 50}}) {
    CAPTURE(shape.inputs, shape.neurons, shape.outputs, shape.samples);
    const auto h = model<S, typename TestType::second_type>(shape, rng);
    check_model_laws(h, normal_vector<S>(h.parameter_dim(), rng));
  }
}

TEMPLATE_TEST_CASE("values and derivatives are the sums over neurons that define them", "[nn]", Relu, Tanh) {
  using Sigma = TestType;
  Philox rng(2);
  for (const Shape& shape : shapes) {
    CAPTURE(shape.inputs, shape.neurons, shape.outputs, shape.samples);
    const auto h = model<double, Sigma>(shape, rng);
    const auto& X = h.inputs();
    const Vector<double> w = normal_vector(h.parameter_dim(), rng);
    const Vector<double> u = normal_vector(h.parameter_dim(), rng);
    const Vector<double> v = normal_vector(h.parameter_dim(), rng);
    const Index N = h.output_dim();
    const auto t = h.linearize(w);
    Vector<double> value = Vector<double>::Zero(N), first = value, second = value;
    double size = 0;
    for (Index i = 0; i < shape.samples; ++i) {
      for (Index j = 0; j < shape.neurons; ++j) {
        const auto a = [&](const Vector<double>& p) {
          return p.segment(h.layout().inner_offset(j), shape.inputs);
        };
        const auto b = [&](const Vector<double>& p) {
          return p.segment(h.layout().outer_offset(j), shape.outputs);
        };
        const double z = a(w).dot(X.col(i)), zu = a(u).dot(X.col(i)), zv = a(v).dot(X.col(i));
        const double s = h.layout().scale();
        const Index at = i * shape.outputs;
        value.segment(at, shape.outputs) += s * b(w) * Sigma::value(z);
        first.segment(at, shape.outputs) += s * (b(v) * Sigma::value(z) + b(w) * Sigma::derivative(z) * zv);
        second.segment(at, shape.outputs) +=
            s * (b(w) * Sigma::second(z) * zu * zv + (b(u) * zv + b(v) * zu) * Sigma::derivative(z));
        size += s * (b(w).norm() + b(u).norm() + b(v).norm()) * (1 + std::abs(z) + std::abs(zu)) *
                (1 + std::abs(zv));
      }
    }
    const double tolerance = roundoff<double>(static_cast<double>(shape.inputs + shape.neurons)) * size;
    Vector<double> out(N);
    CHECK((t.value() - value).norm() <= tolerance);
    t.jvp(v, out);
    CHECK((out - first).norm() <= tolerance);
    t.second(u, v, out);
    CHECK((out - second).norm() <= tolerance);

    const Vector<double> c = normal_vector(N, rng);
    Vector<double> gradient(h.parameter_dim());
    t.vjp(c, gradient);
    CHECK_THAT(gradient.dot(v), WithinAbs(c.dot(first), tolerance * (1 + c.norm())));
    t.second_vjp(u, c, gradient);
    CHECK_THAT(gradient.dot(v), WithinAbs(c.dot(second), tolerance * (1 + c.norm())));
  }
}

TEMPLATE_TEST_CASE("gram is J J^T", "[nn]", float, double) {
  using S = TestType;
  Philox rng(3);
  for (const Shape& shape : {Shape{3, 7, 1, 13}, Shape{4, 6, 3, 50}, Shape{20, 5, 2, 140}}) {
    CAPTURE(shape.inputs, shape.neurons, shape.outputs, shape.samples);
    const auto h = model<S, Relu>(shape, rng);
    const Vector<S> w = normal_vector<S>(h.parameter_dim(), rng);
    const Matrix<S> J = jacobian<S>(h, w);
    const auto t = h.linearize(w);
    const double tolerance =
        roundoff<S>(static_cast<double>(h.parameter_dim())) * static_cast<double>(J.squaredNorm());
    const Matrix<S> K = t.gram();
    CHECK(static_cast<double>((K - J * J.transpose()).norm()) <= tolerance);
    CHECK(K == K.transpose());

    const Index half = shape.samples / 2;
    const Index k = shape.outputs;
    const TwoLayer<S, Relu> net(
        {.inputs = shape.inputs, .neurons = shape.neurons, .outputs = k, .scaling = Scaling::sqrt});
    const auto train = net.on(Matrix<S>(h.inputs().leftCols(half))).linearize(w);
    const Matrix<S> cross = train.cross_gram(Matrix<S>(h.inputs().rightCols(shape.samples - half)));
    CHECK(static_cast<double>((cross - K.topRightCorner(half * k, (shape.samples - half) * k)).norm()) <=
          tolerance);
  }
}

TEST_CASE("steps, jvps and gradients allocate nothing", "[nn]") {
  Philox rng(4);
  for (const Shape& shape :
       {Shape{2, 20, 1, 15}, Shape{100, 50, 1, 1000}, Shape{4, 6, 3, 5}, Shape{64, 64, 10, 300}}) {
    CAPTURE(shape.inputs, shape.neurons, shape.outputs, shape.samples);
    const auto h = model<double, Tanh>(shape, rng);
    const Vector<double> w = normal_vector(h.parameter_dim(), rng);
    const auto displaced = h.displace(w, 0.1);
    auto t = h.linearize(w);
    auto s = displaced.linearize(w);
    Vector<double> u = normal_vector(h.output_dim(), rng), v = w, g = w;
    Eigen::internal::set_is_malloc_allowed(false);
    CHECK_THROWS_AS(Vector<double>(v + w).sum(), std::logic_error);
    CHECK_NOTHROW(t.move_to(v));
    CHECK_NOTHROW(t.vjp(u, g));
    CHECK_NOTHROW(t.jvp(v, u));
    CHECK_NOTHROW(t.second(v, w, u));
    CHECK_NOTHROW(t.second_vjp(v, u, g));
    CHECK_NOTHROW(s.move_to(v));
    CHECK_NOTHROW(s.vjp(u, g));
    Eigen::internal::set_is_malloc_allowed(true);
  }
}

TEST_CASE("the parts of the forward pass can be read", "[nn]") {
  Philox rng(5);
  const auto h = model<double, Tanh>({3, 4, 2, 5}, rng);
  const Vector<double> w = normal_vector(h.parameter_dim(), rng);
  const auto t = h.linearize(w);
  CHECK(t.parameters() == w);
  CHECK(t.neuron(1) == w.segment(5, 5));
  CHECK(t.inner().col(2) == w.segment(10, 3));
  CHECK(t.outer().col(2) == w.segment(13, 2));
  CHECK((t.preactivations() - t.inner().transpose() * h.inputs()).norm() <=
        roundoff<double>(3) * t.inner().norm() * h.inputs().norm());
  CHECK((t.activations().array() - t.preactivations().array().tanh()).matrix().norm() <=
        roundoff<double>(4) * t.activations().norm());
}

TEST_CASE("tangents refuse wrong sizes", "[nn]") {
  Philox rng(6);
  const auto h = model<double, Relu>({3, 4, 2, 5}, rng);
  const Vector<double> w = normal_vector(20, rng), u = normal_vector(10, rng), wrong = normal_vector(7, rng);
  auto t = h.linearize(w);
  Vector<double> p(20), o(10), bad(7);
  const auto refuses = [](auto&& action, const char* text) {
    CHECK_THAT(message_of<std::invalid_argument>(action), ContainsSubstring(text));
  };
  refuses([&] { static_cast<void>(h.linearize(wrong)); }, "w has size 7, expected 20 (m (d + k))");
  refuses([&] { t.move_to(wrong); }, "TwoLayerTangent::move_to: w has size 7, expected 20");
  refuses([&] { t.jvp(wrong, o); }, "TwoLayerTangent::jvp: v has size 7");
  refuses([&] { t.jvp(w, bad); }, "TwoLayerTangent::jvp: out has size 7, expected 10 (n k)");
  refuses([&] { t.vjp(wrong, p); }, "TwoLayerTangent::vjp: u has size 7");
  refuses([&] { t.vjp(u, bad); }, "TwoLayerTangent::vjp: out has size 7");
  refuses([&] { t.second(w, wrong, o); }, "TwoLayerTangent::second: v has size 7");
  refuses([&] { t.second_vjp(w, wrong, p); }, "TwoLayerTangent::second_vjp: c has size 7");
  refuses([&] { static_cast<void>(t.cross_gram(Matrix<double>(4, 2))); }, "X.rows() has size 4, expected 3");
  refuses([&] { static_cast<void>(t.neuron(4)); }, "TwoLayerTangent::neuron: j is 4");
  Matrix<double> small(3, 3);
  refuses([&] { t.gram(small); }, "TwoLayerTangent::gram: out.rows() has size 3, expected 10 (n k)");
  CHECK(t.value() == h.linearize(w).value());
}
