#include <cmath>
#include <cstdio>
#include <filesystem>
#include <lazytrain/flow/descent.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/nn/initialize.hpp>
#include <lazytrain/nn/two_layer.hpp>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>
#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain {
namespace {

using testing::ContainsSubstring;
using testing::roundoff;
using testing::WithinRel;

/// h(w) = (s_i w_i)_i: with the square loss a quadratic whose modes are the coordinates.
struct Diagonal {
  using Scalar = double;
  Vector<double> s;
  OutputSpace space;
  [[nodiscard]] Index parameter_dim() const { return s.size(); }
  [[nodiscard]] Index output_dim() const { return s.size(); }
  [[nodiscard]] OutputSpace output_space() const { return space; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const { return s.cwiseProduct(w); }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>&) const { return s.asDiagonal(); }
};

/// A quadratic in L2 of an empirical measure: the mode of coordinate i has the curvature s_i^2 / n.
struct Quadratics {
  Diagonal h{Vector<double>{{2.0, 1.0, 0.5, 0.1}}, empirical(4)};
  Vector<double> minimum{{1.0, -1.0, 2.0, 3.0}};
  Vector<double> w0{{0.5, 0.25, -1.0, 1.0}};
  SquareLoss<double> loss = square_loss(h.s.cwiseProduct(minimum), h.space);
  [[nodiscard]] Vector<double> curvatures() const { return h.s.cwiseAbs2() / 4; }
};

/// A two-layer network on random data.
template <class S, class Sigma = Tanh>
struct Regression {
  TwoLayer<S, Sigma> net{{.inputs = 3, .neurons = 8}};
  TwoLayerOnData<S, Sigma> h;
  SquareLoss<S> loss;
  Vector<S> w0;

  explicit Regression(std::uint64_t seed = 1)
      : h(net.on(data(seed))), loss(square_loss(targets(seed), h.output_space())), w0(start(seed)) {}

