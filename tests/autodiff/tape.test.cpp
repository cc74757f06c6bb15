#include <lazytrain/autodiff/tape.hpp>
#include <lazytrain/core/random.hpp>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

using Variable = Tape<double>::Variable;

/// d(xy + 3z) at x = 2, y = 5 by hand.
Variable record_example(Tape<double>& tape) {
  const Variable x = tape.input();
  const Variable y = tape.input();
  const Variable z = tape.input();
  const Variable xy = tape.record(5, x, 2, y);
  return tape.record(1, xy, 3, z);
}

Tape<double>::Factor constant(const Matrix<double>& x) { return {x, {}}; }

Tape<double>::Factor inputs(const Matrix<double>& x, Tape<double>& tape) {
  Matrix<Variable> variables(x.rows(), x.cols());
  for (Index i = 0; i < x.size(); ++i) variables.data()[i] = tape.input();
  return {x, variables};
}

}  // namespace

TEST_CASE("The sweeps are the derivative and its transpose") {
  Tape<double> tape;
  const Variable out = record_example(tape);
  REQUIRE(tape.size() == 6);
  Vector<double> tangents = Vector<double>::Constant(6, 99.0);
  tangents.segment(1, 3) << 0.5, -1, 2;
  tape.forward(tangents);
  CHECK(tangents(out) == 5 * 0.5 - 2 + 6);
  CHECK(tangents(0) == 0);
  Vector<double> adjoints = Vector<double>::Zero(6);
  adjoints(out) = 2;
  tape.reverse(adjoints);
  CHECK(adjoints.segment(1, 3) == Eigen::Vector3d(10, 4, 6));
}

TEST_CASE("A product is one block: its sweeps are d(AB) = dA B + A dB and the transpose") {
  Philox rng(1);
  const Matrix<double> a = normal_matrix(3, 4, rng);
  const Matrix<double> b = normal_matrix(4, 2, rng);
  const Matrix<double> da = normal_matrix(3, 4, rng);
  const Matrix<double> db = normal_matrix(4, 2, rng);
  const Matrix<double> c = normal_matrix(3, 2, rng);
  const int active = GENERATE(1, 2, 3);  // bit 1: A, bit 2: B
  Tape<double> tape;
  const auto lhs = active & 1 ? inputs(a, tape) : constant(a);
  const auto rhs = active & 2 ? inputs(b, tape) : constant(b);
  const Variable first = tape.record_product(lhs, rhs);
  REQUIRE(tape.size() == first + 6);

  Vector<double> t(tape.size());
  Index offset = 1;
  Matrix<double> expected = Matrix<double>::Zero(3, 2);
  if (active & 1) {
    t.segment(offset, 12) = da.reshaped();
    offset += 12;
    expected += da * b;
  }
  if (active & 2) {
    t.segment(offset, 8) = db.reshaped();
    expected += a * db;
  }
  tape.forward(t);
  CHECK((t.tail(6) - expected.reshaped()).norm() < roundoff<double>(16) * expected.norm());

  Vector<double> u = Vector<double>::Zero(tape.size());
  u.tail(6) = c.reshaped();
  tape.reverse(u);
  offset = 1;
  if (active & 1) {
    CHECK((u.segment(offset, 12).reshaped(3, 4) - c * b.transpose()).norm() < roundoff<double>(64));
    offset += 12;
  }
  if (active & 2) {
    CHECK((u.segment(offset, 8).reshaped(4, 2) - a.transpose() * c).norm() < roundoff<double>(64));
  }
}

TEST_CASE("Operations before, between and after products are swept in order") {
  // x -> y = 2x -> z = y A (1 x 1) -> s = 3z -> q = s A -> r = 5q, with A = 7: dr = 5 * 7 * 3 * 7 * 2 dx.
  Tape<double> tape;
  const auto seven = constant(Matrix<double>::Constant(1, 1, 7.0));
  const auto times = [&](Variable v) {
    return tape.record_product({Matrix<double>::Ones(1, 1), Matrix<Variable>::Constant(1, 1, v)}, seven);
  };
  const Variable x = tape.input();
  const Variable r = tape.record(5, times(tape.record(3, times(tape.record(2, x)))));
  Vector<double> t(tape.size());
  t(x) = 1;
  tape.forward(t);
  CHECK(t(r) == 1470);
  Vector<double> u = Vector<double>::Zero(tape.size());
  u(r) = 1;
  tape.reverse(u);
  CHECK(u(x) == 1470);
}

TEST_CASE("A second recording takes no new memory") {
  Tape<double> tape;
  const auto record = [&] {
    tape.clear();
    const auto a = inputs(Matrix<double>::Ones(20, 30), tape);
    const Variable first = tape.record_product(a, constant(Matrix<double>::Ones(30, 10)));
    Variable v = first;
    for (int i = 0; i < 1000; ++i) v = tape.record(0.5, v, 0.5, first);
  };
  record();
  const std::size_t bytes = tape.capacity();
  const Index size = tape.size();
  CHECK(bytes > 600 * sizeof(double));
  for (int i = 0; i < 3; ++i) record();
  CHECK(tape.capacity() == bytes);
  CHECK(tape.size() == size);
}

TEST_CASE("A chain of ten million operations is swept by loops") {
  // v_{k+1} = 0.5 v_k + 0.5 x has the derivative 1 exactly at every step.
  constexpr int length = 10'000'000;
  Tape<float> tape;
  const auto x = tape.input();
  auto v = tape.record(1, x);
  for (int i = 0; i < length; ++i) v = tape.record(0.5f, v, 0.5f, x);
  Vector<float> work = Vector<float>::Zero(tape.size());
  work(x) = 3;
  tape.forward(work);
  CHECK(work(v) == 3);
  work.setZero();
  work(v) = 2;
  tape.reverse(work);
  CHECK(work(x) == 2);
}

TEST_CASE("Workspaces of the wrong size are refused") {
  Tape<double> tape;
  record_example(tape);
  Vector<double> small(3);
  CHECK_THROWS_AS(tape.forward(small), std::invalid_argument);
  CHECK(message_of<std::invalid_argument>([&] { tape.reverse(small); }) ==
        "lazytrain::Tape::reverse: adjoints has size 3, expected 6 (the number of variables)");
}
