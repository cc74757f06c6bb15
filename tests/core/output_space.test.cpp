#include <lazytrain/core/output_space.hpp>
#include <lazytrain/core/random.hpp>
#include <limits>
#include <sstream>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Spaces of 4 samples x 3 outputs, one of each kind.
OutputSpace space_of(int kind) {
  if (kind == 0) return OutputSpace::euclidean(12);
  if (kind == 1) return OutputSpace::empirical(4, 3);
  return OutputSpace::weighted(Eigen::Vector4d(0.1, 0.5, 2.0, 0.025), 3);
}

/// The weight of every coordinate, sample after sample.
template <class S>
Vector<S> coordinate_weights(const OutputSpace& space) {
  Vector<S> w(space.dim());
  for (Index i = 0; i < space.dim(); ++i) w(i) = static_cast<S>(space.weight(i / space.outputs()));
  return w;
}

template <class S>
void check_close(const Vector<S>& a, const Vector<S>& b, double operations) {
  INFO("a = " << a.transpose() << ", b = " << b.transpose());
  CHECK(static_cast<double>((a - b).norm()) <= roundoff<S>(operations) * static_cast<double>(b.norm()));
}

}  // namespace

TEST_CASE("the three spaces have the dimensions and weights of their definitions") {
  const OutputSpace flat = euclidean(5);
  CHECK(flat.dim() == 5);
  CHECK(flat.weight(4) == 1.0);
  CHECK(flat.total_weight() == 5.0);
  CHECK(flat.uniform());

  const OutputSpace measure = empirical(8, 3);
  CHECK(measure.dim() == 24);
  CHECK(measure.samples() == 8);
  CHECK(measure.outputs() == 3);
  CHECK(measure.weight(7) == 0.125);
  CHECK(measure.total_weight() == 1.0);
  CHECK(measure.uniform());

  const OutputSpace general = OutputSpace::weighted(Eigen::Vector3d(0.5, 2.0, 0.25), 2);
  CHECK(general.dim() == 6);
  CHECK(general.weight(1) == 2.0);
  CHECK(general.total_weight() == 2.75);
  CHECK_FALSE(general.uniform());
}

TEST_CASE("the inner product by hand") {
  Vector<double> u(4), v(4);
  u << 1, 2, 3, 4;
  v << 5, 6, 7, 8;
  CHECK(euclidean(4).inner(u, v) == 70.0);
  CHECK(empirical(2, 2).inner(u, v) == 35.0);
  CHECK(empirical(4).inner(u, v) == 17.5);
  // Sample 0 has the coordinates 0 and 1, sample 1 the coordinates 2 and 3.
  CHECK(OutputSpace::weighted(Eigen::Vector2d(2, 0.5), 2).inner(u, v) == 2 * 17 + 0.5 * 53);
}

TEMPLATE_TEST_CASE("the inner product is the weighted sum: bilinear, symmetric, positive", "", float,
                   double) {
  using S = TestType;
  const OutputSpace space = space_of(GENERATE(0, 1, 2));
  CAPTURE(space);
  Philox rng(1);
  const Vector<S> u = normal_vector<S>(12, rng), v = normal_vector<S>(12, rng), z = normal_vector<S>(12, rng);
  const Vector<S> w = coordinate_weights<S>(space);
  // Terms may cancel in the sum: its error is relative to the sum of their sizes.
  const auto size = [&](const Vector<S>& a, const Vector<S>& b) {
    return static_cast<double>(w.cwiseProduct(a.cwiseAbs()).dot(b.cwiseAbs()));
  };
  const auto close = [&](S a, S b, double magnitude) {
    return WithinAbs(static_cast<double>(b), roundoff<S>(30) * magnitude).match(static_cast<double>(a));
  };
  CHECK(close(space.inner(u, v), w.cwiseProduct(u).dot(v), size(u, v)));
  CHECK(space.inner(u, v) == space.inner(v, u));
  const Vector<S> combination = S(2) * u + z;
  CHECK(close(space.inner(combination, v), S(2) * space.inner(u, v) + space.inner(z, v),
              2 * size(u, v) + size(z, v)));
  CHECK(space.inner(u, u) > S(0));
  CHECK(close(space.norm(u) * space.norm(u), space.inner(u, u), size(u, u)));
  // Cauchy and Schwarz, with equality for parallel vectors.
  CHECK(std::abs(space.inner(u, v)) <= space.norm(u) * space.norm(v));
  const Vector<S> parallel = S(-4) * u;
  CHECK(close(space.inner(u, parallel), -space.norm(u) * space.norm(parallel), size(u, parallel)));
}

TEMPLATE_TEST_CASE("to_euclidean is an isometry onto R^N and from_euclidean its inverse", "", float, double) {
  using S = TestType;
  const OutputSpace space = space_of(GENERATE(0, 1, 2));
  CAPTURE(space);
  Philox rng(2);
  const Vector<S> u = normal_vector<S>(12, rng), v = normal_vector<S>(12, rng);
  Vector<S> image_u = u, image_v = v;
  space.to_euclidean(image_u);
  space.to_euclidean(image_v);
  const double magnitude = static_cast<double>(space.norm(u) * space.norm(v));
  CHECK_THAT(static_cast<double>(image_u.dot(image_v)),
             WithinAbs(static_cast<double>(space.inner(u, v)), roundoff<S>(40) * magnitude));
  CHECK_THAT(static_cast<double>(image_u.norm()),
             WithinRel(static_cast<double>(space.norm(u)), roundoff<S>(30)));
  space.from_euclidean(image_u);
  check_close(image_u, u, 4);
}

