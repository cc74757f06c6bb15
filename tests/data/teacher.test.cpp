#include <cmath>
#include <lazytrain/data/teacher.hpp>
#include <numbers>

#include "../support/catch.hpp"
#include "../support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("points of the sphere have norm 1", "", float, double) {
  Philox rng(1);
  for (const Index d : {1, 2, 100}) {
    const auto x = data::uniform_sphere<TestType>(d, 50, rng);
    for (Index j = 0; j < 50; ++j) {
      CHECK_THAT(static_cast<double>(x.col(j).norm()),
                 WithinRel(1, roundoff<TestType>(static_cast<double>(d) + 4)));
    }
  }
  CHECK_THROWS_AS(data::uniform_sphere<TestType>(0, 1, rng), std::invalid_argument);
  CHECK_THROWS_AS(data::uniform_sphere<TestType>(1, -1, rng), std::invalid_argument);
}

TEST_CASE("moments on the sphere: E x = 0, E x x^T = I / d, E x_1^4 = 3 / (d (d + 2))") {
  const Index d = 5;
  const Index n = 40000;
  const double six_deviations = 6 / std::sqrt(static_cast<double>(n));  // of numbers of deviation 1
  Philox rng(2);
  const auto x = data::uniform_sphere<double>(d, n, rng);
  const Vector<double> mean = x.rowwise().mean();
  const Matrix<double> second = x * x.transpose() / static_cast<double>(n);
  for (Index i = 0; i < d; ++i) {
    CHECK_THAT(mean(i), WithinAbs(0, six_deviations / std::sqrt(5.0)));
    for (Index j = 0; j < d; ++j) {
      // E (x_i x_j)^2 <= E x_1^4 = 3/35.
      CHECK_THAT(second(i, j), WithinAbs(i == j ? 0.2 : 0, six_deviations * std::sqrt(3.0 / 35)));
    }
    // E x_1^8 = 105 / (5 * 7 * 9 * 11).
    CHECK_THAT(x.row(i).array().pow(4).mean(), WithinAbs(3.0 / 35, six_deviations * std::sqrt(1.0 / 33)));
  }
}

TEMPLATE_TEST_CASE("the teacher is the sum of its neurons", "", float, double) {
  using S = TestType;
  Philox rng(3);
  const data::Teacher<S> teacher(normal_matrix<S>(6, 4, rng), normal_vector<S>(4, rng));
  const auto x = normal_matrix<S>(6, 30, rng);
  const Matrix<S> y = teacher(x);
  REQUIRE(y.rows() == 1);
  REQUIRE(y.cols() == 30);
  const Matrix<double> reference =
      teacher.outer().template cast<double>().transpose() *
      (teacher.inner().template cast<double>().transpose() * x.template cast<double>()).cwiseMax(0.0);
  const double scale = static_cast<double>(teacher.outer().norm() * teacher.inner().norm());
  for (Index i = 0; i < 30; ++i) {
    CHECK_THAT(static_cast<double>(y(i)),
               WithinAbs(reference(i), roundoff<S>(12) * scale * static_cast<double>(x.col(i).norm())));
  }
}

TEST_CASE("the teacher is positively homogeneous, in inputs and in weights") {
  Philox rng(4);
  const auto teacher = data::random_teacher<double>(6, 4, rng);
  const auto x = data::uniform_sphere<double>(6, 30, rng);
  // Powers of two: no rounding.
  CHECK(teacher(4 * x) == 4 * teacher(x));
  const data::Teacher<double> rescaled(8 * teacher.inner(), teacher.outer() / 8);
  CHECK(rescaled(x) == teacher(x));
}

TEST_CASE("y(x) - y(-x) is linear: relu(z) - relu(-z) = z") {
  Philox rng(5);
  const auto teacher = data::random_teacher<double>(6, 4, rng);
  const auto x = data::uniform_sphere<double>(6, 30, rng);
  const Matrix<double> odd = teacher(x) - teacher(-x);
  const Matrix<double> linear = (teacher.inner() * teacher.outer()).transpose() * x;
  CHECK_THAT((odd - linear).cwiseAbs().maxCoeff(), WithinAbs(0, roundoff<double>(40)));
}

