#include <algorithm>
#include <cmath>
#include <lazytrain/core/random.hpp>
#include <map>
#include <numbers>
#include <set>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

static_assert(RandomEngine<Philox> && RandomEngine<std::mt19937> && RandomEngine<std::mt19937_64>);
static_assert(RandomEngine<Philox&>, "functions take engines by reference");
static_assert(!RandomEngine<std::minstd_rand>, "its words are not uniform bits");
static_assert(!RandomEngine<double>);

using Block = std::array<std::uint32_t, 4>;

/// An engine that repeats one word.
template <class Word>
struct Constant {
  using result_type = Word;
  Word word;
  static constexpr Word min() { return 0; }
  static constexpr Word max() { return std::numeric_limits<Word>::max(); }
  Word operator()() { return word; }
};

/// The k-th moment of `draws` numbers lies within 5 standard errors of `expected`, its standard error being
/// sqrt(variance of x^k / draws).
template <class Draw>
void check_moment(Draw draw, int draws, int k, double expected, double variance) {
  double sum = 0;
  for (int i = 0; i < draws; ++i) sum += std::pow(draw(), k);
  INFO("moment " << k);
  CHECK_THAT(sum / draws, WithinAbs(expected, 5 * std::sqrt(variance / draws)));
}

/// Pearson's statistic of counts that should be equal: mean cells - 1, variance 2 (cells - 1).
template <class Counts>
void check_equal_counts(const Counts& counts, std::size_t cells, double draws) {
  REQUIRE(counts.size() == cells);
  const double expected = draws / static_cast<double>(cells);
  double statistic = 0;
  for (const auto& [cell, count] : counts) statistic += (count - expected) * (count - expected) / expected;
  const double freedom = static_cast<double>(cells) - 1;
  CHECK_THAT(statistic, WithinAbs(freedom, 5 * std::sqrt(2 * freedom)));
}

}  // namespace

