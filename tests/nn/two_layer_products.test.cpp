#include <lazytrain/core/random.hpp>
#include <lazytrain/nn/two_layer_products.hpp>
#include <memory>
#include <utility>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

struct Shape {
  Index inputs, neurons, outputs, samples;
};

// Short and long inputs, one output and several, one block of samples and several.
const Shape shapes[] = {{1, 1, 1, 1}, {3, 7, 1, 13}, {8, 5, 3, 40}, {37, 9, 1, 50}, {19, 301, 3, 67}};

template <class S>
detail::TwoLayerProducts<S> products(const Shape& shape, std::shared_ptr<const Matrix<S>> X) {
  const TwoLayerLayout layout(
      {.inputs = shape.inputs, .neurons = shape.neurons, .outputs = shape.outputs, .scaling = Scaling::sqrt});
  return detail::TwoLayerProducts<S>(layout, std::move(X));
}

template <class S>
std::shared_ptr<const Matrix<S>> random_inputs(const Shape& shape, Philox& rng) {
  return std::make_shared<const Matrix<S>>(normal_matrix<S>(shape.inputs, shape.samples, rng));
}

}  // namespace

TEMPLATE_TEST_CASE("two-layer products: each is its matrix product", "[nn]", float, double) {
  using S = TestType;
  Philox rng(5);
  for (const Shape& shape : shapes) {
    const Index d = shape.inputs, m = shape.neurons, k = shape.outputs, n = shape.samples;
    const auto X = random_inputs<S>(shape, rng);
    const auto of = products<S>(shape, X);
    const TwoLayerLayout& layout = of.layout();
    const Vector<S> w = normal_vector<S>(layout.parameter_dim(), rng);
    const Matrix<S> h = normal_matrix<S>(m, n, rng), delta = normal_matrix<S>(m, n, rng),
                    u = normal_matrix<S>(k, n, rng);
    const auto scale = static_cast<S>(layout.scale());

    Matrix<S> outer(m, k), z(m, n), y(k, n), back(m, n);
    Vector<S> gradient = Vector<S>::Constant(layout.parameter_dim(), S(7));
    of.load(w.data(), outer);
    CHECK(outer == scale * layout.outer(w.data()).transpose());
    Index seen = 0;
    of.for_blocks([&](Index first, Index count) {
      CHECK(first == seen);
      CHECK(count <= of.block_size());
      seen += count;
      of.project(w.data(), first, z.data() + first * m, count);
      of.contract(outer, h.data() + first * m, first, count, y.data(), Write::assign);
      of.expand(outer, u.data(), first, back.data() + first * m, count);
      of.collect(delta.data() + first * m, h.data() + first * m, u.data(), first, count, gradient.data());
    });
    of.store(gradient.data());
    CHECK(seen == n);

    const auto near = [](const Matrix<S>& a, const Matrix<S>& b, Index terms) {
      return (a - b).norm() <= roundoff<S>(2 * static_cast<double>(terms)) * (b.norm() + 1);
    };
    CHECK(near(z, layout.inner(w.data()).transpose() * *X, d));
    CHECK(near(y, outer.transpose() * h, m));
    CHECK(near(back, outer * u, k));
    CHECK(near(layout.inner(std::as_const(gradient).data()), *X * delta.transpose(), n));
    CHECK(near(layout.outer(std::as_const(gradient).data()), scale * u * h.transpose(), n));

    // Adding to outputs adds.
    const Matrix<S> once = y;
    of.for_blocks([&](Index first, Index count) {
      of.contract(outer, h.data() + first * m, first, count, y.data(), Write::add);
    });
    CHECK(near(y, 2 * once, m));
  }
}

TEST_CASE("two-layer products: doubled neurons of opposite signs are noticed", "[nn]") {
  Philox rng(6);
  const Shape shape{3, 4, 2, 5};
  const auto of = products<double>(shape, random_inputs<double>(shape, rng));
  Vector<double> w = normal_vector(of.layout().parameter_dim(), rng);
  CHECK(!of.is_antisymmetric(w.data()));
  w.tail(w.size() / 2) = w.head(w.size() / 2);
  of.layout().outer(w.data()).rightCols(2) *= -1;
  CHECK(of.is_antisymmetric(w.data()));
  w(w.size() - 1) += 1e-15;
  CHECK(!of.is_antisymmetric(w.data()));
}

TEST_CASE("two-layer products: other samples are as many as before", "[nn]") {
  Philox rng(7);
  const Shape shape{3, 4, 2, 5};
  auto of = products<double>(shape, random_inputs<double>(shape, rng));
  CHECK_THROWS_AS(of.move_to_samples(random_inputs<double>({3, 4, 2, 6}, rng)), std::invalid_argument);
  CHECK_THROWS_AS(of.move_to_samples(random_inputs<double>({4, 4, 2, 5}, rng)), std::invalid_argument);
  const auto other = random_inputs<double>(shape, rng);
  of.move_to_samples(other);
  CHECK(&of.inputs() == other.get());
  CHECK_THROWS_AS(products<double>(shape, random_inputs<double>({2, 4, 2, 5}, rng)), std::invalid_argument);
}
