#include <cmath>
#include <lazytrain/flow/newton_term.hpp>
#include <span>
#include <support/catch.hpp>
#include <support/tolerance.hpp>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

double polynomial(const detail::NewtonTerm& term, double s) {
  double sum = 0;
  for (std::size_t j = term.powers.size(); j-- > 0;) sum = sum * s + term.powers[j];
  return sum;
}

}  // namespace

TEST_CASE("A term of Newton's interpolation vanishes at its nodes but the last and is monic") {
  const std::vector<double> times{0, -0.5, -1.25, -1.5, -3, -4, 1};
  for (std::size_t count = 1; count <= times.size(); ++count) {
    const auto nodes = std::span(times).first(count);
    const detail::NewtonTerm term(nodes);
    CHECK(term.powers[count - 1] == 1);
    for (std::size_t i = 0; i + 1 < count; ++i) {
      double size = 0;
      for (std::size_t j = 0; j < count; ++j) {
        size += std::abs(term.powers[j]) * std::pow(std::abs(times[i]), double(j));
      }
      CHECK_THAT(polynomial(term, times[i]), WithinAbs(0, roundoff<double>(20) * size));
    }
  }
}

TEST_CASE("Newton's terms add up to the polynomial through the values") {
  const std::vector<double> times{0, -0.5, -1.25, -1.5, -3, 2};
  const std::vector<double> values{1, -2, 0.5, 3, -1, 4};
  std::vector<detail::NewtonTerm> terms;
  for (std::size_t count = 1; count <= times.size(); ++count) {
    terms.emplace_back(std::span(times).first(count));
  }
  for (std::size_t i = 0; i < times.size(); ++i) {
    double sum = 0;
    double size = 0;
    for (const auto& term : terms) {
      for (std::size_t j = 0; j < times.size(); ++j) {
        const double part = term.weights[j] * values[j] * polynomial(term, times[i]);
        sum += part;
        size += std::abs(part);
      }
    }
    CHECK_THAT(sum, WithinAbs(values[i], roundoff<double>(100) * size));
  }
}
