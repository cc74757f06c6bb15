#include <lazytrain/autodiff/functor.hpp>
#include <lazytrain/lazy/laziness.hpp>
#include <lazytrain/loss/logistic.hpp>
#include <lazytrain/loss/square.hpp>
#include <lazytrain/model/centred.hpp>
#include <lazytrain/model/scaled.hpp>
#include <limits>
#include <numbers>
#include <sstream>

#include "oracle_network.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// h(w) = w^2 / 2 - w0-independent constant, in one dimension: κ by hand. `factor` makes the derivative
/// wrong.
struct Parabola {
  using Scalar = double;
  double offset = 0;
  [[nodiscard]] Index parameter_dim() const { return 1; }
  [[nodiscard]] Index output_dim() const { return 1; }
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const {
    return (w.cwiseProduct(w) / 2).array() + offset;
  }
  [[nodiscard]] Matrix<double> jacobian(const Vector<double>& w) const { return w; }
  [[nodiscard]] Vector<double> second(const Vector<double>&, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return u.cwiseProduct(v);
  }
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>&, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return u.cwiseProduct(c);
  }
};

Vector<double> one(double x) { return Vector<double>::Constant(1, x); }

}  // namespace

TEST_CASE("kappa and its parts agree with the oracle", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  int scales = 0;
  oracle.for_networks([&](const std::string&, const auto& record, const auto& h, const Vector<double>& w) {
    const Laziness result = laziness(h, loss, w);
    const auto number = [&](const char* key) { return record.at(key).template get<double>(); };
    CHECK_THAT(result.residual.value(), WithinRel(number("resid_norm"), 1e-13));
    CHECK_THAT(result.kappa.value(), WithinRel(number("kappa_alpha1"), 1e-9));
    CHECK(result.kappa.certified());
    CHECK(result.kappa.value() == result.kappa_h.value());
    CHECK(number("kappa_alpha1") <= result.kappa.upper());
    const double c = record.at("lazy_criterion").at("c_alignment").template get<double>();
    CHECK_THAT(result.alignment.value(), WithinRel(c, 1e-12));
    CHECK_THAT(result.criterion.value(), WithinRel(number("kappa_alpha1") / (2 * c), 1e-9));
    for (const auto& scale : record.at("kappa_scaled")) {
      ++scales;
      const double alpha = scale.at("alpha").template get<double>();
      const double expected = scale.at("kappa_direct").template get<double>();
      CHECK_THAT(laziness(Objective(h, loss, alpha), w).kappa.value(), WithinRel(expected, 1e-9));
      CHECK_THAT(laziness(scaled(h, alpha), loss, w).kappa.value(), WithinRel(expected, 1e-8));
    }
  });
  CHECK(scales == 24);
}

TEST_CASE("kappa with the samples in blocks is the same", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  const auto h = Oracle::network<Tanh>();
  const Vector<double> w = Oracle::weights("uns");
  const Laziness whole = laziness(h, loss, w);
  for (const Index block : {1, 2}) {
    const Laziness parts = laziness(in_blocks(h, block), loss, w);
    CHECK(parts.kappa.certified());
    CHECK_THAT(parts.kappa.value(), WithinRel(whole.kappa.value(), 1e-12));
    CHECK_THAT(parts.criterion.value(), WithinRel(whole.criterion.value(), 1e-12));
  }
}

TEST_CASE("the oracle's centred network needs the curvature of the network behind it", "[lazy]") {
  const Oracle oracle;
  const auto& record = oracle["static"].at("tanh_cen");
  const auto f = Oracle::network<Tanh>();
  const auto w = Oracle::weights("uns");
  const auto loss = square_loss(oracle.target(), empirical(5));
  const auto h = centred(f, w);
  const Laziness searched = laziness(h, loss, w);
  CHECK(searched.kappa.provenance() == Provenance::estimated);
  CHECK_THAT(searched.kappa.value(), WithinRel(record.at("kappa_alpha1").get<double>(), 1e-8));
  const Laziness known =
      laziness(h, loss, w, LazinessOptions{.second_derivative_norm = laziness(f, loss, w).second_derivative});
  CHECK(known.kappa.certified());
  CHECK_THAT(known.kappa.value(), WithinRel(record.at("kappa_alpha1").get<double>(), 1e-9));
}

