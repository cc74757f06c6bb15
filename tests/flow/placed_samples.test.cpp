#include <lazytrain/backend/cuda/backend.hpp>
#include <lazytrain/flow/placed_samples.hpp>
#include <lazytrain/nn/images.hpp>
#include <lazytrain/nn/network.hpp>
#include <support/catch.hpp>
#include <support/host_executor.hpp>
#include <type_traits>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using Here = cpu::Backend<double>;
using There = cuda::ExecutorBackend<double, HostExecutor>;

constexpr nn::ImageShape shape{2, 3, 4};

template <class B>
nn::Network<B> network() {
  return {shape, nn::Series<B>{nn::Dense{.outputs = 2}}};
}

data::RegressionData<double> regression() {
  Philox rng(1);
  const Matrix<double> X = normal_matrix(shape.dim(), 7, rng);
  const Matrix<double> Y = normal_matrix(2, 7, rng);
  return {X, Y};
}

Matrix<double> host(const Matrix<double>& X) { return X; }
Matrix<double> host(const There::Batch& X) { return X.to_host(); }

/// Inputs and targets of a batch, one under the other.
Matrix<double> samples_of(const auto& batch) {
  const Matrix<double> X = host(*batch.model.data().inputs);
  const Vector<double>* targets = nullptr;
  if constexpr (requires { batch.loss.on_host(); }) {
    targets = &batch.loss.on_host().targets();
  } else {
    targets = &batch.loss.targets();
  }
  Matrix<double> all(X.rows() + 2, X.cols());
  all << X, targets->reshaped(2, X.cols());
  return all;
}

template <class B>
struct Placed {
  detail::PlacedSamples<nn::Network<B>, data::RegressionData<double>> samples{network<B>(), regression()};

  Matrix<double> batch(const std::vector<Index>& indices) const {
    return samples_of(samples.batch(indices, MakeSquareLoss{}));
  }
  Matrix<double> changed(const std::vector<Index>& indices, const auto& augment) const {
    Philox rng(3);
    return samples_of(samples.batch(indices, MakeSquareLoss{}, augment, rng));
  }
};

const std::vector<Index> indices = {6, 0, 0, 3};

}  // namespace

TEST_CASE("batches of a data set elsewhere are those of the host", "[flow]") {
  const Placed<There> there;
  const Matrix<double> expected = Placed<Here>{}.batch(indices);
  for (Index j = 0; j < 4; ++j) {
    const Index i = indices[static_cast<std::size_t>(j)];
    CHECK(expected.col(j).head(shape.dim()) == regression().inputs.col(i));
    CHECK(expected.col(j).tail(2) == regression().targets.col(i));
  }
  CHECK(there.batch(indices) == expected);
  CHECK(samples_of(there.samples.all(MakeSquareLoss{})) ==
        samples_of(Placed<Here>{}.samples.all(MakeSquareLoss{})));
}

TEST_CASE("images move where they are, to the same places as on the host", "[flow]") {
  const nn::Augmenter augment(shape, {.padding = 2});
  const Matrix<double> expected = Placed<Here>{}.changed(indices, augment);
  for (const ThreadOrder order : {ThreadOrder::ascending, ThreadOrder::strided}) {
    const HostExecutor::Mode mode(order);
    CHECK(Placed<There>{}.changed(indices, augment) == expected);
  }
  CHECK(expected != Placed<Here>{}.batch(indices));
}

TEST_CASE("any other change is made on the host", "[flow]") {
  const auto shift = [](Matrix<double>& X, Philox& rng) { X.array() += uniform(rng); };
  CHECK(Placed<There>{}.changed(indices, shift) == Placed<Here>{}.changed(indices, shift));
}

TEST_CASE("a data set goes to a device once", "[flow]") {
  const Placed<There> there;
  const auto inputs = there.samples.all(MakeSquareLoss{}).model.data().inputs;
  CHECK(there.samples.all(MakeSquareLoss{}).model.data().inputs == inputs);
  const Index sent = HostExecutor::uploaded();
  (void)there.samples.batch(indices, MakeSquareLoss{});
  // The batch's places and targets.
  CHECK(HostExecutor::uploaded() - sent == static_cast<Index>(4 * sizeof(Index) + 8 * sizeof(double)));
}

TEST_CASE("images of another shape than the data's are refused", "[flow]") {
  const nn::Augmenter augment({2, 3, 5});
  CHECK(
      message_of<std::invalid_argument>([&] { (void)Placed<There>{}.changed(indices, augment); }) ==
      "lazytrain::augmented_batches: augment.shape() has size 30, expected 24 (the coordinates of an input)");
  CHECK_THROWS_AS(Placed<Here>{}.changed(indices, augment), std::invalid_argument);
}

TEST_CASE("indices beyond the data are refused before the device sees them", "[flow]") {
  CHECK_THROWS_AS(Placed<There>{}.batch({7}), std::invalid_argument);
}
