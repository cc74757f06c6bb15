#include <lazytrain/backend/cpu/contraction.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/contraction.hpp"
#include "support/long_tests.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

const KernelContraction methods[] = {KernelContraction::jacobian, KernelContraction::gram,
                                     KernelContraction::applied};

struct Case {
  cpu::LayerContraction layer;
  Index rows, columns;
};

/// Odd maps, strides, paddings and numbers of filters and outputs; dense layers; many positions and few.
std::vector<Case> cases() {
  std::vector<Case> all;
  Index outputs = 0;
  for (const ConvShape& shape : odd_conv_shapes()) {
    outputs = outputs % 4 + 1;
    all.push_back({{.shape = shape, .outputs = outputs, .bias = outputs != 2}, 3, 2});
  }
  all.push_back(
      {{.shape = {.channels = 2, .height = 9, .width = 8, .filters = 37, .stride = 2}, .outputs = 11}, 2, 3});
  all.push_back({{.shape = {2, 11, 13, 9, 5, 3, 2}, .outputs = 2, .bias = false}, 2, 3});
  all.push_back({{.shape = {5, 9, 7, 70, 1, 2, 0}, .outputs = 3}, 3, 1});
  all.push_back({{.shape = {3, 6, 5, 17, 3, 1, 0}, .outputs = 6}, 2, 2});
  all.push_back({{.shape = {300, 1, 1, 10, 1, 1, 0}, .outputs = 10}, 5, 3});
  all.push_back({{.shape = {150, 2, 2, 130}, .outputs = 7}, 2, 2});
  all.push_back({{.shape = {1, 25, 24, 3}, .outputs = 1}, 2, 2});
  return all;
}

template <class S>
Matrix<S> contracted(cpu::LayerContraction layer, KernelContraction method, const cpu::LayerSamples<S>& rows,
                     const cpu::LayerSamples<S>& columns) {
  layer.method = method;
  cpu::ContractionWorkspace<S> workspace;
  Matrix<S> out = Matrix<S>::Constant(rows.deltas.cols(), columns.deltas.cols(), S(7));
  cpu::contract(layer, rows, columns, out, cpu::Write::assign, workspace);
  return out;
}

template <class S>
Matrix<S> contracted(cpu::LayerContraction layer, KernelContraction method,
                     const cpu::LayerSamples<S>& samples) {
  layer.method = method;
  cpu::ContractionWorkspace<S> workspace;
  Matrix<S> out = Matrix<S>::Constant(samples.deltas.cols(), samples.deltas.cols(), S(7));
  cpu::contract(layer, samples, out, cpu::Write::assign, workspace);
  return out;
}

template <class S>
void check_product(const Matrix<S>& block, const NaiveJacobian& rows, const NaiveJacobian& columns,
                   const cpu::LayerContraction& layer) {
  const Matrix<double> expected = rows.value.transpose() * columns.value;
  const Matrix<double> magnitude = rows.magnitude.transpose() * columns.magnitude;
  const double tolerance = roundoff<S>(contraction_roundings(layer.shape));
  CHECK(((block.template cast<double>() - expected).array().abs() <= tolerance * magnitude.array()).all());
}

}  // namespace

TEMPLATE_TEST_CASE("every contraction is the product of the Jacobians of the layer", "", float, double) {
  using S = TestType;
  Philox rng(1);
  for (const auto& [layer, n, m] : cases()) {
    INFO(layer.shape << ", " << layer.outputs << " outputs");
    const RandomSamples<S> rows(layer.shape, n, layer.outputs, rng),
        columns(layer.shape, m, layer.outputs, rng);
    const NaiveJacobian J = naive_jacobian(layer, rows), L = naive_jacobian(layer, columns);
    for (const auto method : methods) {
      CAPTURE(static_cast<int>(method));
      check_product<S>(contracted(layer, method, rows.all(), columns.all()), J, L, layer);
      const Matrix<S> own = contracted(layer, method, rows.all());
      check_product<S>(own, J, J, layer);
      CHECK(own == own.transpose());
    }
    cpu::ContractionWorkspace<S> workspace;
    Matrix<S> gradients(J.value.rows(), J.value.cols());
    cpu::layer_jacobian(layer, rows.all(), gradients, workspace);
    CHECK(((gradients.template cast<double>() - J.value).array().abs() <=
           roundoff<S>(static_cast<double>(layer.shape.positions())) * J.magnitude.array())
              .all());
  }
}

