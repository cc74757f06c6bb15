#include <lazytrain/core/vector.hpp>
#include <limits>
#include <utility>

#include "support/catch.hpp"

using namespace lazytrain;

namespace elsewhere {

/// A vector that is not Eigen's: complete, and one that cannot be summed.
struct Complete {
  using Scalar = double;
};
Index dimension(const Complete&);
Complete zeros_like(const Complete&);
void copy(const Complete& x, Complete& y);
void axpy(double a, const Complete& x, Complete& y);
void scale(double a, Complete& x);
void fill(Complete& x, double a);
double dot(const Complete& x, const Complete& y);
double norm(const Complete& x);
bool all_finite(const Complete& x);

struct Incomplete {
  using Scalar = double;
};
Index dimension(const Incomplete&);

}  // namespace elsewhere

namespace {

using elsewhere::Complete;
using elsewhere::Incomplete;

static_assert(HilbertVector<Vector<float>> && HilbertVector<Vector<double>>);
static_assert(HilbertVector<Complete>);
static_assert(!HilbertVector<Incomplete>);
static_assert(!HilbertVector<double>);
static_assert(!HilbertVector<Matrix<double>>, "a matrix is not a vector of coordinates");

}  // namespace

// Small integers, so that every operation is exact.
TEMPLATE_TEST_CASE("the operations on vectors are those of a Hilbert space", "", float, double) {
  using S = TestType;
  Vector<S> x(3);
  x << 1, -2, 2;
  Vector<S> y(3);
  y << 3, 0, 5;
  const Vector<S> z = Vector<S>::Constant(3, S(7));

  CHECK(dimension(x) == 3);
  CHECK(dimension(Vector<S>()) == 0);
  CHECK(norm(x) == S(3));
  CHECK(dot(x, y) == S(13));
  CHECK(dot(x, y) == dot(y, x));
  CHECK(dot(x, x) == norm(x) * norm(x));

  Vector<S> sum = y;
  axpy(2, x, sum);
  CHECK(sum == y + x + x);
  CHECK(dot(sum, z) == dot(y, z) + 2 * dot(x, z));
  axpy(-2, x, sum);
  CHECK(sum == y);

  Vector<S> multiple = x;
  scale(-3, multiple);
  CHECK(norm(multiple) == 3 * norm(x));
  axpy(3, x, multiple);
  CHECK(multiple == zeros_like(x));

  Vector<S> target = z;
  copy(x, target);
  CHECK(target == x);
  fill(target, 7);
  CHECK(target == z);
}

TEST_CASE("the host's vectors are not elsewhere") {
  CHECK(HilbertVector<Vector<float>>);
  CHECK_FALSE(VectorElsewhere<Vector<float>>);
  CHECK_FALSE(VectorElsewhere<Vector<double>>);
}

TEST_CASE("a vector of the host is its own numbers, and placed where it is") {
  const Vector<double> x = Vector<double>::LinSpaced(3, 1, 3);
  CHECK(&host_numbers(x) == &x);
  Vector<double> y;
  place(x, y);
  CHECK(y == x);
  Vector<double> given = x;
  const double* const numbers = given.data();
  const auto moved = placed<Vector<double>>(std::move(given));
  CHECK(moved == x);
  CHECK(moved.data() == numbers);
}

TEST_CASE("parts of a vector are taken out and put back") {
  CHECK(DivisibleVector<Vector<float>>);
  CHECK_FALSE(DivisibleVector<Complete>);
  Vector<double> x = Vector<double>::LinSpaced(5, 1, 5), y(2);
  extract(x, 3, y);
  CHECK(y == Eigen::Vector2d(4, 5));
  insert(y, 1, x);
  CHECK(x == (Vector<double>(5) << 1, 4, 5, 4, 5).finished());
  CHECK(zeros<Vector<double>>(3) == Vector<double>::Zero(3));
}

TEST_CASE("one coordinate that is not a number makes a vector not finite") {
  Vector<double> x = Vector<double>::Zero(5);
  CHECK(all_finite(x));
  x(3) = GENERATE(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                  -std::numeric_limits<double>::infinity());
  CHECK_FALSE(all_finite(x));
}