TEST_CASE("the criterion bounds the ratio of relative changes", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  oracle.for_networks([&](const std::string&, const auto&, const auto& h, const Vector<double>& w) {
    for (const double alpha : {1.0, 10.0}) {
      const Objective objective(h, loss, alpha);
      CHECK(relative_changes(objective, w).predicted_ratio.value() <=
            laziness(objective, w).criterion.upper());
    }
  });
}

TEST_CASE("kappa of a parabola by hand", "[lazy]") {
  const Objective objective(Parabola{0.5}, square_loss(one(3), euclidean(1)), 4.0);
  const Laziness result = laziness(objective, one(2));
  CHECK_THAT(result.kappa.value(), WithinRel((4 * 2.5 - 3) / (4 * 4.0), 1e-14));
  CHECK_THAT(result.kappa_h.value(), WithinRel((3 - 2.5) / 4.0, 1e-14));
  CHECK_THAT(result.alignment.value(), WithinRel(1.0, 1e-13));
  CHECK_THAT(result.criterion.value(), WithinRel(7.0 / 32, 1e-13));
}

TEST_CASE("kappa of a centred model falls like 1 / alpha, of another it does not", "[lazy]") {
  const Oracle oracle;
  const auto f = Oracle::network<Tanh>();
  const auto w = Oracle::weights("uns");
  const auto loss = square_loss(oracle.target(), empirical(5));
  const auto h = centred(f, w);
  const LazinessOptions known{.second_derivative_norm = laziness(f, loss, w).second_derivative};
  const double at_one = laziness(h, loss, w, known).kappa.value();
  for (const double alpha : {1e1, 1e4, 1e8}) {
    CHECK_THAT(laziness(Objective(h, loss, alpha), w, known).kappa.value(), WithinRel(at_one / alpha, 1e-14));
  }
  const Laziness limit = laziness(Objective(h, loss, infinity), w, known);
  CHECK(limit.kappa.value() == 0);
  CHECK_THAT(limit.alignment.value(), WithinRel(laziness(h, loss, w, known).alignment.value(), 1e-12));
  const double plateau = laziness(Objective(f, loss, infinity), w).kappa.value();
  CHECK(plateau > 0);
  CHECK_THAT(laziness(Objective(f, loss, 1e9), w).kappa.value(), WithinRel(plateau, 1e-8));
}

TEST_CASE("kappa of a homogeneous network obeys its law in the size of the initialization", "[lazy]") {
  const Oracle oracle;
  const auto loss = square_loss(oracle.target(), empirical(5));
  for (const auto& record : oracle["homogeneity"]) {
    const double lambda = record.at("lam").get<double>();
    const Vector<double> w = lambda * Oracle::weights("uns");
    const auto check = [&](const auto& h) {
      const double kappa = laziness(h, loss, w).kappa.value();
      CHECK_THAT(kappa, WithinRel(record.at("kappa_direct").get<double>(), 1e-9));
      // kappa_h(lambda w0) = kappa of lambda^q h at w0.
      const Objective scaled_model(h, loss, std::pow(lambda, record.at("q").get<double>()));
      CHECK_THAT(laziness(scaled_model, Oracle::weights("uns")).kappa.value(), WithinRel(kappa, 1e-9));
    };
    if (record.at("act") == "relu") {
      check(Oracle::network<Relu>());
    } else {
      check(Oracle::network<Quadratic>());
    }
  }
}

TEST_CASE("kappa does not see a constant factor of the inner product; its parts do", "[lazy]") {
  // Weights counted twice or not at all in a single place would break this.
  const Oracle oracle;
  const auto w = Oracle::weights("uns");
  const Matrix<double> X = Oracle::network<Tanh>().inputs();
  const TwoLayer<double, Tanh> net({.inputs = 3, .neurons = 6, .scaling = Scaling::sqrt});
  const Laziness mean = laziness(net.on(X), square_loss(oracle.target(), empirical(5)), w);
  const Laziness sum = laziness(net.on(X, euclidean(5)), square_loss(oracle.target(), euclidean(5)), w);
  CHECK_THAT(sum.kappa.value(), WithinRel(mean.kappa.value(), 1e-9));
  CHECK_THAT(sum.alignment.value(), WithinRel(mean.alignment.value(), 1e-12));
  CHECK_THAT(sum.differential.value(), WithinRel(std::sqrt(5) * mean.differential.value(), 1e-12));
  CHECK_THAT(sum.residual.value(), WithinRel(std::sqrt(5) * mean.residual.value(), 1e-12));
}

