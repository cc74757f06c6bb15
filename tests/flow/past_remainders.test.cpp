#include <flow/problems.hpp>
#include <lazytrain/flow/past_remainders.hpp>
#include <lazytrain/linalg/gauss_legendre.hpp>
#include <lazytrain/linalg/symmetric_spectrum.hpp>
#include <lazytrain/model/jacobian.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// L of the square loss at the field's last point, on outputs of weight 1 / 5.
template <class Field>
Matrix<double> linear_part(const Field& field) {
  const Matrix<double> j = jacobian(field.tangent());
  return j.transpose() * j / 5;
}

/// A point of a flow that need not solve anything: time, x, x'.
struct Reached {
  double t;
  Vector<double> x;
  Vector<double> f;
};

/// x(t + h) - x(t) for x' = P - L x from x(t) = x, with P through f_i + L x_i at the points, by quadrature.
Vector<double> by_quadrature(const Matrix<double>& l, const std::vector<Reached>& points, double t, double h,
                             const Vector<double>& x) {
  const auto eigen = symmetric_eigen(l);
  const auto decay = [&](double s, const Vector<double>& v) -> Vector<double> {
    const Vector<double> factors = (-s * eigen.values.cwiseMax(0.0)).array().exp();
    return eigen.vectors * (factors.asDiagonal() * (eigen.vectors.transpose() * v));
  };
  const QuadratureRule rule = gauss_legendre(20);
  Vector<double> sum = decay(h, x) - x;
  for (Index k = 0; k < 20; ++k) {
    const double s = h * rule.nodes(k);
    Vector<double> value = Vector<double>::Zero(x.size());
    for (const Reached& own : points) {
      double weight = 1;
      for (const Reached& other : points) {
        if (other.t != own.t) weight *= (t + s - other.t) / (own.t - other.t);
      }
      value += weight * (own.f + l * own.x);
    }
    sum += h * rule.weights(k) * decay(h - s, value);
  }
  return sum;
}

}  // namespace

TEST_CASE("Steps and corrections are those of the polynomial through past remainders, from the base") {
  auto field = displacement_field(oracle_network<Tanh>(),
                                  square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5)),
                                  oracle_parameters("w_sym"), 2.0);
  using Past = detail::PastRemainders<decltype(field)>;
  Philox rng(8);
  const Vector<double> zero = Vector<double>::Zero(24);
  Vector<double> out = zero;
  field(zero, out);
  Matrix<double> l = linear_part(field);
  Past::Part part(field);

  Past past(5, zero);
  std::vector<Reached> points{{0, zero, out}};  // from the last one back
  past.start(zero, out);
  past.move_to(part, zero);
  Vector<double> base = zero;
  for (const double h : {0.5, 0.8, 0.4, 1.0, 1.5, 0.7}) {
    const std::size_t known = points.size();
    REQUIRE(past.size() == static_cast<int>(std::min<std::size_t>(known, 5)));
    const double t = points[0].t;
    const auto last = [&](int count) { return std::vector<Reached>(points.begin(), points.begin() + count); };
    double size = (l * base).norm();
    for (const Reached& point : points) size += point.f.norm() + (l * point.x).norm();
    // Weights of interpolation beyond its points are below 1e3 here.
    const double tolerance = 1e3 * roundoff<double>(100) * size;
    for (int order = 1; order <= past.size(); ++order) {
      past.step(order, h, out);
      CHECK((out - by_quadrature(l, last(order), t, h, base)).norm() <= tolerance);
    }
    // Any x' will do.
    const Vector<double> reached = base + out;
    const Vector<double> f = normal_vector(24, rng);
    past.propose(h, f);
    for (int order = 1; order <= past.size(); ++order) {
      std::vector<Reached> with = last(order);
      with.push_back({t + h, reached, f});
      const Vector<double> expected =
          by_quadrature(l, with, t, h, base) - by_quadrature(l, last(order), t, h, base);
      past.correction(order, out);
      CHECK((out - expected).norm() <= tolerance + 1e3 * roundoff<double>(100) * f.norm());
    }
    base = reached;
    if (h > 0.6) {
      past.correct(past.size(), out);
      base += out;
    }
    past.accept(reached);
    points.insert(points.begin(), {t + h, reached, f});
    if (h == 1.0) {
      // Another reference point, with the same past.
      const Vector<double> elsewhere = 0.3 * normal_vector(24, rng);
      field(elsewhere, out);
      l = linear_part(field);
      part.refresh(field);
      past.move_to(part, base);
    }
  }
  past.keep_last();
  CHECK(past.size() == 1);
  past.step(1, 0.3, out);
  const Reached& point = points[0];
  CHECK((out - by_quadrature(l, {point}, point.t, 0.3, point.x)).norm() <=
        1e3 * roundoff<double>(100) * (point.f.norm() + (l * point.x).norm()));
}

TEST_CASE("Past remainders of another capacity are refused") {
  auto field = displacement_field(oracle_network<Tanh>(),
                                  square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5)),
                                  oracle_parameters("w_sym"), 2.0);
  using Past = detail::PastRemainders<decltype(field)>;
  Vector<double> x = Vector<double>::Zero(24);
  Vector<double> f = x;
  field(x, f);
  Past::Part part(field);
  Past past(3, x);
  past.start(x, f);
  past.move_to(part, x);
  for (int i = 0; i < 2; ++i) {
    past.step(1, 0.1, x);
    past.propose(0.1, f);
    past.correct(1, x);
    past.accept(x);
  }
  Checkpoint checkpoint;
  past.save(checkpoint);
  Past same(3, x);
  same.load(checkpoint, part);
  Vector<double> a = x, b = x;
  past.step(3, 0.2, a);
  same.step(3, 0.2, b);
  CHECK(a == b);
  Past smaller(2, x);
  CHECK_THAT(message_of<std::runtime_error>([&] { smaller.load(checkpoint, part); }),
             ContainsSubstring("PastRemainders: the checkpoint has 3 points, expected 1 to 2"));
}
