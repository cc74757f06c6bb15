#include <lazytrain/data/dataset.hpp>

#include "../support/catch.hpp"

using namespace lazytrain;
using lazytrain::testing::ContainsSubstring;
using lazytrain::testing::message_of;

namespace {

data::LabelledData<double> three_samples() {
  return {Matrix<double>{{1, 2, 3}, {4, 5, 6}}, {0, 2, 1}, 3, data::ImageShape{1, 1, 2}};
}

}  // namespace

TEST_CASE("a labelled data set checks its sizes and labels") {
  const Matrix<double> inputs = Matrix<double>::Zero(2, 3);
  using Data = data::LabelledData<double>;
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)Data(inputs, {0, 1}, 2);
             }),
             ContainsSubstring("labels has size 2, expected 3"));
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)Data(inputs, {0, 1, 2}, 2);
             }),
             ContainsSubstring("a label is 2, expected 0 to 1"));
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)Data(inputs, {0, 1, -1}, 2);
             }),
             ContainsSubstring("a label is -1"));
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)Data(inputs, {0, 0, 0}, 0);
             }),
             ContainsSubstring("classes is 0"));
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)Data(inputs, {0, 0, 0}, 1, data::ImageShape{3, 1, 1});
             }),
             ContainsSubstring("inputs has size 2, expected 3 (channels x height x width"));
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)Data(inputs, {0, 0, 0}, 1, data::ImageShape{1, -1, -2});
             }),
             ContainsSubstring("the least size of the image shape is -2, expected at least 1"));
}

TEST_CASE("a regression data set checks its sizes") {
  using Data = data::RegressionData<float>;
  const Matrix<float> inputs = Matrix<float>::Zero(2, 3);
  const Data data(inputs, Matrix<float>::Zero(5, 3));
  CHECK(data.dim() == 2);
  CHECK(data.samples() == 3);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)Data(inputs, Matrix<float>::Zero(3, 5)); }),
             ContainsSubstring("targets has size 5, expected 3"));
}

TEST_CASE("subset keeps the order asked for, and repetitions") {
  const auto data = three_samples();
  const std::vector<Index> indices = {2, 0, 2};
  const auto part = data::subset(data, indices);
  CHECK(part.labels == std::vector<Index>{1, 0, 1});
  CHECK(part.inputs.col(0) == data.inputs.col(2));
  CHECK(part.inputs.col(1) == data.inputs.col(0));
  CHECK(part.inputs.col(2) == data.inputs.col(2));
  CHECK(part.classes == 3);
  CHECK(part.shape == data.shape);
  CHECK(data::subset(data, std::vector<Index>{}).samples() == 0);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)data::subset(data, std::vector<Index>{3}); }),
             ContainsSubstring("an index is 3, expected 0 to 2"));
}

TEST_CASE("take is the subset of the first indices") {
  const auto data = three_samples();
  const data::RegressionData<double> regression(data.inputs, data::one_hot(data));
  for (Index n = 0; n <= 3; ++n) {
    std::vector<Index> first;
    for (Index i = 0; i < n; ++i) first.push_back(i);
    CHECK(data::take(data, n).inputs == data::subset(data, first).inputs);
    CHECK(data::take(data, n).labels == data::subset(data, first).labels);
    CHECK(data::take(regression, n).targets == data::subset(regression, first).targets);
  }
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)data::take(data, 4); }),
             ContainsSubstring("n is 4, expected 0 to 3"));
}

TEST_CASE("one-hot targets are the unit vectors of the labels") {
  const auto data = three_samples();
  const Matrix<double> targets = data::one_hot(data);
  for (Index i = 0; i < 3; ++i) {
    CHECK(targets.col(i) == Vector<double>::Unit(3, data.labels[static_cast<std::size_t>(i)]));
  }
  CHECK(targets == one_hot(data.labels, 3));
}

TEST_CASE("signed labels are +1 at the positive class and -1 elsewhere") {
  const auto data = three_samples();
  CHECK(data::signed_labels(data, 2) == Vector<double>{{-1, 1, -1}});
  // Over all classes the signs add up to 2 one_hot - 1.
  const Matrix<double> targets = data::one_hot(data);
  for (Index k = 0; k < 3; ++k) {
    CHECK(data::signed_labels(data, k) == (2 * targets.row(k).array() - 1).matrix().transpose());
  }
  CHECK_THROWS_AS(data::signed_labels(data, 3), std::invalid_argument);
}
