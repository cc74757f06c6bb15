#include <lazytrain/backend/cpu/contract_jacobian.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/convolution.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("panels hold every parameter once and no more than their size", "", float, double) {
  using S = TestType;
  for (const ConvShape& shape :
       {ConvShape{.channels = 3, .height = 5, .width = 5, .filters = 10},
        ConvShape{.channels = 64, .height = 5, .width = 5, .filters = 130},
        ConvShape{.channels = 5000, .height = 1, .width = 1, .filters = 1, .kernel = 1}}) {
    for (const bool bias : {true, false}) {
      const Index columns = shape.patch_dim() + (bias ? 1 : 0);
      Matrix<int> seen = Matrix<int>::Zero(shape.filters, columns);
      cpu::detail::for_parameter_panels<S>(shape, bias, [&](const cpu::detail::ParameterPanel& panel) {
        const Index width = panel.V * cpu::packet_size<S>;
        CHECK(width * panel.count <= cpu::detail::panel_size);
        seen.block(panel.filter, panel.column, std::min(width, shape.filters - panel.filter), panel.count)
            .array() += 1;
      });
      CHECK((seen.array() == 1).all());
    }
  }
}

TEMPLATE_TEST_CASE("rows times rows is a matrix product, or its lower half", "", float, double) {
  using S = TestType;
  Philox rng(1);
  const Index W = cpu::packet_size<S>;
  for (const Index rows : {1, 7, 40, 93}) {
    for (const Index size : {W, 3 * W, cpu::detail::dot_piece<S> + W}) {
      CAPTURE(rows, size);
      const Matrix<S> X = normal_matrix<S>(size + 1, rows, rng), Y = normal_matrix<S>(size + 1, 51, rng);
      cpu::ContractionWorkspace<S> workspace;
      Matrix<S> out = Matrix<S>::Ones(rows, 51), half = Matrix<S>::Constant(rows, rows, S(7));
      cpu::detail::multiply_rows(X.data(), rows, Y.data(), 51, X.rows(), size, false, out, cpu::Write::add,
                                 workspace);
      cpu::detail::multiply_rows(X.data(), rows, X.data(), rows, X.rows(), size, true, half,
                                 cpu::Write::assign, workspace);
      const auto check = [&](const Matrix<S>& found, const Matrix<S>& right, double added, bool lower) {
        const Matrix<double> A = X.topRows(size).template cast<double>();
        const Matrix<double> B = right.topRows(size).template cast<double>();
        const Matrix<double> expected = A.transpose() * B;
        const Matrix<double> magnitude = A.cwiseAbs().transpose() * B.cwiseAbs();
        for (Index c = 0; c < found.cols(); ++c) {
          for (Index r = 0; r < found.rows(); ++r) {
            if (lower && r < c) {
              CHECK(found(r, c) == S(7));
            } else {
              CHECK(std::abs(static_cast<double>(found(r, c)) - expected(r, c) - added) <=
                    roundoff<S>(80) * (magnitude(r, c) + added));
            }
          }
        }
      };
      check(out, Y, 1, false);
      check(half, X, 0, true);
    }
  }
}
