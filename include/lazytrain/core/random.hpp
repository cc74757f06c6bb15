#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

/// Random numbers that mean the same with every standard library: the engine and the distributions are
/// written out. An engine is always passed by the caller.
namespace lazytrain {

/// Philox 4x32-10 (Salmon et al., SC 2011): a counter-based engine of 32-bit words.
///
/// (seed, stream) names an independent sequence, so that a task which is addressed by its index draws the
/// same numbers whichever thread or device runs it.
class Philox {
 public:
  using result_type = std::uint32_t;

  explicit Philox(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  /// The next 32 bits.
  result_type operator()() {
    const std::uint64_t word = position_ % 4;
    if (word == 0 || !filled_) {
      block_ = block(seed_, stream_, position_ / 4);
      filled_ = true;
    }
    ++position_;
    return block_[word];
  }

  /// The engine of another stream of the same seed, at its beginning.
  [[nodiscard]] Philox stream(std::uint64_t index) const { return Philox(seed_, index); }

  /// Number of words drawn so far; with the seed and the stream it is the whole state.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] std::uint64_t stream_index() const { return stream_; }

  /// Moves to a position, as after that many draws. Cost: O(1).
  void seek(std::uint64_t position) {
    position_ = position;
    filled_ = false;
  }

  /// Words 4 `counter`, ..., 4 `counter` + 3 of the stream. Cost: ten rounds.
  [[nodiscard]] static std::array<result_type, 4> block(std::uint64_t seed, std::uint64_t stream,
                                                        std::uint64_t counter) {
    std::array<result_type, 4> x = {low(counter), high(counter), low(stream), high(stream)};
    result_type key0 = low(seed);
    result_type key1 = high(seed);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xD2511F53} * x[0];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57} * x[2];
      x = {high(b) ^ x[1] ^ key0, low(b), high(a) ^ x[3] ^ key1, low(a)};
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    return x;
  }

  [[nodiscard]] friend bool operator==(const Philox& a, const Philox& b) {
    return a.seed_ == b.seed_ && a.stream_ == b.stream_ && a.position_ == b.position_;
  }

 private:
  static constexpr result_type low(std::uint64_t x) { return static_cast<result_type>(x); }
  static constexpr result_type high(std::uint64_t x) { return static_cast<result_type>(x >> 32); }

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_ = 0;
  std::array<result_type, 4> block_{};
  bool filled_ = false;
};

/// An engine whose words are 32 or 64 uniform bits: Philox, std::mt19937, std::mt19937_64.
// Version 14 does not lay out conjunctions of concepts.
// clang-format off
template <class G>
concept RandomEngine =
    std::uniform_random_bit_generator<std::remove_reference_t<G>> && std::remove_reference_t<G>::min() == 0 &&
    (std::remove_reference_t<G>::max() == 0xFFFFFFFFu || std::remove_reference_t<G>::max() == 0xFFFFFFFFFFFFFFFFu);
// clang-format on

/// 64 uniform bits.
[[nodiscard]] std::uint64_t random_bits(RandomEngine auto& rng) {
  const auto word = static_cast<std::uint64_t>(rng());
  if constexpr (std::remove_reference_t<decltype(rng)>::max() == 0xFFFFFFFFu) {
    return (word << 32) | static_cast<std::uint64_t>(rng());
  } else {
    return word;
  }
}

/// Uniform on the open interval (0, 1), symmetric about 1/2: odd multiples of 2^-(d - 1) / 2 with the d
/// digits of S, at most 53, all of them exact in S.
template <std::floating_point S = double>
[[nodiscard]] S uniform(RandomEngine auto& rng) {
  constexpr int bits = std::min(std::numeric_limits<S>::digits, 53) - 1;
  constexpr S unit = S(1) / static_cast<S>(std::uint64_t{1} << bits);
  return (static_cast<S>(random_bits(rng) >> (64 - bits)) + S(0.5)) * unit;
}

/// Uniform on {0, ..., count - 1}, without bias. @throws std::invalid_argument if count < 1
[[nodiscard]] Index random_index(RandomEngine auto& rng, Index count) {
  require_argument(count >= 1, "random_index", "count", count, "at least 1");
  const auto n = static_cast<std::uint64_t>(count);
  const std::uint64_t limit =
      std::numeric_limits<std::uint64_t>::max() - std::numeric_limits<std::uint64_t>::max() % n;
  std::uint64_t bits = random_bits(rng);
  while (bits >= limit) bits = random_bits(rng);
  return static_cast<Index>(bits % n);
}