TEMPLATE_TEST_CASE("the block of a pair has the same bits in every block of images and every workspace", "",
                   LAZYTRAIN_LONG_TEST_SCALARS) {
  using S = TestType;
  Philox rng(2);
  const cpu::LayerContraction layers[] = {
      {.shape = {.channels = 5, .height = 7, .width = 6, .filters = 40}, .outputs = 3},
      {.shape = {.channels = 70, .height = 3, .width = 3, .filters = 65, .stride = 2}, .outputs = 7},
      {.shape = {40, 1, 1, 10, 1, 1, 0}, .outputs = 10}};
  const Index n = short_tests ? 5 : 7;
  const std::vector<Index> sizes = short_tests ? std::vector<Index>{1, 2, 4} : std::vector<Index>{1, 2, 4, 5};
  for (auto layer : layers) {
    const Index k = layer.outputs;
    const RandomSamples<S> samples(layer.shape, n, k, rng);
    for (const auto method : methods) {
      INFO(layer.shape << ", method " << static_cast<int>(method));
      layer.method = method;
      const Matrix<S> whole = contracted(layer, method, samples.all());
      const Matrix<S> square = contracted(layer, method, samples.all(), samples.all());
      for (const std::size_t memory : {std::size_t(0), std::size_t(40000), std::size_t(1) << 30}) {
        cpu::ContractionWorkspace<S> workspace(memory);
        for (const Index size : sizes) {
          CAPTURE(memory, size);
          // Blocks of a larger matrix, from one workspace that has seen other sizes.
          Matrix<S> out = Matrix<S>::Zero(n * k + 3, n * k + 5);
          for (Index j = 0; j < n; j += size) {
            const Index m = std::min(size, n - j);
            cpu::contract(layer, samples.some(j, m), out.block(1 + j * k, 2 + j * k, m * k, m * k),
                          cpu::Write::assign, workspace);
            for (Index i = j + size; i < n; i += size) {
              const Index r = std::min(size, n - i);
              cpu::contract(layer, samples.some(i, r), samples.some(j, m),
                            out.block(1 + i * k, 2 + j * k, r * k, m * k), cpu::Write::assign, workspace);
            }
          }
          const Matrix<S> kernel = out.block(1, 2, n * k, n * k);
          CHECK((kernel.array() == whole.array() || Matrix<S>::Ones(n * k, n * k)
                                                            .template triangularView<Eigen::StrictlyUpper>()
                                                            .toDenseMatrix()
                                                            .array() > 0)
                    .all());
        }
      }
      for (Index j = 0; j < n; ++j) {
        for (Index i = j + 1; i < n; ++i) {
          CHECK(square.block(i * k, j * k, k, k) == whole.block(i * k, j * k, k, k));
        }
      }
    }
  }
}

TEST_CASE("in single precision a block of a large layer is within 1e-5 of double precision", "") {
  // Nothing cancels: activations after relu, and deltas of one sign, so that partial sums grow longest.
  Philox rng(3);
  const cpu::LayerContraction layer{.shape = {.channels = 64, .height = 8, .width = 8, .filters = 128},
                                    .outputs = 2};
  RandomSamples<float> samples(layer.shape, 2, 2, rng);
  samples.activations = samples.activations.cwiseMax(0.F);
  for (const bool positive : {true, false}) {
    if (positive) samples.deltas = samples.deltas.cwiseAbs();
    const RandomSamples<double> exact = [&] {
      RandomSamples<double> copy(layer.shape, 2, 2, rng);
      copy.activations = samples.activations.cast<double>();
      copy.deltas = samples.deltas.cast<double>();
      return copy;
    }();
    const Matrix<double> expected = contracted(layer, KernelContraction::jacobian, exact.all());
    for (const auto method : methods) {
      CAPTURE(static_cast<int>(method), positive);
      const Matrix<double> block = contracted(layer, method, samples.all()).cast<double>();
      CHECK((block - expected).norm() <= 1e-5 * expected.norm());
    }
    samples.deltas = normal_matrix<float>(samples.deltas.rows(), samples.deltas.cols(), rng);
  }
}