  static Matrix<S> data(std::uint64_t seed) {
    Philox rng(seed, 1);
    return normal_matrix<double>(3, 12, rng).template cast<S>();
  }
  static Vector<S> targets(std::uint64_t seed) {
    Philox rng(seed, 2);
    return normal_vector<double>(12, rng).template cast<S>();
  }
  Vector<S> start(std::uint64_t seed) const {
    Philox rng(seed, 3);
    const TwoLayer<double, Sigma> wide({.inputs = 3, .neurons = 8});
    return symmetrized(wide, 1.0, rng).template cast<S>();
  }
  [[nodiscard]] Vector<S> zero() const { return Vector<S>::Zero(w0.size()); }
};

/// A file that is gone before and after.
struct TemporaryFile {
  std::string path;
  explicit TemporaryFile(const std::string& name)
      : path((std::filesystem::temp_directory_path() / ("lazytrain-descent-" + name)).string()) {
    std::remove(path.c_str());
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
};

TEST_CASE("gradient descent on a quadratic: every mode decays as (1 - eta lambda)^k") {
  const Quadratics q;
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  const double eta = 0.9;
  const auto end = gradient_descent(field, q.w0, {.step = eta, .max_iterations = 50}, [&](const auto& view) {
    const auto k = static_cast<double>(view.iteration);
    const Vector<double> lambda = q.curvatures();
    for (Index i = 0; i < 4; ++i) {
      const double mode = std::pow(1 - eta * lambda(i), k) * (q.w0(i) - q.minimum(i));
      // A few roundings an iteration of numbers up to 4 in size.
      CHECK(std::abs(view.x(i) - q.minimum(i) - mode) <= roundoff<double>(16 * (k + 1)));
    }
  });
  CHECK(end.iterations == 50);
  CHECK(end.evaluations == 51);
  CHECK(end.reason == DescentStop::iterations);
  CHECK_THAT(end.loss, WithinRel(static_cast<double>(field.loss_value()), 1e-15));
}

TEST_CASE("momentum on a quadratic: e_{k+1} = (1 + mu - eta lambda) e_k - mu e_{k-1} in every mode") {
  const Quadratics q;
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  const double eta = 0.8;
  const double mu = 0.9;
  std::vector<Vector<double>> errors;
  (void)gradient_descent(field, q.w0, {.step = eta, .momentum = mu, .max_iterations = 200},
                         [&](const auto& view) { errors.emplace_back(view.x - q.minimum); });
  REQUIRE(errors.size() == 201);
  const Vector<double> lambda = q.curvatures();
  for (std::size_t k = 1; k + 1 < errors.size(); ++k) {
    const Vector<double> next =
        ((1 + mu - eta * lambda.array()) * errors[k].array() - mu * errors[k - 1].array()).matrix();
    CHECK((errors[k + 1] - next).norm() <= roundoff<double>(200));
  }
}

TEST_CASE("without a step size it is 1 / (M ||Dh||^2), in both coordinates") {
  const Quadratics q;
  const double alpha = GENERATE(1.0, 8.0);
  auto field = parameter_field(q.h, q.loss, q.w0, alpha);
  const auto end = gradient_descent(field, q.w0, {.max_iterations = 3});
  CHECK_THAT(end.step, WithinRel(1.0, 1e-6));
  CHECK_THAT(end.step_choice, ContainsSubstring("1 / (M ||Dh(w0)||^2)"));
  auto displacements = displacement_field(q.h, q.loss, q.w0, alpha);
  const auto other = gradient_descent(displacements, 0 * q.w0, {.max_iterations = 3});
  CHECK_THAT(other.step, WithinRel(1.0, 1e-6));
  const auto given = gradient_descent(displacements, 0 * q.w0, {.step = 0.5, .max_iterations = 1});
  CHECK(given.step_choice == "step 0.5 given");
}

TEST_CASE("a schedule multiplies the step size of every iteration") {
  const Quadratics q;
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  const auto end =
      gradient_descent(field, q.w0, {.step = 0.8, .schedule = InverseTimeDecay(0.5), .max_iterations = 30});
  for (Index i = 0; i < 4; ++i) {
    double mode = q.w0(i) - q.minimum(i);
    for (int k = 0; k < 30; ++k) mode *= 1 - 0.8 / (1 + 0.5 * k) * q.curvatures()(i);
    CHECK(std::abs(end.x(i) - q.minimum(i) - mode) <= roundoff<double>(16 * 31));
  }
}

TEST_CASE("a step size in w is the same step size in displacements") {
  const Regression<double> problem;
  const double alpha = GENERATE(0.5, 4.0, 50.0);
  const DescentOptions options{
      .step = 2, .momentum = 0.8, .schedule = CosineDecay({.length = 300}), .max_iterations = 200};
  auto in_w = parameter_field(problem.h, problem.loss, problem.w0, alpha);
  auto in_d = displacement_field(problem.h, problem.loss, problem.w0, alpha);
  const auto w = gradient_descent(in_w, problem.w0, options);
  const auto d = gradient_descent(in_d, problem.zero(), options);
  REQUIRE(w.succeeded());
  const Vector<double> moved = alpha * (w.x - problem.w0);
  REQUIRE(d.x.norm() > 0.1);
  // Every iterate w is rounded at the size of w0, which displacements see multiplied by alpha.
  const double tolerance = roundoff<double>(200) * (d.x.norm() + alpha * problem.w0.norm());
  CHECK((moved - d.x).norm() <= tolerance);
  CHECK_THAT(w.loss, WithinRel(d.loss, 1e-9));
}

TEST_CASE("single precision follows double precision in displacements at alpha = 1e7, and not in w") {
  const Regression<float> single;
  Regression<double> exact;
  exact.h = exact.net.on(single.data(1).cast<double>());
  exact.loss = square_loss(single.targets(1).cast<double>(), exact.h.output_space());
  exact.w0 = single.w0.cast<double>();
  const DescentOptions options{.step = 1, .momentum = 0.9, .max_iterations = 50};
  auto exact_field = displacement_field(exact.h, exact.loss, exact.w0, 1e7);
  auto field = displacement_field(single.h, single.loss, single.w0, 1e7F);
  auto plain_field = parameter_field(single.h, single.loss, single.w0, 1e7F);
  const auto expected = gradient_descent(exact_field, exact.zero(), options);
  const auto result = gradient_descent(field, single.zero(), options);
  const auto plain = gradient_descent(plain_field, single.w0, options);

  CHECK((result.x.cast<double>() - expected.x).norm() <= 1e-5 * expected.x.norm());
  CHECK_THAT(result.loss, WithinRel(expected.loss, 1e-5));

  // w is rounded to multiples of about |w| 6e-8, and moves by 1e-7: what arrives is not the displacement.
  const Vector<double> moved = 1e7 * (plain.x.cast<double>() - exact.w0);
  const double error = (moved - expected.x).norm() / expected.x.norm();
  CAPTURE(error, plain.loss, expected.loss);
  CHECK(error > 0.1);
}

TEST_CASE("budgets, tolerances and observers end a run and say so") {
  const Quadratics q;
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  SECTION("gradient") {
    const auto end =
        gradient_descent(field, q.w0, {.step = 1, .max_iterations = 100000, .gradient_tolerance = 1e-6});
    CHECK(end.reason == DescentStop::gradient);
    CHECK(end.gradient_norm <= 1e-6);
    Vector<double> f(4);
    field(end.x, f);
    CHECK(f.norm() == end.gradient_norm);
    CHECK_THAT(end.message, ContainsSubstring("the gradient reached its tolerance at iteration "));
  }
  SECTION("loss") {
    std::vector<double> losses;
    const auto end = gradient_descent(field, q.w0, {.step = 1, .max_iterations = 100000, .loss_level = 1e-3},
                                      [&](const auto& view) { losses.push_back(view.field.loss_value()); });
    CHECK(end.reason == DescentStop::loss);
    CHECK(end.loss <= 1e-3);
    CHECK(losses.size() == static_cast<std::size_t>(end.iterations) + 1);
    CHECK(losses.at(losses.size() - 2) > 1e-3);
  }
  SECTION("time") {
    const auto end = gradient_descent(field, q.w0, {.step = 1, .max_iterations = 5, .max_seconds = 0});
    CHECK(end.reason == DescentStop::seconds);
    CHECK(end.iterations == 0);
    CHECK(end.x == q.w0);
  }
  SECTION("observer, called every k iterations") {
    std::vector<Index> seen;
    const DescentOptions options{.step = 1, .max_iterations = 100, .observe_every = 7};
    const auto end = gradient_descent(field, q.w0, options, [&](const auto& view) {
      seen.push_back(view.iteration);
      return view.iteration < 21;
    });
    CHECK(seen == std::vector<Index>{0, 7, 14, 21});
    CHECK(end.reason == DescentStop::observer);
    CHECK(end.iterations == 21);
    std::ostringstream out;
    out << end;
    CHECK_THAT(out.str(), ContainsSubstring("the observer stopped the run at iteration 21, where ||x|| = "));
  }
}

TEST_CASE("observers share the step's evaluation") {
  const Quadratics q;
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  auto fresh = field;
  Vector<double> f(4);
  (void)gradient_descent(field, q.w0, {.step = 1, .max_iterations = 5}, [&](const auto& view) {
    fresh(view.x, f);
    CHECK(view.f == f);
    CHECK(view.field.outputs() == fresh.outputs());
    CHECK(view.field.loss_value() == fresh.loss_value());
  });
  CHECK(field.evaluations() == 6);
}

TEST_CASE("a step that is too long ends in a refusal to go on, with the last good state") {
  const Quadratics q;
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  const auto end =
      gradient_descent(field, q.w0, {.step = 100, .max_iterations = 1000, .divergence_norm = 1e6});
  CHECK(end.reason == DescentStop::diverged);
  CHECK_FALSE(end.succeeded());
  CHECK(end.x.norm() <= 1e6);
  CHECK(99 * end.x.norm() > 1e6);
  CHECK_THAT(end.message, ContainsSubstring("diverged to iteration " + std::to_string(end.iterations + 1) +
                                            ", where ||x|| = "));
  CHECK_THAT(end.message, ContainsSubstring(", after a step 100 along a gradient of norm "));
  const auto before = gradient_descent(field, q.w0, {.step = 100, .max_iterations = end.iterations});
  CHECK(end.x == before.x);
  CHECK(end.loss == before.loss);
  CHECK(end.gradient_norm == before.gradient_norm);
}

/// h(w) = sqrt(w): no number for w < 0.
struct Root {
  using Scalar = double;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const { return w.cwiseSqrt(); }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const {
    return (0.5 * w.cwiseSqrt().cwiseInverse()).asDiagonal();
  }
};

TEST_CASE("a gradient that is not finite ends the run at the last good state") {
  const Vector<double> start{{4.0}};
  const Vector<double> target{{-3.0}};
  const auto loss = square_loss(target, euclidean(1));
  auto field = parameter_field(Root{}, loss, start, 1.0);
  // f = -(sqrt(w) + 3) / (2 sqrt(w)) = -1.25 at 4: the first step of size 2 leads to 1.5, the second below 0.
  const auto end = gradient_descent(field, start, {.step = 2, .max_iterations = 100});
  CHECK(end.reason == DescentStop::not_finite);
  CHECK(end.iterations == 1);
  CHECK(end.x(0) == 1.5);
  CHECK_THAT(end.loss, WithinRel(0.5 * std::pow(std::sqrt(1.5) + 3, 2), roundoff<double>(4)));
  CHECK_THAT(end.message, ContainsSubstring("the gradient is not finite at iteration 2, where ||x|| = "));
  CHECK_THAT(end.message, ContainsSubstring(", after a step 2 along a gradient of norm "));

  const Vector<double> bad{{-1.0}};
  const auto never = gradient_descent(field, bad, {.step = 2, .max_iterations = 100});
  CHECK(never.reason == DescentStop::not_finite);
  CHECK(never.iterations == 0);
  CHECK(never.x == bad);
  CHECK(never.message == "the gradient is not finite at iteration 0, where ||x|| = 1");
}

TEST_CASE("a run that was interrupted ends with the same bits") {
  const Regression<double, Relu> problem;
  const TemporaryFile file("resume");
  const double momentum = GENERATE(0.0, 0.9);
  const auto run = [&](Index iterations, const std::string& checkpoint, std::vector<double>& losses) {
    auto field = displacement_field(problem.h, problem.loss, problem.w0, 10.0);
    return gradient_descent(field, problem.zero(),
                            {.momentum = momentum,
                             .schedule = InverseTimeDecay(0.01),
                             .max_iterations = iterations,
                             .checkpoint = checkpoint,
                             .checkpoint_every = 10},
                            [&](const auto& view) { losses.push_back(view.field.loss_value()); });
  };
  std::vector<double> whole;
  std::vector<double> parts;
  const auto expected = run(80, "", whole);
  for (const Index until : {7, 30, 31, 80}) (void)run(until, file.path, parts);
  const auto resumed = run(80, file.path, parts);
  CHECK(resumed.x == expected.x);
  CHECK(resumed.loss == expected.loss);
  CHECK(resumed.step == expected.step);
  CHECK(resumed.iterations == 80);
  CHECK(resumed.evaluations == 1);
  CHECK_THAT(resumed.step_choice, ContainsSubstring("continued from '" + file.path + "'"));
  CHECK(parts == whole);
}

TEST_CASE("checkpoints of other runs are refused") {
  const Quadratics q;
  const TemporaryFile file("other");
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  (void)gradient_descent(field, q.w0, {.step = 1, .max_iterations = 5, .checkpoint = file.path});
  CHECK_THROWS_AS(
      gradient_descent(field, q.w0,
                       {.step = 1, .momentum = 0.9, .max_iterations = 5, .checkpoint = file.path}),
      std::invalid_argument);
  Checkpoint alien;
  alien.set("t", 1.0);
  alien.write(file.path);
  CHECK(testing::message_of<std::invalid_argument>([&] {
          (void)gradient_descent(field, q.w0, {.step = 1, .max_iterations = 5, .checkpoint = file.path});
        }) == "lazytrain::gradient_descent: the checkpoint '" + file.path +
                  "' is of another kind of run, expected one of gradient_descent");
}

TEST_CASE("options that make no sense are refused with their names") {
  const Quadratics q;
  auto field = parameter_field(q.h, q.loss, q.w0, 1.0);
  const auto refusal = [&](const DescentOptions& options) {
    try {
      (void)gradient_descent(field, q.w0, options);
    } catch (const std::logic_error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(refusal({}) == "lazytrain::gradient_descent: options.max_iterations is 0, expected at least 1");
  CHECK(refusal({.step = -1, .max_iterations = 1}) ==
        "lazytrain::gradient_descent: options.step is -1, expected a finite number >= 0");
  CHECK(refusal({.momentum = 1, .max_iterations = 1}) ==
        "lazytrain::gradient_descent: options.momentum is 1, expected a number in [0, 1)");
  CHECK_THAT(refusal({.max_iterations = 1, .max_seconds = nan}), ContainsSubstring("options.max_seconds is"));
  CHECK_THAT(refusal({.max_iterations = 1, .gradient_tolerance = nan}),
             ContainsSubstring("options.gradient_tolerance is"));
  CHECK_THAT(refusal({.max_iterations = 1, .loss_level = nan}), ContainsSubstring("options.loss_level is"));
  CHECK_THAT(refusal({.max_iterations = 1, .observe_every = 0}),
             ContainsSubstring("options.observe_every is 0"));
  CHECK_THAT(refusal({.max_iterations = 1, .divergence_norm = nan}),
             ContainsSubstring("options.divergence_norm is"));
  CHECK_THAT(refusal({.max_iterations = 1, .checkpoint_every = 0}),
             ContainsSubstring("options.checkpoint_every is 0"));
}

}  // namespace
}  // namespace lazytrain

/// A vector that is not Eigen's and counts what it allocates.
namespace elsewhere {

using lazytrain::Index;

struct Counted {
  using Scalar = double;
  std::vector<double> data;
  static int& made() {
    static int count = 0;
    return count;
  }