namespace detail {

template <std::size_t N>
double horner(const std::array<double, N>& coefficients, double x) {
  double sum = 0;
  for (std::size_t i = N; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

}  // namespace detail

/// Quantile of the standard normal law at p in (0, 1): Wichura's algorithm AS 241, relative error about
/// 1e-16.
[[nodiscard]] inline double normal_quantile(double p) {
  require_domain(p > 0 && p < 1, "normal_quantile", "p", p, "a number in (0, 1)");
  constexpr std::array<double, 8> a = {
      3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
      4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
  constexpr std::array<double, 8> b = {1.0,
                                       4.2313330701600911252e1,
                                       6.8718700749205790830e2,
                                       5.3941960214247511077e3,
                                       2.1213794301586595867e4,
                                       3.9307895800092710610e4,
                                       2.8729085735721942674e4,
                                       5.2264952788528545610e3};
  constexpr std::array<double, 8> c = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                       5.76949722146069140550e0,  3.64784832476320460504e0,
                                       1.27045825245236838258e0,  2.41780725177450611770e-1,
                                       2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr std::array<double, 8> d = {1.0,
                                       2.05319162663775882187e0,
                                       1.67638483018380384940e0,
                                       6.89767334985100004550e-1,
                                       1.48103976427480074590e-1,
                                       1.51986665636164571966e-2,
                                       5.47593808499534494600e-4,
                                       1.05075007164441684324e-9};
  constexpr std::array<double, 8> e = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                       1.78482653991729133580e0,  2.96560571828504891230e-1,
                                       2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                       2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr std::array<double, 8> f = {1.0,
                                       5.99832206555887937690e-1,
                                       1.36929880922735805310e-1,
                                       1.48753612908506148525e-2,
                                       7.86869131145613259100e-4,
                                       1.84631831751005468180e-5,
                                       1.42151175831644588870e-7,
                                       2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * detail::horner(a, r) / detail::horner(b, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? detail::horner(c, r - 1.6) / detail::horner(d, r - 1.6)
                          : detail::horner(e, r - 5) / detail::horner(f, r - 5);
  return q < 0 ? -x : x;
}

/// Standard normal number: one uniform number, inverted.
template <class S = double>
[[nodiscard]] S normal(RandomEngine auto& rng) {
  return static_cast<S>(normal_quantile(uniform(rng)));
}

/// Vector of independent standard normal numbers. @throws std::invalid_argument if size < 0
template <class S = double>
[[nodiscard]] Vector<S> normal_vector(Index size, RandomEngine auto& rng) {
  require_argument(size >= 0, "normal_vector", "size", size, "at least 0");
  Vector<S> x(size);
  for (Index i = 0; i < size; ++i) x(i) = normal<S>(rng);
  return x;
}

/// Matrix of independent standard normal numbers, drawn column by column.
template <class S = double>
[[nodiscard]] Matrix<S> normal_matrix(Index rows, Index cols, RandomEngine auto& rng) {
  require_argument(rows >= 0, "normal_matrix", "rows", rows, "at least 0");
  require_argument(cols >= 0, "normal_matrix", "cols", cols, "at least 0");
  Matrix<S> x(rows, cols);
  for (Index j = 0; j < cols; ++j) {
    for (Index i = 0; i < rows; ++i) x(i, j) = normal<S>(rng);
  }
  return x;
}

/// Uniform on the unit sphere of R^dim.
template <class S = double>
[[nodiscard]] Vector<S> unit_vector(Index dim, RandomEngine auto& rng) {
  require_argument(dim >= 1, "unit_vector", "dim", dim, "at least 1");
  return normal_vector<S>(dim, rng).normalized();
}

/// Uniform permutation of 0, ..., count - 1 (Fisher and Yates).
[[nodiscard]] std::vector<Index> random_permutation(Index count, RandomEngine auto& rng) {
  require_argument(count >= 0, "random_permutation", "count", count, "at least 0");
  std::vector<Index> order(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) order[static_cast<std::size_t>(i)] = i;
  for (Index i = count - 1; i > 0; --i) {
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(random_index(rng, i + 1))]);
  }
  return order;
}

}  // namespace lazytrain
