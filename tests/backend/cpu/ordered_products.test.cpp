#include <lazytrain/backend/cpu/ordered_products.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// B as a right operand.
template <class S>
Vector<S> right_operand(const Matrix<S>& B) {
  Vector<S> out = Vector<S>::Zero(cpu::grouped_size(B.rows(), B.cols()));
  for (Index n = 0; n < B.cols(); ++n) {
    for (Index t = 0; t < B.rows(); ++t) out(cpu::grouped(B.rows(), t, n)) = B(t, n);
  }
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("a panel times a right operand is their matrix product", "", float, double) {
  using S = TestType;
  Philox rng(1);
  for (const Index V : {1, 2, 3, 4}) {
    const Index lanes = V * cpu::packet_size<S>;
    for (const Index inner : {1, 3, 64, 700}) {
      for (const Index columns : {1, 2, 3, 4, 7, 8, 9, 23}) {
        CAPTURE(V, inner, columns);
        const Matrix<S> A = normal_matrix<S>(lanes + 3, inner, rng),
                        B = normal_matrix<S>(inner, columns, rng);
        Matrix<S> C = Matrix<S>::Constant(lanes + 5, columns, S(7));
        cpu::multiply_panel(V, inner, A.data(), A.rows(), right_operand(B).data(), columns, C.data(),
                            C.rows());
        const Matrix<S> rows = A.topRows(lanes);
        const Matrix<S> expected = rows * B, magnitude = rows.cwiseAbs() * B.cwiseAbs();
        CHECK(((C.topRows(lanes) - expected).array().abs() <=
               S(roundoff<S>(2 * static_cast<double>(inner))) * magnitude.array())
                  .all());
        CHECK((C.bottomRows(5).array() == S(7)).all());
      }
    }
  }
}

TEMPLATE_TEST_CASE("an element of a product has the same bits whatever stands beside it", "", float, double) {
  using S = TestType;
  Philox rng(2);
  const Index inner = 90, lanes = 2 * cpu::packet_size<S>, columns = 21;
  const Matrix<S> A = normal_matrix<S>(lanes, inner, rng), B = normal_matrix<S>(inner, columns, rng);
  Matrix<S> whole(lanes, columns);
  cpu::multiply_panel(2, inner, A.data(), lanes, right_operand(B).data(), columns, whole.data(), lanes);
  for (Index n = 0; n < columns; ++n) {
    const Matrix<S> column = B.col(n);
    Vector<S> alone(lanes);
    cpu::multiply_panel(1, inner, A.data(), lanes, right_operand(column).data(), 1, alone.data(), lanes);
    CHECK(alone.head(cpu::packet_size<S>) == whole.col(n).head(cpu::packet_size<S>));
  }
}

TEMPLATE_TEST_CASE("inner products are sums of lanes, with the same bits in every tile", "", float, double) {
  using S = TestType;
  Philox rng(3);
  const Index W = cpu::packet_size<S>;
  for (const Index steps : {1, 5, 32}) {
    for (const Index rows : {1, 2, 3, 4, 5, 6, 11}) {
      for (const Index columns : {1, 3, 5, 8, 10}) {
        CAPTURE(steps, rows, columns);
        const Matrix<S> X = normal_matrix<S>(steps * W, rows, rng),
                        Y = normal_matrix<S>(steps * W, columns, rng);
        Vector<S> lanes = Vector<S>::Constant(rows * columns * W, S(1));
        cpu::add_inner_products(rows, columns, steps, X.data(), X.rows(), Y.data(), Y.rows(), S(2),
                                lanes.data(), columns);
        const Matrix<S> expected = X.transpose() * Y, magnitude = X.cwiseAbs().transpose() * Y.cwiseAbs();
        for (Index m = 0; m < rows; ++m) {
          for (Index n = 0; n < columns; ++n) {
            const S* packet = lanes.data() + (m * columns + n) * W;
            const S size = 2 * magnitude(m, n) + static_cast<S>(W);
            CHECK(std::abs(cpu::sum_of_lanes(packet) - (2 * expected(m, n) + static_cast<S>(W))) <=
                  S(roundoff<S>(static_cast<double>(2 * steps * W))) * size);
            Vector<S> alone = Vector<S>::Constant(W, S(1));
            cpu::add_inner_products(1, 1, steps, X.col(m).data(), X.rows(), Y.col(n).data(), Y.rows(), S(2),
                                    alone.data(), 1);
            CHECK(alone == Eigen::Map<const Vector<S>>(packet, W));
          }
        }
      }
    }
  }
}
