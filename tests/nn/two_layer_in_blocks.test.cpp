#include <lazytrain/core/random.hpp>
#include <lazytrain/model/linearize.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer_in_blocks.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("samples in blocks give what all samples together give", "[nn]", Relu, Tanh, Quadratic) {
  Philox rng(1);
  for (const Index k : {1, 3}) {
    const TwoLayer<double, TestType> net({.inputs = 4, .neurons = 6, .outputs = k, .scaling = Scaling::sqrt});
    const auto h = net.on(normal_matrix(4, 11, rng));
    const Vector<double> w = normal_vector(h.parameter_dim(), rng);
    const auto whole = linearize(h, w);
    // Blocks that divide the samples, that do not, that are single samples, and that are larger than all.
    for (const Index block : {1, 4, 11, 20}) {
      const auto model = in_blocks(h, block);
      CHECK(model.output_space() == h.output_space());
      auto parts = linearize(model, Vector<double>(Vector<double>::Zero(w.size())));
      parts.move_to(w);
      const Vector<double> u = normal_vector(w.size(), rng), v = normal_vector(w.size(), rng);
      const Vector<double> c = normal_vector(h.output_dim(), rng);
      const auto agree = [](const auto& a, const auto& b) {
        CHECK((a - b).norm() <= roundoff<double>(100) * (1 + b.norm()));
      };
      agree(parts.value(), whole.value());
      agree(parts.jvp(v), whole.jvp(v));
      agree(parts.vjp(c), whole.vjp(c));
      agree(parts.second(u, v), whole.second(u, v));
      agree(parts.second_adjoint(u, c), whole.second_adjoint(u, c));
      agree(parts.native().gram(), whole.native().gram());
      Vector<double> product(c.size());
      parts.native().kernel_product(c, product);
      agree(product, Vector<double>(whole.native().gram() * c));
    }
  }
}

TEST_CASE("in blocks the doubling trick still gives 0 to the bit", "[nn]") {
  Philox rng(2);
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 8});
  const auto h = net.on(normal_matrix(3, 10, rng));
  CHECK(linearize(in_blocks(h, 3), symmetrized(net, 1.0, rng)).value().cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("neurons in several blocks give what all neurons together give", "[nn]") {
  Philox rng(5);
  for (const Index neurons : {15, 17, 130, 600}) {
    const auto h =
        TwoLayer<double, Erf>({.inputs = 3, .neurons = neurons, .outputs = 2, .scaling = Scaling::sqrt})
            .on(normal_matrix(3, 5, rng));
    const Vector<double> w = normal_vector(h.parameter_dim(), rng), v = normal_vector(w.size(), rng);
    const Vector<double> c = normal_vector(10, rng);
    const auto whole = linearize(h, w);
    const auto parts = linearize(in_blocks(h), w);
    const auto agree = [](const auto& a, const auto& b) {
      CHECK((a - b).norm() <= roundoff<double>(1000) * (1 + b.norm()));
    };
    agree(parts.jvp(v), whole.jvp(v));
    agree(parts.vjp(c), whole.vjp(c));
    agree(parts.second(v, w), whole.second(v, w));
    agree(parts.second_adjoint(v, c), whole.second_adjoint(v, c));
    Vector<double> product(10);
    parts.native().kernel_product(c, product);
    agree(product, Vector<double>(whole.native().gram() * c));
  }
}

TEST_CASE("blocks shared by threads give the bits of one thread", "[nn]") {
  Philox rng(4);
  const auto h =
      TwoLayer<double, Tanh>({.inputs = 4, .neurons = 70, .outputs = 2}).on(normal_matrix(4, 23, rng));
  const Vector<double> w = normal_vector(h.parameter_dim(), rng), v = normal_vector(w.size(), rng);
  const Vector<double> c = normal_vector(h.output_dim(), rng);
  const auto one = in_blocks(h, 3, 1).linearize(w);
  for (const Index threads : {2, 5, 30}) {
    const auto more = in_blocks(h, 3, threads).linearize(w);
    CHECK(more.value() == one.value());
    const auto same = [&](Index size, auto&& product) {
      Vector<double> a(size), b(size);
      product(one, a);
      product(more, b);
      CHECK(a == b);
    };
    same(46, [&](const auto& at, auto& out) { at.jvp(v, out); });
    same(w.size(), [&](const auto& at, auto& out) { at.vjp(c, out); });
    same(46, [&](const auto& at, auto& out) { at.second(v, w, out); });
    same(w.size(), [&](const auto& at, auto& out) { at.second_vjp(v, c, out); });
    same(46, [&](const auto& at, auto& out) { at.kernel_product(c, out); });
    CHECK(more.gram() == one.gram());
  }
}

TEST_CASE("in blocks wrong sizes are refused", "[nn]") {
  Philox rng(3);
  const auto h = TwoLayer<double, Tanh>({.inputs = 3, .neurons = 2}).on(normal_matrix(3, 5, rng));
  CHECK_THROWS_AS((void)in_blocks(h, 0), std::invalid_argument);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)in_blocks(h, 1, -1); }),
             ContainsSubstring("threads is -1, expected at least 0"));
  using Tangents = TwoLayerInBlocksTangent<double, Tanh>;
  CHECK_THROWS_AS(Tangents(h, normal_vector(8, rng), 0), std::invalid_argument);
  const auto tangent = in_blocks(h).linearize(normal_vector(8, rng));
  Vector<double> outputs(5), parameters(8);
  CHECK_THROWS_AS((void)in_blocks(h).linearize(Vector<double>(7)), std::invalid_argument);
  CHECK_THROWS_AS(tangent.jvp(parameters, parameters), std::invalid_argument);
  CHECK_THROWS_AS(tangent.vjp(parameters, parameters), std::invalid_argument);
  CHECK_THROWS_AS(tangent.jvp(outputs, outputs), std::invalid_argument);
  CHECK_THROWS_AS(tangent.kernel_product(parameters, outputs), std::invalid_argument);
  CHECK_THROWS_AS(tangent.kernel_product(outputs, parameters), std::invalid_argument);
  CHECK_THROWS_AS(tangent.second_vjp(outputs, outputs, parameters), std::invalid_argument);
  CHECK_THROWS_AS(tangent.second(parameters, outputs, outputs), std::invalid_argument);
  CHECK_THROWS_AS(tangent.second_vjp(parameters, parameters, parameters), std::invalid_argument);
}