TEST_CASE("Philox 4x32-10 has the known answers of Random123") {
  CHECK(Philox::block(0, 0, 0) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  CHECK(Philox::block(ones, ones, ones) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // Counter and key are digits of pi; the low words come first.
  CHECK(Philox::block(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the words of a stream are its blocks, one after the other") {
  Philox rng(12, 34);
  for (std::uint64_t counter = 0; counter < 5; ++counter) {
    for (const std::uint32_t word : Philox::block(12, 34, counter)) CHECK(rng() == word);
  }
  CHECK(rng.position() == 20);
  CHECK(rng.seed() == 12);
  CHECK(rng.stream_index() == 34);
}

TEST_CASE("seek moves as so many draws do, back as well as forward") {
  Philox reference(7, 1);
  std::vector<std::uint32_t> words(40);
  for (auto& word : words) word = reference();
  Philox rng(7, 1);
  for (const std::uint64_t position : {0u, 1u, 3u, 4u, 5u, 30u, 6u, 6u, 38u, 2u}) {
    rng.seek(position);
    CHECK(rng.position() == position);
    CHECK(rng() == words[position]);
    CHECK(rng() == words[position + 1]);
  }
  rng.seek(40);
  CHECK(rng == reference);
  CHECK(rng() == reference());
}

TEST_CASE("seed, stream and position are the whole state") {
  Philox a(1, 2);
  (void)a();
  Philox b(1, 2);
  CHECK_FALSE(a == b);
  b.seek(1);
  CHECK(a == b);
  CHECK_FALSE(Philox(1, 2) == Philox(1, 3));
  CHECK_FALSE(Philox(1, 2) == Philox(2, 2));
  CHECK(a.stream(9) == Philox(1, 9));
  Philox copy = a;
  CHECK(copy() == a());
}

TEST_CASE("streams and seeds share no block") {
  std::set<Block> blocks;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    blocks.insert(Philox::block(5, i, 0));
    blocks.insert(Philox::block(1000 + i, 0, 0));
    blocks.insert(Philox::block(5, 0, 1 + i));
  }
  CHECK(blocks.size() == 3000);
}

TEST_CASE("neighbouring streams and neighbouring seeds are uncorrelated") {
  constexpr int draws = 100000;
  Philox a(5, 0);
  Philox b = GENERATE(Philox(5, 1), Philox(6, 0), Philox(5, std::uint64_t{1} << 32));
  double sum = 0;
  for (int i = 0; i < draws; ++i) sum += normal(a) * normal(b);  // mean 0, variance 1 if independent
  CHECK_THAT(sum / draws, WithinAbs(0.0, 5 / std::sqrt(draws)));
}

TEST_CASE("64 bits are two words of 32, the first one high, or one of 64") {
  Philox words(3), rng(3);
  const std::uint64_t high = words(), low = words();
  CHECK(random_bits(rng) == ((high << 32) | low));
  std::mt19937_64 wide(3), same(3);
  CHECK(random_bits(wide) == same());
}

TEMPLATE_TEST_CASE("a uniform number lies inside (0, 1), whatever the bits", "", float, double) {
  using S = TestType;
  for (const std::uint32_t word : {0u, 1u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFF7Fu, 0xFFFFFFFEu, 0xFFFFFFFFu}) {
    Constant<std::uint32_t> rng{word};
    const S u = uniform<S>(rng);
    CAPTURE(word, u);
    CHECK(u > S(0));
    CHECK(u < S(1));
    CHECK(std::isfinite(normal<S>(rng)));
    // The complement of the bits is the mirror image about 1/2.
    Constant<std::uint32_t> mirror{~word};
    CHECK(uniform<S>(mirror) == S(1) - u);
  }
}

TEST_CASE("uniform numbers have the moments of the uniform law") {
  Philox rng(11);
  const auto draw = [&] { return uniform(rng); };
  for (int k = 1; k <= 4; ++k) {
    const double mean = 1.0 / (k + 1);
    check_moment(draw, 100000, k, mean, 1.0 / (2 * k + 1) - mean * mean);
  }
}

TEMPLATE_TEST_CASE("normal numbers have the moments of the normal law", "", float, double) {
  Philox rng(13);
  const auto draw = [&] { return static_cast<double>(normal<TestType>(rng)); };
  const double moments[] = {1, 0, 1, 0, 3, 0, 15, 0, 105};
  for (int k = 1; k <= 4; ++k) {
    check_moment(draw, 100000, k, moments[k], moments[2 * k] - moments[k] * moments[k]);
  }
}

TEST_CASE("the normal quantile inverts the normal distribution function to 1e-15") {
  // Newton's correction at x, in extended precision, is the error of x. Each tail is compared with the
  // probability of that tail, the middle with the probability between 0 and x, so that nothing cancels.
  using Real = long double;
  const auto relative_error = [](double p) {
    const double x = normal_quantile(p);
    const Real root = x / std::numbers::sqrt2_v<Real>;
    const Real density =
        std::exp(-root * root) * std::numbers::inv_sqrtpi_v<Real> / std::numbers::sqrt2_v<Real>;
    Real error = 0;
    if (std::abs(p - 0.5) < 0.25) {
      error = std::erf(root) / 2 - (static_cast<Real>(p) - 0.5L);
    } else if (p < 0.5) {
      error = std::erfc(-root) / 2 - static_cast<Real>(p);
    } else {
      error = (1 - static_cast<Real>(p)) - std::erfc(root) / 2;
    }
    return static_cast<double>(std::abs(error / density / static_cast<Real>(x)));
  };
  double worst = 0;
  double at = 0;
  const auto visit = [&](double p) {
    const double error = relative_error(p);
    if (!(error <= worst)) {
      worst = error;
      at = p;
    }
  };
  for (double p = 1e-300; p < 0.01; p *= 1.7) visit(p);
  for (int i = 1; i < 1000; ++i) {
    if (i != 500) visit(i / 1000.0);
  }
  for (double tail = 0x1p-53; tail < 0.01; tail *= 1.7) visit(1 - tail);
  for (double q = 1e-15; q < 0.1; q *= 2.3) {
    visit(0.5 + q);
    visit(0.5 - q);
  }
  INFO("worst at p = " << at);
  CHECK(worst <= 1e-15);
  CHECK(normal_quantile(0.5) == 0.0);
}

TEST_CASE("the normal quantile is odd about 1/2 and increases") {
  double previous = normal_quantile(0x1p-20);
  for (int i = 2; i < 1024; ++i) {
    const double p = i * 0x1p-10;  // 1 - p is exact
    if (i <= 1022) CHECK(normal_quantile(p) == -normal_quantile(1 - p));
    CHECK(normal_quantile(p) > previous);
    previous = normal_quantile(p);
  }
}

TEST_CASE("the normal quantile refuses what is not inside (0, 1)") {
  const double p = GENERATE(0.0, 1.0, -0.1, 1.1, std::numeric_limits<double>::quiet_NaN());
  CHECK_THAT(message_of<std::domain_error>([&] { (void)normal_quantile(p); }),
             ContainsSubstring("lazytrain::normal_quantile: p is ") &&
                 ContainsSubstring(", expected a number in (0, 1)"));
}

TEST_CASE("random indices are uniform and within bounds") {
  Philox rng(17);
  const Index count = GENERATE(1, 2, 7, 100);
  std::map<Index, double> counts;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) ++counts[random_index(rng, count)];
  CHECK(counts.begin()->first == 0);
  CHECK(counts.rbegin()->first == count - 1);
  if (count > 1) check_equal_counts(counts, static_cast<std::size_t>(count), draws);
}

TEST_CASE("a random index rejects the incomplete last round of the 64-bit words") {
  // 2^63 - 1 goes twice into 2^64 and leaves 2; words in the rest would favour the first indices.
  struct Twice {
    using result_type = std::uint64_t;
    int draws = 0;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return ~result_type{0}; }
    result_type operator()() { return draws++ == 0 ? ~result_type{0} : 5; }
  } rng;
  CHECK(random_index(rng, std::numeric_limits<Index>::max()) == 5);
  CHECK(rng.draws == 2);
}

TEST_CASE("random permutations are permutations, each equally likely") {
  Philox rng(19);
  std::map<std::vector<Index>, double> counts;
  const int draws = 24000;
  for (int i = 0; i < draws; ++i) ++counts[random_permutation(4, rng)];
  check_equal_counts(counts, 24, draws);
  for (const auto& [order, count] : counts) {
    std::vector<Index> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    CHECK(sorted == std::vector<Index>{0, 1, 2, 3});
  }
  CHECK(random_permutation(0, rng).empty());
  CHECK(random_permutation(1, rng) == std::vector<Index>{0});
}

TEMPLATE_TEST_CASE("vectors and matrices are the engine's normal numbers in column order", "", float,
                   double) {
  using S = TestType;
  Philox rng(23), numbers(23);
  const Vector<S> x = normal_vector<S>(3, rng);
  const Matrix<S> a = normal_matrix<S>(2, 3, rng);
  for (Index i = 0; i < 3; ++i) CHECK(x(i) == normal<S>(numbers));
  for (Index j = 0; j < 3; ++j) {
    for (Index i = 0; i < 2; ++i) CHECK(a(i, j) == normal<S>(numbers));
  }
  CHECK(rng == numbers);
  CHECK(normal_vector<S>(0, rng).size() == 0);
}

TEMPLATE_TEST_CASE("unit vectors lie on the sphere, in every direction alike", "", float, double) {
  using S = TestType;
  constexpr int draws = 20000;
  constexpr int dim = 3;
  Philox rng(29);
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  Eigen::Matrix3d second = Eigen::Matrix3d::Zero();
  for (int i = 0; i < draws; ++i) {
    const Vector<S> u = unit_vector<S>(dim, rng);
    REQUIRE_THAT(static_cast<double>(u.norm()), WithinRel(1.0, roundoff<S>(dim + 4)));
    const Eigen::Vector3d x = u.template cast<double>();
    mean += x / draws;
    second += x * x.transpose() / draws;
  }
  // E u_i = 0 with variance 1/d; E u_i u_j = delta_ij/d with E u_i^4 = 3/(d (d+2)), E u_i^2 u_j^2 = 1/(d
  // (d+2)).
  const double d = dim;
  const double diagonal = 3 / (d * (d + 2)) - 1 / (d * d);
  const double off_diagonal = 1 / (d * (d + 2));
  for (Index i = 0; i < dim; ++i) {
    CHECK_THAT(mean(i), WithinAbs(0.0, 5 * std::sqrt(1 / (d * draws))));
    for (Index j = 0; j < dim; ++j) {
      CHECK_THAT(second(i, j),
                 WithinAbs(i == j ? 1 / d : 0.0, 5 * std::sqrt((i == j ? diagonal : off_diagonal) / draws)));
    }
  }
  CHECK(std::abs(unit_vector<S>(1, rng)(0)) == S(1));
}

TEST_CASE("senseless sizes are refused by name") {
  Philox rng(31);
  CHECK(message_of<std::invalid_argument>([&] { (void)random_index(rng, 0); }) ==
        "lazytrain::random_index: count is 0, expected at least 1");
  CHECK(message_of<std::invalid_argument>([&] { (void)normal_vector(-1, rng); }) ==
        "lazytrain::normal_vector: size is -1, expected at least 0");
  CHECK(message_of<std::invalid_argument>([&] { (void)normal_matrix(-1, 2, rng); }) ==
        "lazytrain::normal_matrix: rows is -1, expected at least 0");
  CHECK(message_of<std::invalid_argument>([&] { (void)normal_matrix(2, -1, rng); }) ==
        "lazytrain::normal_matrix: cols is -1, expected at least 0");
  CHECK(message_of<std::invalid_argument>([&] { (void)unit_vector(0, rng); }) ==
        "lazytrain::unit_vector: dim is 0, expected at least 1");
  CHECK(message_of<std::invalid_argument>([&] { (void)random_permutation(-1, rng); }) ==
        "lazytrain::random_permutation: count is -1, expected at least 0");
  CHECK(rng.position() == 0);
}
