#include <lazytrain/lazy/proposition_a_1.hpp>
#include <lazytrain/loss/square.hpp>

#include "theorem_problems.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// w^power / power in R, power 1 or 2.
struct Power {
  using Scalar = double;
  int power;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const {
    return power == 1 ? w : Vector<double>(w.cwiseProduct(w) / 2);
  }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const {
    return Matrix<double>::Constant(1, 1, power == 1 ? 1 : w(0));
  }
  [[nodiscard]] Vector<double> second(const Vector<double>&, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return power == 1 ? Vector<double>(Vector<double>::Zero(1)) : Vector<double>(u.cwiseProduct(v));
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>&, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return power == 1 ? Vector<double>(Vector<double>::Zero(1)) : Vector<double>(u.cwiseProduct(c));
  }
};

}  // namespace

TEST_CASE("Proposition A.1 as printed is false, corrected it holds", "[lazy]") {
  // f(w, x_train) = w and f(w, x_test) = w^2 / 2: w_alpha = w-bar_alpha, so that every C > 0 is allowed.
  const Oracle oracle;
  const Vector<double> zero = Vector<double>::Zero(1), one = Vector<double>::Ones(1);
  for (const auto& record : oracle["propA1_counterexample"]) {
    const auto number = [&](const char* key) { return record.at(key).get<double>(); };
    const Objective objective(Power{1}, square_loss(one, euclidean(1)), number("alpha"));
    const double reach = -std::expm1(-number("T")) / number("alpha");
    const PropositionA1 check = proposition_a_1(objective, Power{2}, zero, number("T"), Estimate::exactly(1),
                                                {.distance = Estimate::supplied(0),
                                                 .displacement = Estimate::supplied(reach * (1 + 1e-6)),
                                                 .C = number("C"),
                                                 .flows = precise().flows});
    INFO(check);
    CHECK(check.verdict() == Verdict::holds);
    CHECK(check.printed.verdict() == Verdict::violated);
    const auto& q = check.corrected.inequality("sup ||alpha f - alpha fbar||");
    CHECK_THAT(q.lhs.back(), WithinRel(number("lhs"), 1e-9));
    CHECK_THAT(q.rhs.back(), WithinRel(number("rhs_corrected"), 1e-5));
    CHECK_THAT(check.printed.inequality("sup ||alpha f - alpha fbar||").rhs.back(),
               WithinRel(number("rhs_printed"), 1e-12));
  }
}

TEST_CASE("Proposition A.1 on points that a network is not trained on", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  const auto w0 = Oracle::weights("uns");
  const auto f = Oracle::network<Tanh>();
  const Matrix<double> test_points = Matrix<double>::Identity(3, 3);
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt});
  double M2 = 0, M1 = 0;
  for (Index i = 0; i < 3; ++i) {
    const auto at = net.on(Matrix<double>(test_points.col(i)), euclidean(1));
    Philox rng(1);
    const auto bounds = two_layer_lipschitz(at, view_t<Vector<double>>(w0), SingularValueOptions{}, rng);
    M2 = std::max(M2, bounds.of_dh(0.5).upper());
    M1 = std::max(M1, jacobian(at, w0).norm());
  }
  const auto h = centred(f, w0);
  const auto held_out = net.on(test_points, empirical(3));
  double before = 0;
  for (const double alpha : {1e2, 1e3, 1e4}) {
    const PropositionA1 check =
        proposition_a_1(Objective(h, loss, alpha), held_out, w0, 5.0, Estimate::at_most(M2));
    INFO(check);
    CHECK(check.verdict() == Verdict::holds_indicatively);
    CHECK_THAT(check.corrected.constant("M1 = sup ||D_w f(w0, x)||").value(), WithinRel(M1, 1e-13));
    const double lhs = check.corrected.inequality("sup ||alpha f - alpha fbar||").lhs.back();
    CHECK(check.corrected.inequality("sup ||alpha f - alpha fbar||").decided());
    if (before > 0) CHECK_THAT(lhs * 10, WithinRel(before, 0.1));
    before = lhs;
    const PropositionA1 below =
        proposition_a_1(Objective(h, loss, alpha), held_out, w0, 5.0, Estimate::supplied(0),
                        {.distance = Estimate::supplied(0), .displacement = Estimate::supplied(0.5)});
    CHECK(below.corrected.failed_hypotheses() ==
          std::vector<std::string>{"e1 is not below the measured distance"});
  }
}

TEST_CASE("Proposition A.1 names the hypothesis that fails", "[lazy]") {
  const Vector<double> zero = Vector<double>::Zero(1), one = Vector<double>::Ones(1);
  const Objective objective(Power{1}, square_loss(one, euclidean(1)), 1.0);
  const PropositionA1 check = proposition_a_1(objective, Power{2}, zero, 1.0, Estimate());
  CHECK(check.verdict() == Verdict::hypotheses_not_met);
  CHECK(check.corrected.failed_hypotheses() == std::vector<std::string>{"D_w f is Lipschitz"});
  const PropositionA1 at_one = proposition_a_1(objective, Power{2}, zero, 1.0, Estimate::exactly(1));
  CHECK(at_one.holds());
  CHECK(at_one.printed.failed_hypotheses().front() == "alpha > 1");
}

TEST_CASE("Proposition A.1 compares what it is given with what the flows show", "[lazy]") {
  const auto h = Oracle::network<Tanh>();
  const Vector<double> w0 = Oracle::weights("sym");
  const Objective objective(h, square_loss(Oracle().target(), empirical(5)), 10.0);
  const PropositionA1 check =
      proposition_a_1(objective, h, w0, 2.0, Estimate::supplied(2),
                      {.distance = Estimate::supplied(0), .displacement = Estimate::supplied(0)});
  CHECK(check.verdict() == Verdict::hypotheses_not_met);
  CHECK(check.corrected.failed_hypotheses() ==
        std::vector<std::string>{"e1 is not below the measured distance",
                                 "e0 is not below the measured displacement"});
}
