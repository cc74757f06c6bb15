#include <algorithm>
#include <lazytrain/model/check_derivatives.hpp>
#include <model/models.hpp>
#include <support/catch.hpp>
#include <support/tolerance.hpp>

namespace {

using namespace lazytrain;
using namespace lazytrain::testing;

/// The check of one name.
DerivativeCheck check_of(const DerivativeReport& report, const std::string& name) {
  const auto found = std::find_if(report.checks.begin(), report.checks.end(),
                                  [&](const auto& check) { return check.name == name; });
  REQUIRE(found != report.checks.end());
  return *found;
}

/// The names of the checks that failed.
std::vector<std::string> failures(const DerivativeReport& report) {
  std::vector<std::string> names;
  for (const auto& check : report.checks) {
    if (!check.passed) names.push_back(check.name);
  }
  return names;
}

TEST_CASE("right derivatives pass, at the observed order") {
  // In single precision rounding takes over before an order can be seen.
  CHECK(check_derivatives(Products<float>{}, point<float>()).passed());
  const auto report = check_derivatives(Products<double>{}, point<double>());
  CHECK(report.passed());
  CHECK_THAT(check_of(report, "jvp").order, WithinAbs(2.0, 0.2));
  CHECK_THAT(check_of(report, "second").order, WithinAbs(2.0, 0.2));
}

struct WrongJvp : Products<double> {
  [[nodiscard]] Vector<double> jvp(const Vector<double>& w, const Vector<double>& v) const {
    Vector<double> out = Products<double>::jvp(w, v);
    out(1) *= 1.001;
    return out;
  }
};
struct WeightedVjp : Products<double> {
  [[nodiscard]] OutputSpace output_space() const { return empirical(3); }
  [[nodiscard]] Vector<double> vjp(const Vector<double>& w, const Vector<double>& u) const {
    return Products<double>::vjp(w, u) / 3;
  }
};
struct WrongVjp : Products<double> {
  [[nodiscard]] Vector<double> vjp(const Vector<double>& w, const Vector<double>& u) const {
    return jacobian_matrix(w) * u;
  }
};
struct WrongSecond : Products<double> {
  [[nodiscard]] Vector<double> second(const Vector<double>& w, const Vector<double>& u,
                                      const Vector<double>& v) const {
    return 2 * Products<double>::second(w, u, v);
  }
};
struct WrongSecondVjp : Products<double> {
  [[nodiscard]] Vector<double> second_vjp(const Vector<double>& w, const Vector<double>& u,
                                          const Vector<double>& c) const {
    return -Products<double>::second_vjp(w, u, c);
  }
};

TEST_CASE("the wrong derivative is named") {
  const auto names = [](const auto& h) { return failures(check_derivatives(h, point<double>())); };
  using Names = std::vector<std::string>;
  // vjp and second are right, but no longer fit the wrong jvp.
  CHECK(names(WrongJvp{}) == Names{"jvp", "vjp", "second"});
  CHECK(names(WrongVjp{}) == Names{"vjp"});
  CHECK(names(WrongSecond{}) == Names{"second", "second_vjp"});
  CHECK(names(WrongSecondVjp{}) == Names{"second_vjp"});
  CHECK_THAT(check_of(check_derivatives(WrongJvp{}, point<double>()), "jvp").finding,
             ContainsSubstring("do not converge"));
}

TEST_CASE("a weight of F inside vjp is recognized") {
  const auto report = check_derivatives(WeightedVjp{}, point<double>());
  CHECK(failures(report) == std::vector<std::string>{"vjp"});
  CHECK_THAT(check_of(report, "vjp").finding, ContainsSubstring("is 0.333333 times the transposed product"));
  CHECK_THAT(check_of(report, "vjp").finding, ContainsSubstring("weights of F"));
}

struct Forgetful : Products<double> {
  [[nodiscard]] Vector<double> operator()(const Vector<double>& w) const {
    calls += 1e-3;
    return Products<double>::operator()(w).array() + calls;
  }
  static inline double calls = 0;
};

TEST_CASE("a model that changes from call to call is found out") {
  CHECK(failures(check_derivatives(Forgetful{}, point<double>())).front() == "repeatable");
}

TEST_CASE("bad arguments are refused") {
  CHECK_THROWS_AS(check_derivatives(Products<double>{}, Vector<double>(Vector<double>::Ones(2))),
                  std::invalid_argument);
  const Vector<double> nan = Vector<double>::Constant(3, std::nan(""));
  CHECK_THROWS_AS(check_derivatives(Products<double>{}, nan), std::domain_error);
  CHECK_THROWS_AS(check_derivatives(Products<double>{}, point<double>(), {.step = 0}), std::domain_error);
}

}  // namespace
