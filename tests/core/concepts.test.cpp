#include <lazytrain/core/concepts.hpp>
#include <memory>

#include "support/catch.hpp"

using namespace lazytrain;

namespace {

using V = Vector<double>;
using M = Matrix<double>;

/// The parts from which the models below are put together; h(w) = w.w coordinatewise, in R^2.
struct Named {
  using Scalar = double;
};
struct Sized : Named {
  Index parameter_dim() const { return 2; }
  Index output_dim() const { return 2; }
};
struct Valued : Sized {
  V operator()(const V& w) const { return w.cwiseAbs2(); }
};

struct WithJacobian : Valued {
  M jacobian(const V& w) const { return (2 * w).asDiagonal(); }
};
struct WithProducts : Valued {
  V jvp(const V& w, const V& v) const { return 2 * w.cwiseProduct(v); }
  V vjp(const V& w, const V& u) const { return 2 * w.cwiseProduct(u); }
};
struct WithSecond : WithProducts {
  V second(const V&, const V& u, const V& v) const { return 2 * u.cwiseProduct(v); }
  V second_vjp(const V&, const V& u, const V& c) const { return 2 * u.cwiseProduct(c); }
};

/// Tangents as `linearize` may return them: by value, and written to an argument.
struct ReturningTangent {
  V w;
  V h;
  const V& value() const { return h; }
  V jvp(const V& v) const { return 2 * w.cwiseProduct(v); }
  V vjp(const V& u) const { return 2 * w.cwiseProduct(u); }
};
struct WritingTangent {
  V w;
  V h;
  const V& value() const { return h; }
  void jvp(const V& v, V& out) const { out = 2 * w.cwiseProduct(v); }
  void vjp(const V& u, V& out) const { out = 2 * w.cwiseProduct(u); }
};
struct SecondTangent : WritingTangent {
  void second(const V& u, const V& v, V& out) const { out = 2 * u.cwiseProduct(v); }
  V second_vjp(const V& u, const V& c) const { return 2 * u.cwiseProduct(c); }
};
struct OneWayTangent {
  V h;
  const V& value() const { return h; }
  V jvp(const V& v) const { return v; }
};
template <class Tangent>
struct WithLinearize : Sized {
  Tangent linearize(const V& w) const;
};

static_assert(Model<WithJacobian>);
static_assert(Model<WithProducts>);
static_assert(Model<WithLinearize<ReturningTangent>>);
static_assert(Model<WithLinearize<WritingTangent>>);
static_assert(Model<WithLinearize<SecondTangent>>);
static_assert(Model<const WithProducts>);

static_assert(!Model<Named> && !Model<Sized>);
static_assert(!Model<Valued>, "without a derivative");
static_assert(!Model<WithLinearize<OneWayTangent>>, "a tangent without vjp");
static_assert(!Model<WithLinearize<double>>);
static_assert(!Model<double> && !Model<V>);

struct WithoutVjp : Valued {
  V jvp(const V& w, const V& v) const { return 2 * w.cwiseProduct(v); }
};
struct WithoutJvp : Valued {
  V vjp(const V& w, const V& u) const { return 2 * w.cwiseProduct(u); }
};
struct WithoutValue : Sized {
  M jacobian(const V& w) const { return w.asDiagonal(); }
};
struct WithoutDimensions : Named {
  V operator()(const V& w) const { return w; }
  M jacobian(const V& w) const { return w.asDiagonal(); }
};
struct Mutable : Sized {
  V operator()(const V& w) { return w; }
  M jacobian(const V& w) { return w.asDiagonal(); }
};
struct OfIntegers : WithJacobian {
  using Scalar = int;
};
struct Unique : WithJacobian {
  std::unique_ptr<int> owned;
};
static_assert(!Model<WithoutVjp> && !Model<WithoutJvp>);
static_assert(!Model<WithoutValue> && !Model<WithoutDimensions>);
static_assert(!Model<Mutable>, "models do not change");
static_assert(!Model<OfIntegers>);
static_assert(!Model<Unique>, "models are copied");

static_assert(TwiceDifferentiableModel<WithSecond>);
static_assert(TwiceDifferentiableModel<WithLinearize<SecondTangent>>);
static_assert(!TwiceDifferentiableModel<WithProducts>);
static_assert(!TwiceDifferentiableModel<WithLinearize<WritingTangent>>);

/// A model may name the types of w and h(w).
struct Renamed {
  using Scalar = float;
  using Parameters = Vector<double>;
  using Outputs = Vector<float>;
};
static_assert(std::same_as<scalar_t<Renamed>, float>);
static_assert(std::same_as<parameters_t<Renamed>, Vector<double>>);
static_assert(std::same_as<outputs_t<Renamed>, Vector<float>>);
static_assert(std::same_as<parameters_t<Valued>, V> && std::same_as<outputs_t<Valued>, V>);

/// 1/2 ||y||^2, in parts.
struct Half {
  using Scalar = double;
  double value(const V& y) const { return y.squaredNorm() / 2; }
  void hessian_apply(const V&, const V& v, V& out) const { out = v; }
  double smoothness() const { return 1; }
  double strong_convexity() const { return 1; }
};
struct WithSpace : Half {
  OutputSpace output_space() const { return euclidean(2); }
};
struct WithGradient : WithSpace {
  void gradient(const V& y, V& g) const { g = y; }
};
struct GradientWithoutSpace : Half {
  void gradient(const V& y, V& g) const { g = y; }
};
struct WithMinimizer : WithGradient {
  V minimizer() const { return V::Zero(2); }
};
struct StronglyConvex : WithMinimizer {
  static constexpr bool is_strongly_convex = true;
};
struct DeniesConvexity : WithMinimizer {
  static constexpr bool is_strongly_convex = false;
};
static_assert(Loss<WithGradient>);
static_assert(!Loss<WithSpace> && !Loss<GradientWithoutSpace> && !Loss<double>);
static_assert(StronglyConvexLoss<StronglyConvex>);
static_assert(!StronglyConvexLoss<WithMinimizer> && !StronglyConvexLoss<DeniesConvexity>);
static_assert(HasOutputSpace<WithGradient> && !HasOutputSpace<GradientWithoutSpace>);

}  // namespace

TEST_CASE("what the concepts accept computes: two spellings of a tangent give the same numbers") {
  const V w = Eigen::Vector2d(3, -1), v = Eigen::Vector2d(0.5, 2);
  const WithProducts products;
  const WithJacobian jacobian;
  const WritingTangent writing{w, products(w)};
  const ReturningTangent returning{w, products(w)};
  V out(2);
  writing.jvp(v, out);
  CHECK(out == products.jvp(w, v));
  CHECK(out == returning.jvp(v));
  CHECK(out == jacobian.jacobian(w) * v);
  CHECK(writing.value() == jacobian(w));
}