  explicit Counted(std::vector<double> values) : data(std::move(values)) { ++made(); }
  Counted(const Counted& other) : data(other.data) { ++made(); }
  Counted& operator=(const Counted& other) {
    data = other.data;
    ++made();
    return *this;
  }
  Counted(Counted&&) noexcept = default;
  Counted& operator=(Counted&&) noexcept = default;
  ~Counted() = default;
};

Index dimension(const Counted& x) { return static_cast<Index>(x.data.size()); }
Counted zeros_like(const Counted& x) { return Counted(std::vector<double>(x.data.size(), 0.0)); }
void copy(const Counted& x, Counted& y) { y.data = x.data; }
void axpy(double a, const Counted& x, Counted& y) {
  for (std::size_t i = 0; i < x.data.size(); ++i) y.data[i] += a * x.data[i];
}
void scale(double a, Counted& x) {
  for (double& value : x.data) value *= a;
}
void fill(Counted& x, double a) {
  for (double& value : x.data) value = a;
}
double dot(const Counted& x, const Counted& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.data.size(); ++i) sum += x.data[i] * y.data[i];
  return sum;
}
double norm(const Counted& x) { return std::sqrt(dot(x, x)); }
bool all_finite(const Counted& x) { return std::isfinite(dot(x, x)); }

/// Minus the gradient of |x|^2 / 2.
struct Bowl {
  using State = Counted;
  double loss = 0;
  void operator()(const Counted& x, Counted& f) {
    copy(x, f);
    scale(-1, f);
    loss = dot(x, x) / 2;
  }
  [[nodiscard]] double loss_value() const { return loss; }
};

}  // namespace elsewhere

namespace lazytrain {
namespace {

TEST_CASE("any vector and any field with a loss descend, and iterations allocate nothing") {
  elsewhere::Bowl bowl;
  const elsewhere::Counted x({1.0, 2.0});
  const auto made = [&](Index iterations) {
    const int before = elsewhere::Counted::made();
    const auto end = gradient_descent(bowl, x, {.step = 0.5, .max_iterations = iterations});
    CHECK(end.x.data[1] == 2 * std::pow(0.5, iterations));
    return elsewhere::Counted::made() - before;
  };
  CHECK(made(3) == made(300));
  CHECK(testing::message_of<std::domain_error>(
            [&] { (void)gradient_descent(bowl, x, {.max_iterations = 1}); }) ==
        "lazytrain::gradient_descent: options.step is 0, expected a number > 0: only for a GradientField "
        "a step can be chosen");
  const TemporaryFile file("foreign");
  CHECK_THROWS_AS(gradient_descent(bowl, x, {.step = 1, .max_iterations = 1, .checkpoint = file.path}),
                  std::invalid_argument);
}

}  // namespace
}  // namespace lazytrain