TEST_CASE("at the target kappa is 0 and the alignment has no meaning", "[lazy]") {
  const Laziness result = laziness(Parabola{}, square_loss(one(2), euclidean(1)), one(2));
  CHECK(result.kappa.value() == 0);
  CHECK(result.kappa.upper() == 0);
  CHECK_FALSE(result.alignment.available());
  CHECK_FALSE(result.criterion.available());
}

TEST_CASE("critical points and numbers that are not finite are refused", "[lazy]") {
  const auto loss = square_loss(one(2), euclidean(1));
  const auto message = message_of<std::domain_error>([&] { (void)laziness(Parabola{}, loss, one(0)); });
  CHECK_THAT(message, ContainsSubstring("laziness: ||Dh(w0)|| is 0"));
  CHECK_THAT(message, ContainsSubstring("critical point"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS((void)laziness(Parabola{}, loss, one(nan)), std::domain_error);
  CHECK_THROWS_AS((void)laziness(Parabola{}, loss, one(infinity)), std::domain_error);
  CHECK_THROWS_AS((void)laziness(Parabola{}, loss, Vector<double>::Ones(2)), std::invalid_argument);
  CHECK_THROWS_AS((void)laziness(Objective(Parabola{}, loss, -1.0), one(1)), std::domain_error);
  CHECK_THROWS_AS((void)laziness(Parabola{}, square_loss(one(2), empirical(1, 1)), Vector<double>(0)),
                  std::invalid_argument);
}

TEST_CASE("a loss without minimizer is judged by the changes themselves", "[lazy]") {
  const Oracle oracle;
  const auto loss = logistic_loss(oracle.labels(), empirical(5));
  const RelativeChanges changes = laziness(Oracle::network<Tanh>(), loss, Oracle::weights("uns"));
  CHECK(changes.predicted_ratio.value() > 0);
}

TEST_CASE("laziness prints one block that names kappa, its parts and how they are known", "[lazy]") {
  const Oracle oracle;
  std::ostringstream text;
  text << laziness(Oracle::network<Tanh>(), square_loss(oracle.target(), empirical(5)),
                   Oracle::weights("uns"));
  for (const char* part :
       {"alpha = 1", "p = 24", "kappa        0.8818 (certified", "residual   0.785074", "curvature  0.700615",
        "slope      0.789787", "alignment c  0.59679", "kappa / 2c"}) {
    CHECK_THAT(text.str(), ContainsSubstring(part));
  }
}

TEST_CASE("kappa does not depend on units", "[lazy]") {
  // h(w) = s (w + w^2 / 2) from w0 = 0 to y* = s: residual, slope and curvature are s, kappa is 1.
  for (const double s : {1e-150, 1.0, 1e150}) {
    const auto h = differentiable<double>(
        [s]<class T>(const Vector<T>& w) -> Vector<T> {
          Vector<T> y(1);
          y(0) = T(s) * (w(0) + T(0.5) * w(0) * w(0));
          return y;
        },
        1, 1);
    const Laziness result = laziness(h, square_loss(one(s), euclidean(1)), one(0));
    INFO(result);
    CHECK_THAT(result.kappa.value(), WithinRel(1.0, 1e-12));
    CHECK_THAT(result.alignment.value(), WithinRel(1.0, 1e-12));
    CHECK_THAT(result.criterion.value(), WithinRel(0.5, 1e-12));
  }
}

TEST_CASE("a critical point that rounding of w0 misses is one", "[lazy]") {
  // cos(pi / 2) is 6e-17 in double precision.
  const auto h =
      differentiable<double>([]<class T>(const Vector<T>& w) -> Vector<T> { return w.array().sin(); }, 1, 1);
  const auto at = [&](double w) { return laziness(h, square_loss(one(2), euclidean(1)), one(w)); };
  CHECK_THAT(message_of<std::domain_error>([&] { (void)at(std::numbers::pi / 2); }),
             ContainsSubstring("w0 is not a critical point of h"));
  CHECK_THAT(at(std::numbers::pi / 2 - 1e-6).kappa.value(), WithinRel(1e12, 1e-3));
}
