// Section 1.2: multiplying the initialization of a q-homogeneous model by λ is training at the scale λ^q, up
// to a change of time that the paper does not mention.
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/gradient_field.hpp>
#include <lazytrain/flow/integrate.hpp>
#include <lazytrain/loss/square.hpp>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// w at time t of the flow of F_alpha from w0.
template <class H>
Vector<double> trained(const H& h, const Vector<double>& target, const Vector<double>& w0, double alpha,
                       double t) {
  auto field = parameter_field(h, square_loss(target, h.output_space()), w0, alpha);
  return integrate(DormandPrince{}, field, w0, {.horizon = t, .relative_tolerance = 1e-12}).x;
}

}  // namespace

TEST_CASE("a multiple of the initialization is another scale on another clock", "[lazy]") {
  // w(t) from λ w0 at scale 1 is λ times the flow from w0 at scale λ^q at the time λ^(2q-2) t.
  const Oracle oracle;
  const auto check = [&](const auto& h, const char* weights, double q, double lambda) {
    const Vector<double> w0 = Oracle::weights(weights), target = oracle.target();
    const double t = 0.5;
    const Vector<double> direct = trained(h, target, lambda * w0, 1, t);
    const Vector<double> by_law =
        lambda * trained(h, target, w0, std::pow(lambda, q), std::pow(lambda, 2 * q - 2) * t);
    CAPTURE(q, lambda);
    CHECK((direct - by_law).norm() <= 1e-9 * direct.norm());
    // Without the change of time they are apart.
    const Vector<double> wrong = lambda * trained(h, target, w0, std::pow(lambda, q), t);
    CHECK((direct - wrong).norm() >= 1e-2 * direct.norm());
    return direct;
  };
  for (const double lambda : {0.5, 1.5}) check(Oracle::network<Quadratic>(), "uns", 3, lambda);
  int records = 0;
  for (const auto& record : oracle["homogeneous_flow"]) {
    const Vector<double> w =
        check(Oracle::network<Relu>(), "sym", record.at("q").get<double>(), record.at("lam").get<double>());
    CHECK((w - Oracle::vector(record.at("w"))).norm() <= 1e-8 * w.norm());
    ++records;
  }
  CHECK(records == 2);
}
