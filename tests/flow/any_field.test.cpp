#include <flow/problems.hpp>
#include <lazytrain/flow/any_field.hpp>
#include <lazytrain/flow/chebyshev.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/euler.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// x' = -x, which counts nothing.
struct Decay {
  using State = Vector<double>;
  void operator()(const State& x, State& f) const { f = -x; }
};

/// The gradient flow of a two-layer network with some activation, from w.
template <class Activation>
auto network_field(const Vector<double>& w) {
  const auto h = TwoLayer<double, Activation>({.inputs = 2, .neurons = 3}).on(Matrix<double>::Ones(2, 4));
  return parameter_field(h, square_loss(Vector<double>(Vector<double>::Ones(4)), empirical(4)), w, 1.0);
}
template <class Activation>
using NetworkField = decltype(network_field<Activation>(Vector<double>()));

}  // namespace

TEST_CASE("A field without its type has the field's values, and its count if it counts") {
  Decay decay;
  const Vector<double> x = Eigen::Vector2d(1, -2);
  Vector<double> f(2);
  auto any = detail::AnyField<Vector<double>>::of(decay);
  CHECK(VectorField<decltype(any)>);
  any(x, f);
  any(x, f);
  CHECK(f == -x);
  CHECK(any.evaluations() == 2);

  const Vector<double> w = Vector<double>::LinSpaced(9, -1, 1);
  Vector<double> velocity(9);
  auto gradient = network_field<Tanh>(w);
  auto counted = detail::AnyField<Vector<double>>::of(gradient);
  gradient(w, velocity);
  counted(w, velocity);
  CHECK(counted.evaluations() == 2);
}

TEST_CASE("Steppers that need values alone forget the type of fields without kinks") {
  CHECK(detail::NeedsValuesAlone<Euler, Decay>);
  CHECK(detail::NeedsValuesAlone<RungeKutta4, Decay>);
  CHECK(detail::NeedsValuesAlone<DormandPrince, Decay>);
  CHECK(detail::NeedsValuesAlone<Chebyshev, Decay>);
  CHECK(detail::NeedsValuesAlone<DormandPrince, NetworkField<Tanh>>);
  CHECK_FALSE(detail::NeedsValuesAlone<DormandPrince, NetworkField<Relu>>);
  CHECK_FALSE(detail::NeedsValuesAlone<Exponential, NetworkField<Tanh>>);
}
