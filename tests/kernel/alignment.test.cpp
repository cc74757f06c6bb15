#include <kernel/reference.hpp>
#include <lazytrain/kernel/alignment.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("energies of modes add up", "[kernel]", float, double) {
  using S = TestType;
  Example<S> e(10, 20, 2);
  const auto t = linearize(e.h, e.w);
  const OutputSpace& space = t.output_space();
  const auto s = dense_spectrum(t, Eigenvectors::wanted);
  const double tolerance = roundoff<S>(200);

  const Vector<S> third = s.vectors.col(2);
  const Alignment of_third = alignment(s, space, third);
  CHECK_THAT(of_third.coefficients(2), WithinRel(1.0, tolerance));
  CHECK(of_third.energy(1) <= tolerance);
  CHECK_THAT(of_third.energy(2), WithinRel(1.0, tolerance));
  CHECK(of_third.modes_for(0.5) == 3);
  CHECK(of_third.modes_for(0) == 0);

  const Vector<S> g = normal_vector<S>(20, e.rng);
  const Alignment a = alignment(s, space, g);
  CHECK_THAT(a.coefficients.squaredNorm(), WithinRel(static_cast<double>(space.inner(g, g)), tolerance));
  CHECK_THAT(a.energy(19), WithinRel(1.0, tolerance));
  for (Index i = 1; i < 20; ++i) CHECK(a.energy(i) >= a.energy(i - 1));
  const Vector<S> back = s.vectors * a.coefficients.template cast<S>();
  CHECK(relative_difference(back, g) <= tolerance);

  const auto top = top_spectrum(
      t, {.count = 2, .eigenvectors = Eigenvectors::wanted, .tolerance = 1e-12, .trace_probes = 0}, e.rng);
  const Alignment some = alignment(top, space, g);
  // The angle between computed and exact invariant subspaces is at most residual / gap.
  const double gap = s.values(1) - s.values(2);
  CHECK_THAT(some.energy(1), WithinAbs(a.energy(1), tolerance + 4 * (top.errors.sum() + s.errors(0)) / gap));
  CHECK(some.modes_for(1) == -1);
  CHECK(alignment(s, space, Vector<S>(Vector<S>::Zero(20))).energy(0) == 1);
}

TEST_CASE("alignment refuses what does not fit", "[kernel]") {
  const Example<double> e(6, 4, 1);
  const auto t = linearize(e.h, e.w);
  const auto without = dense_spectrum(t);
  const auto with = dense_spectrum(t, Eigenvectors::wanted);
  const Vector<double> g = Vector<double>::Ones(6);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)alignment(without, t.output_space(), g); }),
             ContainsSubstring("ask for Eigenvectors::wanted"));
  CHECK_THROWS_AS(alignment(with, t.output_space(), g.head(5)), std::invalid_argument);
  CHECK_THROWS_AS(alignment(with, euclidean(5), g.head(5)), std::invalid_argument);
  CHECK_THROWS_AS(alignment(with, t.output_space(), g).modes_for(1.5), std::domain_error);
}
