#include <lazytrain/lazy/relative_changes.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <sstream>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("rates along the gradient agree with the oracle's", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  oracle.for_networks([&](const std::string&, const auto& record, const auto& h, const Vector<double>& w) {
    const auto& criterion = record.at("lazy_criterion");
    const RelativeChanges changes = relative_changes(Objective(h, loss, 1.0), w, {.norms = {}});
    const double loss_rate = criterion.at("DeltaF_per_eta").template get<double>();
    const double differential_rate = criterion.at("DeltaDh_per_eta").template get<double>();
    CHECK_THAT(changes.loss_rate, WithinRel(loss_rate, 1e-12));
    CHECK_THAT(changes.differential_rate.value(), WithinRel(differential_rate, 1e-12));
    CHECK_THAT(changes.predicted_ratio.value(), WithinRel(differential_rate / loss_rate, 1e-12));
    CHECK(differential_rate <= criterion.at("DeltaDh_per_eta_upper").template get<double>());
  });
}

TEST_CASE("the measured ratio tends to the predicted one, at first order in the step", "[lazy]") {
  const Oracle oracle;
  const auto h = Oracle::network<Tanh>();
  const auto w = Oracle::weights("uns");
  const auto check = [&](const auto& loss, double alpha) {
    const auto error = [&](double change) {
      const auto changes =
          relative_changes(Objective(h, loss, alpha), w, {.loss_change = change, .norms = {}});
      CHECK_THAT(changes.loss_change, WithinRel(change, 0.2));
      return std::abs(changes.measured_ratio.value() / changes.predicted_ratio.value() - 1);
    };
    const double coarse = error(1e-2), fine = error(1e-3);
    CHECK(coarse < 0.1);
    CHECK(fine < 0.2 * coarse);
    CHECK(fine > 0.02 * coarse);
  };
  check(square_loss(oracle.target(), empirical(5)), 1.0);
  check(logistic_loss(oracle.labels(), empirical(5)), 1.0);
  check(logistic_loss(oracle.labels(), empirical(5)), 3.0);
}

TEST_CASE("a network of several outputs under cross-entropy", "[lazy]") {
  Philox rng(1);
  const auto h =
      TwoLayer<double, Tanh>({.inputs = 3, .neurons = 8, .outputs = 3}).on(normal_matrix(3, 6, rng));
  const auto loss = cross_entropy_loss(std::vector<Index>{0, 1, 2, 2, 1, 0}, empirical(6, 3));
  const auto changes = relative_changes(Objective(h, loss, 1.0), normal_vector(h.parameter_dim(), rng));
  CHECK_THAT(changes.measured_ratio.value(), WithinRel(changes.predicted_ratio.value(), 0.05));
}

TEST_CASE("points without a relative change are refused", "[lazy]") {
  const Oracle oracle;
  const auto h = Oracle::network<Tanh>();
  const auto w = Oracle::weights("uns");
  const auto at_minimum = square_loss(Vector<double>(h.linearize(w).value()), empirical(5));
  CHECK_THROWS_AS((void)relative_changes(Objective(h, at_minimum, 1.0), w), std::domain_error);
  const auto loss = square_loss(oracle.target(), empirical(5));
  CHECK_THAT(message_of<std::domain_error>([&] {
               (void)relative_changes(Objective(h, loss, 1.0), Vector<double>(Vector<double>::Zero(24)));
             }),
             ContainsSubstring("critical point"));
  CHECK_THROWS_AS((void)relative_changes(Objective(h, loss, std::numeric_limits<double>::infinity()), w),
                  std::domain_error);
}

TEST_CASE("relative changes print the predicted and the measured ratio", "[lazy]") {
  const Oracle oracle;
  std::ostringstream text;
  text << relative_changes(
      Objective(Oracle::network<Tanh>(), square_loss(oracle.target(), empirical(5)), 1.0),
      Oracle::weights("uns"));
  CHECK_THAT(text.str(), ContainsSubstring("first order"));
  CHECK_THAT(text.str(), ContainsSubstring("measured"));
}
