#include <lazytrain/backend/cpu/contract_pairs.hpp>

#include "support/catch.hpp"
#include "support/contraction.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("a pair's block is the sum over positions of Gram matrix entries times products of deltas",
                   "", float, double) {
  using S = TestType;
  Philox rng(1);
  for (const ConvShape& shape : {ConvShape{.channels = 1, .height = 5, .width = 6, .filters = 70},
                                 ConvShape{.channels = 1, .height = 2, .width = 2, .filters = 130},
                                 ConvShape{.channels = 1, .height = 1, .width = 1, .filters = 3}}) {
    for (const Index k : {1, 6}) {
      for (const bool applied : {true, false}) {
        INFO(shape << ", " << k << " outputs, applied " << applied);
        const Index P = shape.positions(), K = shape.filters;
        const Matrix<S> D = normal_matrix<S>(shape.output_dim(), k, rng);
        const Matrix<S> E = normal_matrix<S>(shape.output_dim(), k, rng);
        const Matrix<S> G = normal_matrix<S>(P, P, rng);
        Vector<S> gram = Vector<S>::Zero(cpu::grouped_size(P, P));
        for (Index q = 0; q < P; ++q) {
          for (Index p = 0; p < P; ++p) gram(cpu::grouped(P, p, q)) = G(p, q);
        }
        cpu::ContractionWorkspace<S> workspace;
        cpu::detail::PairContraction<S> pair(shape, k, applied, workspace);
        Vector<S> rows(pair.packed_size()), columns(pair.packed_size());
        pair.pack_rows(shape, D.data(), D.outerStride(), rows.data());
        pair.pack_columns(shape, E.data(), E.outerStride(), columns.data());
        const double* block = pair(rows.data(), columns.data(), gram.data());
        for (Index o = 0; o < k; ++o) {
          for (Index q = 0; q < k; ++q) {
            const Matrix<double> left = D.col(o).reshaped(K, P).template cast<double>();
            const Matrix<double> right = E.col(q).reshaped(K, P).template cast<double>();
            const Matrix<double> exact = G.template cast<double>();
            const double expected = (left * exact).cwiseProduct(right).sum();
            const double magnitude =
                (left.cwiseAbs() * exact.cwiseAbs()).cwiseProduct(right.cwiseAbs()).sum();
            CHECK_THAT(block[o * k + q],
                       WithinAbs(expected, roundoff<S>(contraction_roundings(shape)) * magnitude));
          }
        }
      }
    }
  }
}
