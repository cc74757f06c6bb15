#include <cmath>
#include <lazytrain/core/unit_vectors.hpp>

#include "support/catch.hpp"

using namespace lazytrain;

namespace {

TEST_CASE("unit vectors are visited in the order of their coordinates and are the columns of the identity") {
  Matrix<float> columns = Matrix<float>::Constant(4, 4, 7);
  Index expected = 0;
  // What `like` holds does not matter, not even numbers that are not finite.
  for_each_unit_vector(Vector<float>(Vector<float>::Constant(4, std::nanf(""))),
                       [&](Index i, const Vector<float>& unit) {
                         CHECK(i == expected++);
                         columns.col(i) = unit;
                       });
  CHECK(expected == 4);
  CHECK(columns == Matrix<float>::Identity(4, 4));
}

TEST_CASE("a space of dimension 0 has no unit vectors") {
  for_each_unit_vector(Vector<double>(), [](Index, const Vector<double>&) { FAIL("visited"); });
}

}  // namespace