TEST_CASE("random teachers have unit neurons of both signs") {
  Philox rng(6);
  const Index neurons = 1000;
  const auto teacher = data::random_teacher<double>(3, neurons, rng);
  for (Index j = 0; j < neurons; ++j) {
    CHECK_THAT(std::abs(teacher.outer()(j)) * teacher.inner().col(j).norm(),
               WithinRel(1, roundoff<double>(10)));
  }
  // A sum of independent signs: six deviations.
  CHECK(std::abs(teacher.outer().sum()) < 6 * std::sqrt(static_cast<double>(neurons)));
}

TEST_CASE("targets have the moments of the arc-cosine kernel") {
  // E relu(a.x) = E|x_1|/2 and E relu(a.x) relu(b.x) = (sin t + (pi - t) cos t) / (2 pi d) at the angle t.
  Philox rng(7);
  const Index d = 3;
  const Index n = 40000;
  const auto teacher = data::random_teacher<double>(d, 2, rng);
  const auto batch = teacher.sample(n, rng);
  // On the sphere of R^3, x_1 is uniform on [-1, 1]: E|x_1| = 1/2.
  const double deviations = 6 * std::sqrt(2.0) / std::sqrt(static_cast<double>(n));
  CHECK_THAT(batch.targets.mean(), WithinAbs(teacher.outer().sum() / 4, deviations));
  const double cosine = teacher.inner().col(0).dot(teacher.inner().col(1));
  const double angle = std::acos(cosine);
  const double pi = std::numbers::pi;
  const double cross = (std::sin(angle) + (pi - angle) * cosine) / (2 * pi * static_cast<double>(d));
  const double expected = 1.0 / static_cast<double>(d) + 2 * teacher.outer().prod() * cross;
  CHECK_THAT(batch.targets.squaredNorm() / static_cast<double>(n), WithinAbs(expected, 2 * deviations));
}

TEMPLATE_TEST_CASE("teacher and student: the sizes, the targets, the seed", "", float, double) {
  using S = TestType;
  Philox rng(8);
  const auto problem = data::teacher_student<S>({.inputs = 7, .samples = 20, .neurons = 2}, rng);
  CHECK(problem.teacher.dim() == 7);
  CHECK(problem.teacher.neurons() == 2);
  CHECK(problem.data.dim() == 7);
  CHECK(problem.data.samples() == 20);
  CHECK(problem.data.targets == problem.teacher(problem.data.inputs));
  Philox same(8);
  const auto again = data::teacher_student<S>({.inputs = 7, .samples = 20, .neurons = 2}, same);
  CHECK(again.data.inputs == problem.data.inputs);
  CHECK(again.data.targets == problem.data.targets);
}

TEST_CASE("a batch is renewed in place as it would be made") {
  Philox rng(9);
  const auto teacher = data::random_teacher<double>(4, 3, rng);
  auto batch = teacher.sample(10, rng);
  const Matrix<double> before = batch.inputs;
  Philox copy = rng;
  teacher.resample(batch, rng);
  CHECK(batch.inputs != before);
  const auto made = teacher.sample(10, copy);
  CHECK(batch.inputs == made.inputs);
  CHECK(batch.targets == made.targets);
}

TEST_CASE("sizes that disagree are refused") {
  Philox rng(10);
  using Teacher = data::Teacher<double>;
  CHECK_THAT(message_of<std::invalid_argument>(
                 [] { (void)Teacher(Matrix<double>::Zero(3, 2), Vector<double>::Zero(3)); }),
             ContainsSubstring("outer has size 3, expected 2"));
  CHECK_THROWS_AS(Teacher(Matrix<double>::Zero(0, 2), Vector<double>::Zero(2)), std::invalid_argument);
  CHECK_THROWS_AS(Teacher(Matrix<double>::Zero(2, 0), Vector<double>::Zero(0)), std::invalid_argument);
  const auto teacher = data::random_teacher<double>(3, 2, rng);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)teacher(Matrix<double>::Zero(4, 1)); }),
             ContainsSubstring("inputs has size 4, expected 3 (dimension of the teacher)"));
  auto batch = data::RegressionData<double>(Matrix<double>::Zero(4, 1), Matrix<double>::Zero(1, 1));
  CHECK_THROWS_AS(teacher.resample(batch, rng), std::invalid_argument);
  CHECK_THROWS_AS(data::teacher_student<double>({.samples = 0}, rng), std::invalid_argument);
  CHECK_THROWS_AS(data::teacher_student<double>({.inputs = 0}, rng), std::invalid_argument);
  CHECK_THROWS_AS(data::teacher_student<double>({.neurons = 0}, rng), std::invalid_argument);
}
