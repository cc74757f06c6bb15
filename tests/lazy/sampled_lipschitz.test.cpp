#include <lazytrain/lazy/sampled_lipschitz.hpp>
#include <lazytrain/lazy/two_layer_lipschitz.hpp>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// h(w) = w^3 / 6 in one dimension: on |w - w0| <= r, Lip(h) = (|w0| + r)^2 / 2 and Lip(Dh) = |w0| + r.
struct Cubic {
  using Scalar = double;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const { return w.array().cube() / 6; }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const { return w.array().square() / 2; }
  [[nodiscard]] Vector<double> second(const Vector<double>& w, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return w.cwiseProduct(u).cwiseProduct(v);
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>& w, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return w.cwiseProduct(u).cwiseProduct(c);
  }
};

}  // namespace

TEST_CASE("sampling finds the ends of an interval", "[lazy]") {
  const auto bounds = sampled_lipschitz(Cubic{}, Vector<double>(Vector<double>::Constant(1, -2)));
  for (const double r : {0.0, 0.5, 3.0}) {
    CHECK(bounds.of_dh(r).provenance() == Provenance::estimated);
    CHECK_THAT(bounds.of_dh(r).value(), WithinRel(2 + r, 1e-6));
    CHECK_THAT(bounds.of_h(r).value(), WithinRel((2 + r) * (2 + r) / 2, 1e-6));
    CHECK(std::isinf(bounds.of_dh(r).upper()));
  }
}

TEST_CASE("sampled constants grow with the ball and stay below certified ones", "[lazy]") {
  const auto h = Oracle::network<Tanh>();
  const Vector<double> w = Oracle::weights("uns");
  Philox rng(1);
  const auto certified = two_layer_lipschitz(h, w, SingularValueOptions{}, rng);
  const auto sampled = sampled_lipschitz(h, w, {.samples = 3});
  const Oracle oracle;
  double last = 0;
  for (const auto& record : oracle["LipDh_all_activations_uns"]) {
    if (record.at("act") != "tanh") continue;
    const double r = record.at("r").get<double>();
    const double value = sampled.of_dh(r).value();
    CHECK(value >= last);
    CHECK(value >= record.at("D2h_norm").get<double>() * (1 - 1e-9));
    CHECK(value <= certified.of_dh(r).upper());
    CHECK(sampled.of_h(r).value() <= certified.of_h(r).upper());
    last = value;
  }
  CHECK_THAT(sampled.source(), ContainsSubstring("not certified"));
}

TEST_CASE("a point of a wrong size is refused", "[lazy]") {
  CHECK_THROWS_AS((void)sampled_lipschitz(Cubic{}, Vector<double>(Vector<double>::Zero(2))),
                  std::invalid_argument);
}

TEST_CASE("a model with kinks has no Lipschitz constants to sample", "[lazy]") {
  const auto bounds = sampled_lipschitz(Oracle::network<Relu>(), Oracle::weights("uns"));
  CHECK_FALSE(bounds.available());
  CHECK_THAT(bounds.reason(), ContainsSubstring("has kinks"));
  CHECK_FALSE(bounds.of_dh(0.5).available());
}
