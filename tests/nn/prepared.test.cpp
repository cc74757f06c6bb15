#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/nn/affine.hpp>
#include <lazytrain/nn/prepared.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;
using B = cpu::Backend<double>;
using V = Vector<double>;

namespace {

std::shared_ptr<const nn::Graph<B>> dense(Index inputs) {
  return std::make_shared<const nn::Graph<B>>(nn::ImageShape{inputs}, nn::Series<B>{nn::Dense{.outputs = 1}});
}

/// The first weight and the bias, as the layer sees them.
std::pair<double, double> seen(const nn::PreparedParameters<B>& w, Index inputs) {
  return {w[1].weights->data()[0], w[1].data[inputs]};
}

}  // namespace

TEST_CASE("prepared parameters are values", "[nn]") {
  const B backend;
  nn::PreparedParameters<B> w(backend, dense(1));
  w.assign(Eigen::Vector2d(2, 3));
  CHECK(seen(w, 1) == std::pair(2.0, 3.0));
  nn::PreparedParameters<B> copy = w;
  w.assign(Eigen::Vector2d(1, 1), 0.5, Eigen::Vector2d(4, 6));
  CHECK(seen(w, 1) == std::pair(3.0, 4.0));
  CHECK(w.vector() == V(Eigen::Vector2d(3, 4)));
  CHECK(seen(copy, 1) == std::pair(2.0, 3.0));
  copy = w;
  CHECK(seen(copy, 1) == std::pair(3.0, 4.0));
  CHECK(copy[1].data != w[1].data);
  const nn::PreparedParameters<B> moved = std::move(copy);
  CHECK(seen(moved, 1) == std::pair(3.0, 4.0));

  // Those of another network.
  nn::PreparedParameters<B> other(backend, dense(2));
  other.assign(Eigen::Vector3d(7, 8, 9));
  w = other;
  CHECK(seen(w, 2) == std::pair(7.0, 9.0));
}

TEST_CASE("parameters of a wrong size are refused", "[nn]") {
  nn::PreparedParameters<B> w(B(), dense(1));
  CHECK(message_of<std::invalid_argument>([&] { w.assign(V::Ones(3)); }) ==
        "lazytrain::Network: w has size 3, expected 2 (the parameters p)");
  CHECK_THROWS_AS(w.assign(V::Ones(3), 1.0, V::Ones(2)), std::invalid_argument);
  CHECK_THROWS_AS(w.assign(V::Ones(2), 1.0, V::Ones(3)), std::invalid_argument);
}
