#include <lazytrain/core/random.hpp>
#include <lazytrain/data/normalize.hpp>

#include "../support/catch.hpp"
#include "../support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("normalized features have mean 0 and deviation 1", "", float, double) {
  using S = TestType;
  Philox rng(1);
  const Index d = 4;
  const Index n = 200;
  Matrix<S> inputs = normal_matrix<S>(d, n, rng);
  // A mean of a thousand deviations costs a thousand roundings in the data, no more.
  for (Index i = 0; i < d; ++i) inputs.row(i) = (inputs.row(i).array() * S(i + 1) + S(1000 * i)).matrix();
  const auto normalization = data::fit_features(inputs);
  CHECK(normalization.constant() == 0);
  const Matrix<double> result = normalization.apply(inputs).template cast<double>();
  for (Index i = 0; i < d; ++i) {
    CHECK_THAT(result.row(i).mean(), WithinAbs(0, roundoff<S>(2000)));
    CHECK_THAT(result.row(i).squaredNorm() / double(n), WithinRel(1, roundoff<S>(4000)));
  }
}

TEST_CASE("the fitted numbers are mean and population deviation, and apply to other data") {
  const Matrix<double> inputs{{1, 3}, {-2, 6}};
  const auto normalization = data::fit_features(inputs);
  CHECK(normalization.mean() == Vector<double>{{2, 2}});
  CHECK(normalization.deviation() == Vector<double>{{1, 4}});
  CHECK(normalization.apply(Matrix<double>{{4}, {4}}) == Matrix<double>{{2}, {0.5}});
  const data::RegressionData<double> test(Matrix<double>{{4}, {4}}, Matrix<double>{{7}});
  CHECK(normalization.apply(test).inputs == Matrix<double>{{2}, {0.5}});
  CHECK(normalization.apply(test).targets == test.targets);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)normalization.apply(Matrix<double>(3, 1)); }),
             ContainsSubstring("inputs has size 3, expected 2 (coordinates of the fitted data)"));
}

TEST_CASE("constant features are left alone and counted") {
  // The mean of equal numbers is rounded: only comparison finds out that 0.1 does not change.
  Matrix<double> inputs = Matrix<double>::Constant(3, 7, 0.1);
  inputs.row(1) = Vector<double>::LinSpaced(7, 0, 6).transpose();
  const auto normalization = data::fit_features(inputs);
  CHECK(normalization.constant() == 2);
  const Matrix<double> result = normalization.apply(inputs);
  CHECK(result.row(0) == inputs.row(0));
  CHECK(result.row(2) == inputs.row(2));
  CHECK_THAT(result.row(1).mean(), WithinAbs(0, roundoff<double>(10)));
}

TEST_CASE("a channel is normalized as one feature of all its pixels") {
  Philox rng(2);
  const data::ImageShape shape{2, 3, 4};
  const data::LabelledData<double> images(normal_matrix(24, 5, rng), {0, 0, 0, 0, 0}, 1, shape);
  const auto normalization = data::fit_channels(images);
  // The same with the pixels as samples: channels x (pixels and images).
  Matrix<double> channels(2, 12 * 5);
  for (Index i = 0; i < 5; ++i) {
    for (Index c = 0; c < 2; ++c) {
      channels.row(c).segment(12 * i, 12) = images.inputs.col(i).segment(12 * c, 12).transpose();
    }
  }
  const auto reference = data::fit_features(channels);
  for (Index c = 0; c < 2; ++c) {
    CHECK_THAT(normalization.mean()(c), WithinAbs(reference.mean()(c), roundoff<double>(60)));
    CHECK_THAT(normalization.deviation()(c), WithinRel(reference.deviation()(c), roundoff<double>(60)));
  }
  const auto result = normalization.apply(images);
  CHECK(result.shape == shape);
  CHECK_THAT(result.inputs.bottomRows(12).mean(), WithinAbs(0, roundoff<double>(60)));
  const data::LabelledData<double> no_images(images.inputs, images.labels, 1);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)data::fit_channels(no_images); }),
             ContainsSubstring("shape is not set, expected a data set of images"));
}

TEST_CASE("what cannot be fitted or applied is refused") {
  CHECK_THROWS_AS(data::fit_features(Matrix<double>(0, 0)), std::invalid_argument);
  CHECK_THROWS_AS(data::fit_features(Matrix<double>(2, 0)), std::invalid_argument);
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)data::fit_features(Matrix<double>{{1, NAN}});
             }),
             ContainsSubstring("(0, 1), expected finite numbers"));
  using Normalization = data::Normalization<double>;
  CHECK_THROWS_AS(Normalization(Vector<double>{{0}}, Vector<double>{{0}}), std::domain_error);
  CHECK_THROWS_AS(Normalization(Vector<double>{{NAN}}, Vector<double>{{1}}), std::domain_error);
  CHECK_THROWS_AS(Normalization(Vector<double>{{0}}, Vector<double>{{1, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(Normalization(Vector<double>{{0}}, Vector<double>{{1}}, 0), std::invalid_argument);
}

TEMPLATE_TEST_CASE("unit samples have norm 1 and their direction", "", float, double) {
  using S = TestType;
  Philox rng(3);
  // Squares of these numbers overflow or vanish.
  const S large = std::numeric_limits<S>::max() / S(100);
  const S small = std::numeric_limits<S>::min() * S(100);
  Matrix<S> inputs = normal_matrix<S>(5, 3, rng);
  const Matrix<S> expected = data::unit_samples(inputs);
  inputs.col(1) *= large / S(10);
  inputs.col(2) *= small;
  const Matrix<S> result = data::unit_samples(inputs);
  for (Index j = 0; j < 3; ++j) {
    CHECK_THAT(static_cast<double>(result.col(j).norm()), WithinRel(1, roundoff<S>(10)));
    CHECK_THAT(static_cast<double>((result.col(j) - expected.col(j)).norm()), WithinAbs(0, roundoff<S>(10)));
  }
  const data::RegressionData<S> data(inputs, Matrix<S>::Zero(1, 3));
  CHECK(data::unit_samples(data).inputs == result);
  inputs.col(1).setZero();
  CHECK_THAT(message_of<std::domain_error>([&] { (void)data::unit_samples(inputs); }),
             ContainsSubstring("the norm of sample 1 is 0"));
}