TEST_CASE("layers add up to the kernel of a network", "") {
  Philox rng(4);
  const cpu::LayerContraction layer{.shape = {.channels = 3, .height = 5, .width = 4, .filters = 6},
                                    .outputs = 2};
  RandomSamples<double> rows(layer.shape, 3, 2, rng), columns(layer.shape, 2, 2, rng);
  // Integers: every order of summation is exact.
  for (auto* matrix : {&rows.activations, &rows.deltas, &columns.activations, &columns.deltas}) {
    *matrix = (10 * *matrix).array().round();
  }
  for (const auto method : methods) {
    auto chosen = layer;
    chosen.method = method;
    cpu::ContractionWorkspace<double> workspace;
    const Matrix<double> once = contracted(layer, method, rows.all(), columns.all());
    const Matrix<double> symmetric = contracted(layer, method, rows.all());
    Matrix<double> sum = once, own = symmetric;
    cpu::contract(chosen, rows.all(), columns.all(), sum, cpu::Write::add, workspace);
    cpu::contract(chosen, rows.all(), own, cpu::Write::add, workspace);
    CHECK(sum == 2 * once);
    CHECK(own == 2 * symmetric);
  }
}

TEST_CASE("no images make an empty block", "") {
  Philox rng(5);
  const cpu::LayerContraction layer{.shape = {.channels = 3, .height = 5, .width = 4, .filters = 6},
                                    .outputs = 2};
  const RandomSamples<float> some(layer.shape, 3, 2, rng);
  for (const auto method : methods) {
    CHECK(contracted(layer, method, some.some(0, 0), some.all()).size() == 0);
    CHECK(contracted(layer, method, some.all(), some.some(0, 0)).size() == 0);
    CHECK(contracted(layer, method, some.some(1, 0)).size() == 0);
  }
}

TEST_CASE("contractions refuse what does not fit", "") {
  Philox rng(6);
  const cpu::LayerContraction layer{.shape = {.channels = 3, .height = 5, .width = 4, .filters = 6},
                                    .outputs = 2};
  const RandomSamples<double> samples(layer.shape, 3, 2, rng);
  cpu::ContractionWorkspace<double> workspace;
  Matrix<double> out(6, 6);
  const auto refusal = [&](const cpu::LayerContraction& wrong, const cpu::LayerSamples<double>& rows,
                           Index size) {
    out.resize(6, size);
    return message_of<std::invalid_argument>(
        [&] { cpu::contract(wrong, rows, samples.all(), out, cpu::Write::assign, workspace); });
  };
  auto wrong = layer;
  wrong.method = KernelContraction::automatic;
  CHECK_THAT(refusal(wrong, samples.all(), 6), ContainsSubstring("layer.method is automatic"));
  wrong = layer;
  wrong.outputs = 0;
  CHECK_THAT(refusal(wrong, samples.all(), 6), ContainsSubstring("layer.outputs is 0"));
  wrong.outputs = 3;
  CHECK_THAT(refusal(wrong, samples.all(), 6), ContainsSubstring("deltas.cols() has size 6, expected 9"));
  wrong = layer;
  wrong.shape.channels = 2;
  CHECK_THAT(refusal(wrong, samples.all(), 6),
             ContainsSubstring("activations.rows() has size 60, expected 40"));
  wrong = layer;
  wrong.shape.filters = 5;
  CHECK_THAT(refusal(wrong, samples.all(), 6), ContainsSubstring("deltas.rows() has size 120, expected 100"));
  wrong = layer;
  wrong.shape.stride = 0;
  CHECK_THAT(refusal(wrong, samples.all(), 6), ContainsSubstring("shape.stride is 0"));
  CHECK_THAT(refusal(layer, samples.all(), 5), ContainsSubstring("out.cols() has size 5, expected 6"));
  CHECK_THAT(refusal(layer, samples.some(0, 2), 6), ContainsSubstring("out.rows() has size 6, expected 4"));
  Matrix<double> gradients(3, 6);
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { cpu::layer_jacobian(layer, samples.all(), gradients, workspace); }),
             ContainsSubstring("out.rows() has size 3, expected 168"));
}
