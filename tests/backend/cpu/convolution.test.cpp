#include <cmath>
#include <lazytrain/backend/cpu/convolution.hpp>
#include <lazytrain/core/random.hpp>
#include <limits>

#include "support/catch.hpp"
#include "support/convolution.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Shapes, among them maps of many and of incomplete tiles and channels that are no multiple of a vector, and
/// every algorithm that computes them.
struct Case {
  ConvShape shape;
  ConvAlgorithm algorithm;
  Index n;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  auto shapes = odd_conv_shapes();
  shapes.push_back({.channels = 16, .height = 8, .width = 8, .filters = 32});
  shapes.push_back({.channels = 21, .height = 5, .width = 9, .filters = 35, .padding = 0});
  shapes.push_back({.channels = 40, .height = 3, .width = 10, .filters = 19, .padding = 2});
  // More patches than are held at a time.
  shapes.push_back({.channels = 64, .height = 20, .width = 12, .filters = 2});
  for (const ConvShape& shape : shapes) {
    for (const auto algorithm : {ConvAlgorithm::im2col, ConvAlgorithm::winograd}) {
      if (algorithm == ConvAlgorithm::winograd && !winograd_applies(shape)) continue;
      for (const Index n : {1, 3}) all.push_back({shape, algorithm, n});
    }
  }
  return all;
}

/// Growth of rounding errors by F(4x4, 3x3) in the root of the mean square, for independent standard normal
/// data: an output of a tile is a sum of 6 x 6 products of relative error e, in each dimension with mean
/// square sum_i A_ri^2 |G_i|^2 |B_i|^2 <= 94.4 (row 3 of A'), where the 3 terms of the definition have 3. So
/// sqrt(94.4^2 / 9); the sums of the two transposes, 51.5 to 3 and 96.8 to 4, grow less.
constexpr double winograd_growth = 94.4 / 3;

/// Bound of the relative error, in the norm, of sums of `terms` products of independent normal numbers, whose
/// roundings are independent too. Winograd's transforms take 24 roundings more.
template <class S>
double tolerance(ConvAlgorithm algorithm, Index terms) {
  const auto count = static_cast<double>(terms);
  if (algorithm == ConvAlgorithm::winograd) return winograd_growth * roundoff<S>(std::sqrt(count + 24));
  return roundoff<S>(std::sqrt(count + 1));
}

template <class S>
double relative_error(const Vector<S>& computed, const ConvSums& exact) {
  const Vector<double> difference = computed.template cast<double>() - exact.value;
  return difference.norm() / std::max(exact.value.norm(), std::numeric_limits<double>::min());
}

/// Largest error of an entry over the sum of the absolute values of its terms.
template <class S>
double entry_error(const Vector<S>& computed, const ConvSums& exact) {
  double largest = 0;
  for (Index i = 0; i < computed.size(); ++i) {
    const double difference = std::abs(static_cast<double>(computed(i)) - exact.value(i));
    if (difference > 0) largest = std::max(largest, difference / exact.magnitude(i));
  }
  return largest;
}

template <class S>
struct Problem {
  Vector<S> w, x, gy;
  Problem(const ConvShape& shape, Index n, Philox rng = Philox(3))
      : w(normal_vector<S>(shape.weight_dim(), rng)),
        x(normal_vector<S>(shape.input_dim() * n, rng)),
        gy(normal_vector<S>(shape.output_dim() * n, rng)) {}
};

/// Terms of an entry of the input gradient.
Index filter_terms(const ConvShape& shape) { return shape.kernel * shape.kernel * shape.filters; }

template <class S>
struct Results {
  Vector<S> y, gx, gw;
};

/// The three maps, added to `start` or assigned over it.
template <class S>
Results<S> compute(const Case& c, const Problem<S>& p, cpu::Write write, S start) {
  const cpu::ConvWeights<S> weights(c.shape, p.w.data(), c.algorithm);
  cpu::ConvWorkspace<S> workspace;
  Results<S> r{Vector<S>::Constant(p.gy.size(), start), Vector<S>::Constant(p.x.size(), start),
               Vector<S>::Constant(p.w.size(), start)};
  cpu::forward(weights, p.x.data(), c.n, r.y.data(), write, workspace);
  cpu::input_gradient(weights, p.gy.data(), c.n, r.gx.data(), write, workspace);
  cpu::weight_gradient(c.shape, c.algorithm, p.x.data(), p.gy.data(), c.n, r.gw.data(), write, workspace);
  return r;
}

}  // namespace

TEMPLATE_TEST_CASE("Convolutions and their transposes are the sums of their definitions", "", float, double) {
  using S = TestType;
  for (const Case& c : cases()) {
    const bool winograd = c.algorithm == ConvAlgorithm::winograd;
    INFO(c.shape << ", n = " << c.n << ", winograd " << winograd);
    const Problem<S> p(c.shape, c.n);
    const auto r = compute(c, p, cpu::Write::assign, S(5));
    const auto check = [&](const Vector<S>& computed, const ConvSums& exact, Index terms) {
      CHECK(relative_error(computed, exact) <= tolerance<S>(c.algorithm, terms));
      // Every product is rounded once and then added at most `terms` times.
      if (!winograd) CHECK(entry_error(computed, exact) <= roundoff<S>(static_cast<double>(terms) + 1));
    };
    check(r.y, naive_forward(c.shape, p.w, p.x, c.n), c.shape.patch_dim());
    check(r.gx, naive_input_gradient(c.shape, p.w, p.gy, c.n), filter_terms(c.shape));
    check(r.gw, naive_weight_gradient(c.shape, p.x, p.gy, c.n), c.shape.positions() * c.n);
  }
}

