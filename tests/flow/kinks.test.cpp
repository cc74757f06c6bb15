#include <flow/problems.hpp>
#include <lazytrain/flow/kinks.hpp>
#include <lazytrain/model/scaled.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Only models with kinks have them, also scaled, centred and displaced ones") {
  using R = SquareLoss<double>;
  using ReluModel = TwoLayerOnData<double, Relu>;
  using TanhModel = TwoLayerOnData<double, Tanh>;
  STATIC_REQUIRE(HasKinks<GradientField<ReluModel, R>>);
  STATIC_REQUIRE(HasKinks<GradientField<displaced_t<ReluModel>, R>>);
  STATIC_REQUIRE(HasKinks<GradientField<Scaled<ReluModel>, R>>);
  STATIC_REQUIRE(HasKinks<GradientField<Centred<ReluModel>, R>>);
  STATIC_REQUIRE(HasKinks<GradientField<Scaled<Centred<ReluModel>>, R>>);
  STATIC_REQUIRE_FALSE(HasKinks<GradientField<TanhModel, R>>);
  STATIC_REQUIRE_FALSE(HasKinks<GradientField<displaced_t<TanhModel>, R>>);
  STATIC_REQUIRE_FALSE(HasKinks<GradientField<Scaled<TanhModel>, R>>);
}

TEST_CASE("Kinks are pre-activations, named by neuron and sample") {
  const auto h = oracle_network<Relu>();
  const Vector<double> w = oracle_parameters("w_sym");
  const auto tangent = scaled(h, 3.0).linearize(w);
  REQUIRE(tangent.kinks().size() == 30);
  const Matrix<double> X = h.inputs();
  for (const Index i : {Index(0), Index(7), Index(29)}) {
    CHECK_THAT(tangent.kinks()(i), WithinAbs(w.segment(4 * (i % 6), 3).dot(X.col(i / 6)), 1e-14));
  }
  CHECK(tangent.describe_kink(0) == "neuron 0, sample 0");
  CHECK(tangent.describe_kink(19) == "neuron 1, sample 3");
}
