#include <lazytrain/model/jacobian.hpp>
#include <lazytrain/model/symmetrized.hpp>
#include <model/models.hpp>
#include <support/model_laws.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("the assembled Jacobian is the Jacobian, whichever side is shorter") {
  const Matrix<double> expected = Products<double>{}.jacobian_matrix(point<double>());
  CHECK((jacobian(Products<double>{}, point<double>()) - expected).norm() <=
        roundoff<double>(10) * expected.norm());
  // The symmetrized model has more parameters than outputs.
  const Matrix<double> wide = jacobian(linearize(symmetrized(Products<double>{}), doubled(point<double>())));
  CHECK((wide.leftCols(3) - expected).norm() <= roundoff<double>(10) * expected.norm());
  CHECK((wide.rightCols(3) + expected).norm() <= roundoff<double>(10) * expected.norm());
}

}  // namespace