TEMPLATE_TEST_CASE("The two gradients are the adjoints of the convolution in its two arguments", "", float,
                   double) {
  using S = TestType;
  for (const Case& c : cases()) {
    const bool winograd = c.algorithm == ConvAlgorithm::winograd;
    INFO(c.shape << ", n = " << c.n << ", winograd " << winograd);
    const Problem<S> p(c.shape, c.n);
    const auto r = compute(c, p, cpu::Write::assign, S(0));
    const auto product = [](const Vector<S>& a, const Vector<S>& b) {
      return a.template cast<double>().dot(b.template cast<double>());
    };
    const double y = product(p.gy, r.y);
    // Errors of the factors that were computed, each with the norm of the other factor; the products are in
    // double.
    const auto bound = [&](const Vector<S>& computed, const Vector<S>& other, Index terms) {
      return tolerance<S>(c.algorithm, terms) * computed.template cast<double>().norm() *
             other.template cast<double>().norm();
    };
    const double of_y = bound(r.y, p.gy, c.shape.patch_dim());
    CHECK_THAT(product(r.gx, p.x), WithinAbs(y, of_y + bound(r.gx, p.x, filter_terms(c.shape))));
    CHECK_THAT(product(r.gw, p.w), WithinAbs(y, of_y + bound(r.gw, p.w, c.shape.positions() * c.n)));
  }
}

TEMPLATE_TEST_CASE("Adding and assigning differ by what stood there", "", float, double) {
  using S = TestType;
  for (const Case& c : cases()) {
    const bool winograd = c.algorithm == ConvAlgorithm::winograd;
    INFO(c.shape << ", n = " << c.n << ", winograd " << winograd);
    const Problem<S> p(c.shape, c.n);
    const auto assigned = compute(c, p, cpu::Write::assign, S(0.5));
    const auto added = compute(c, p, cpu::Write::add, S(0.5));
    const auto check = [&](const Vector<S>& a, const Vector<S>& b, Index terms) {
      const Vector<double> expected = a.template cast<double>().array() + 0.5;
      CHECK((b.template cast<double>() - expected).norm() <=
            2 * tolerance<S>(c.algorithm, terms) * expected.norm());
    };
    check(assigned.y, added.y, c.shape.patch_dim());
    check(assigned.gx, added.gx, filter_terms(c.shape));
    check(assigned.gw, added.gw, c.shape.positions() * c.n);
  }
}

TEST_CASE("Assigned weights are those of a new object") {
  for (const Case& c : cases()) {
    const Problem<double> p(c.shape, c.n);
    const Vector<double> other = -2 * p.w;
    cpu::ConvWeights<double> weights(c.shape, other.data(), c.algorithm);
    weights.assign(p.w.data());
    cpu::ConvWorkspace<double> workspace;
    Vector<double> y(p.gy.size());
    cpu::forward(weights, p.x.data(), c.n, y.data(), cpu::Write::assign, workspace);
    CHECK(y == compute(c, p, cpu::Write::assign, 0.0).y);

    weights.assign(other.data());
    for (const Index part : {2, 0, 1}) weights.assign_part(p.w.data(), part, 3);
    y.setZero();
    cpu::forward(weights, p.x.data(), c.n, y.data(), cpu::Write::assign, workspace);
    CHECK(y == compute(c, p, cpu::Write::assign, 0.0).y);
  }
}

TEST_CASE("No images give no outputs and a weight gradient of zero") {
  for (Case c : cases()) {
    c.n = 0;
    const Problem<double> p(c.shape, 0);
    CHECK(compute(c, p, cpu::Write::assign, 1.0).gw.isZero(0));
    CHECK(compute(c, p, cpu::Write::add, 1.0).gw.isOnes(0));
  }
}

TEST_CASE("Convolutions that do not exist are refused") {
  const ConvShape strided{.channels = 16, .height = 8, .width = 8, .filters = 16, .stride = 2};
  const Vector<float> w = Vector<float>::Zero(strided.weight_dim());
  CHECK_THROWS_AS(cpu::ConvWeights<float>(strided, w.data(), ConvAlgorithm::winograd), std::invalid_argument);
  CHECK_THROWS_AS(cpu::ConvWeights<float>({.channels = 0, .height = 1, .width = 1, .filters = 1}, w.data()),
                  std::invalid_argument);
  cpu::ConvWeights<float> weights(strided, w.data());
  CHECK(message_of<std::invalid_argument>([&] { weights.assign_part(w.data(), 2, 2); }) ==
        "lazytrain::ConvWeights::assign_part: part is 2, expected 0 <= part < parts");
  CHECK_THROWS_AS(weights.assign_part(w.data(), 0, 0), std::invalid_argument);
  cpu::ConvWorkspace<float> workspace;
  Vector<float> gw(strided.weight_dim());
  CHECK(
      message_of<std::invalid_argument>([&] {
        cpu::weight_gradient(strided, ConvAlgorithm::winograd, w.data(), w.data(), 0, gw.data(),
                             cpu::Write::assign, workspace);
      }) ==
      "lazytrain::conv_algorithm: shape.stride is 2, expected 1, the only stride of ConvAlgorithm::winograd");
}