TEMPLATE_TEST_CASE("the cotangent of g pairs with v as g does in F: <g, v>_F = (w.g) . v", "", float,
                   double) {
  using S = TestType;
  const OutputSpace space = space_of(GENERATE(0, 1, 2));
  CAPTURE(space);
  Philox rng(3);
  const Vector<S> g = normal_vector<S>(12, rng), v = normal_vector<S>(12, rng);
  Vector<S> cotangent = g;
  space.to_cotangent(cotangent);
  check_close<S>(cotangent, coordinate_weights<S>(space).cwiseProduct(g), 2);

  // Hence J^T (w.g) is the adjoint of J: R^p -> F applied to g: <J d, g>_F = d . J^T (w.g).
  const Matrix<S> jacobian = normal_matrix<S>(12, 5, rng);
  const Vector<S> d = normal_vector<S>(5, rng);
  const Vector<S> image = jacobian * d;
  const double magnitude = static_cast<double>(jacobian.norm() * d.norm() * cotangent.norm());
  CHECK_THAT(static_cast<double>(d.dot(jacobian.transpose() * cotangent)),
             WithinAbs(static_cast<double>(space.inner(image, g)), roundoff<S>(60) * magnitude));

  // Two isometries make one Riesz map.
  Vector<S> twice = g;
  space.to_euclidean(twice);
  space.to_euclidean(twice);
  check_close(twice, cotangent, 6);
}

TEST_CASE("spaces are equal when their dimensions and weights are, however they were made") {
  CHECK(empirical(4, 3) == empirical(4, 3));
  CHECK_FALSE(empirical(4, 3) == empirical(3, 4));
  CHECK_FALSE(empirical(4) == euclidean(4));
  CHECK(empirical(1, 3) == OutputSpace::weighted(Vector<double>::Ones(1), 3));
  CHECK(euclidean(3) == OutputSpace::weighted(Vector<double>::Ones(3)));
  CHECK_FALSE(euclidean(3) == OutputSpace::weighted(Eigen::Vector3d(1, 1, 2)));
}

TEST_CASE("copies share the weights and outlive the original") {
  auto original = std::make_unique<OutputSpace>(OutputSpace::weighted(Eigen::Vector2d(3, 4)));
  const OutputSpace copy = *original;
  CHECK(copy == *original);
  original.reset();
  CHECK(copy.weight(1) == 4.0);
}

TEST_CASE("a space says what it is") {
  std::ostringstream text;
  text << empirical(100) << '\n' << OutputSpace::weighted(Eigen::Vector2d(3, 4), 5);
  CHECK(text.str() ==
        "empirical space of 100 samples x 1 outputs (weight 0.01)\nweighted space of 2 samples x 5 outputs");
}

TEST_CASE("spaces without a sample, without an output or with a senseless weight are refused") {
  const Index none = GENERATE(0, -1);
  const std::string value = std::to_string(none);
  CHECK(message_of<std::invalid_argument>([&] { (void)empirical(none); }) ==
        "lazytrain::OutputSpace: the number of samples is " + value + ", expected at least 1");
  CHECK(message_of<std::invalid_argument>([&] { (void)empirical(2, none); }) ==
        "lazytrain::OutputSpace: the number of outputs is " + value + ", expected at least 1");
  CHECK_THROWS_AS(euclidean(none), std::invalid_argument);
  CHECK_THROWS_AS(OutputSpace::weighted(Vector<double>()), std::invalid_argument);
  CHECK_THROWS_AS(OutputSpace::weighted(Vector<double>::Ones(2), none), std::invalid_argument);

  const double bad =
      GENERATE(0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN());
  CHECK_THAT(message_of<std::domain_error>([&] { (void)OutputSpace::weighted(Eigen::Vector2d(1, bad)); }),
             ContainsSubstring("lazytrain::OutputSpace::weighted: a weight is ") &&
                 ContainsSubstring("expected a finite number > 0"));
}

TEST_CASE("elements of another dimension are refused") {
  for (const int kind : {0, 1, 2}) {
    const OutputSpace space = space_of(kind);
    const Vector<double> whole = Vector<double>::Ones(12);
    Vector<double> part = Vector<double>::Ones(11);
    CHECK_THAT(message_of<std::invalid_argument>([&] { (void)space.norm(part); }),
               ContainsSubstring("an element has size 11, expected 12"));
    CHECK_THROWS_AS(space.inner(whole, part), std::invalid_argument);
    CHECK_THROWS_AS(space.inner(part, whole), std::invalid_argument);
    CHECK_THROWS_AS(space.to_cotangent(part), std::invalid_argument);
    CHECK_THROWS_AS(space.to_euclidean(part), std::invalid_argument);
    CHECK_THROWS_AS(space.from_euclidean(part), std::invalid_argument);
  }
}

TEST_CASE("a space has to be cut into samples as the data are, unless all weights are 1") {
  CHECK_NOTHROW(require_space("on", empirical(4, 3), 4, 3));
  CHECK_NOTHROW(require_space("on", euclidean(12), 4, 3));
  CHECK_THROWS_AS(require_space("on", euclidean(11), 4, 3), std::invalid_argument);
  CHECK(message_of<std::invalid_argument>([] { require_space("on", empirical(12), 4, 3); }) ==
        "lazytrain::on: space is the empirical space of 12 samples x 1 outputs (weight 0.08333333333), "
        "expected 4 "
        "samples x 3 outputs");
  CHECK_THROWS_AS(require_space("on", OutputSpace::weighted(Vector<double>{{1, 2}}, 6), 4, 3),
                  std::invalid_argument);
}
