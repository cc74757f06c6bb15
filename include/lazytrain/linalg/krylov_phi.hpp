#pragma once

#include <algorithm>
#include <cmath>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <lazytrain/linalg/phi_basis.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

/// φ-functions of a symmetric positive semidefinite operator L times vectors, from products with L alone.
namespace lazytrain {

/// What the evaluation cost and how exact it is.
struct KrylovPhiReport {
  /// Bound on the norm of the error, for L >= 0 and up to rounding, which is of the order of eps t ||L||.
  double error = 0;
  /// Size of the largest basis.
  Index basis = 0;
  Index products = 0;
  /// Time steps, of which one is the rule.
  Index steps = 1;
  /// Largest Ritz value of `krylov_phi`, a lower bound of ||L|| and soon equal to it; 0 of `phi_combination`.
  double largest = 0;
};

/// Σ_k t^k φ_k(-t L) b_k with its report.
template <HilbertVector V>
struct PhiCombination {
  V value;
  KrylovPhiReport report;
};

/// u(t) = Σ_{k=0}^{K} t^k φ_k(-t L) b_k, K <= 3: the solution at t of u' = -L u + Σ_{k>=1} t^{k-1}/(k-1)! b_k
/// from u(0) = b_0. `b` holds b_0, b_1, ...; `apply(x, out)` is L x.
///
/// One Lanczos basis for every b_k that is not 0, extended until the bound of `detail::PhiBasis::error` meets
/// the tolerance, relative to Σ t^k/k! ||b_k||. Where max_basis does not suffice the largest time step that
/// it allows is made and the equation restarted from there; the bounds add up, since e^{-tL} contracts.
/// @throws std::invalid_argument on sizes and options, std::domain_error if t < 0 or L has a negative Ritz
/// value, std::runtime_error if a product is not finite or max_products are spent
template <HilbertVector V = Vector<double>>
[[nodiscard]] PhiCombination<V> phi_combination(MapView<V> apply, const std::vector<V>& b, double t,
                                                const KrylovPhiOptions& options = {}) {
  detail::check_options(options);
  require_nonnegative("phi_combination", "t", t);
  require_argument(!b.empty() && b.size() <= 4, "phi_combination", "the number of vectors b_k", b.size(),
                   "1 to 4");
  for (const V& x : b) {
    require_size("phi_combination", "a vector b_k", dimension(x), dimension(b.front()), "the size of b_0");
  }
  const int order = static_cast<int>(b.size()) - 1;
  double target = 0;
  for (int k = 0; k <= order; ++k) {
    const double size = static_cast<double>(norm(b[static_cast<std::size_t>(k)]));
    target += std::pow(t, k) / detail::factorial[static_cast<std::size_t>(k)] * size;
  }
  PhiCombination<V> result{b.front(), {}};
  result.report.steps = 0;
  double now = 0;
  while (now < t) {
    // The forcing's Taylor coefficients at `now`; the state takes the place of b_0.
    std::vector<V> forcing = b;
    copy(result.value, forcing.front());
    for (int k = 1; k <= order; ++k) {
      double factor = 1;
      for (int j = k + 1; j <= order; ++j) {
        factor *= now / (j - k);
        axpy(static_cast<typename V::Scalar>(factor), b[static_cast<std::size_t>(j)],
             forcing[static_cast<std::size_t>(k)]);
      }
    }
    double step = t - now;
    std::vector<std::pair<int, detail::PhiBasis<V>>> bases;
    for (int k = 0; k <= order; ++k) {
      if (norm(forcing[static_cast<std::size_t>(k)]) == 0) continue;
      detail::PhiBasis<V> basis(forcing[static_cast<std::size_t>(k)]);
      const auto accepted = [&](double s) {
        const double share = options.tolerance * target / (order + 1) * s / t;
        return std::pow(s, k) * basis.error(k, s) <= std::max(share, std::pow(s, k) * basis.floor(k, s));
      };
      do {
        basis.extend(apply, options.max_basis, result.report.products, options);
      } while (!basis.finished(options.max_basis) && !accepted(step));
      while (!accepted(step)) {
        step *= 0.8;
        if (now + step * 1e-3 == now) {
          raise<std::runtime_error>("phi_combination", "max_basis = ", options.max_basis,
                                    " allows no time step at time ", now);
        }
      }
      result.report.basis = std::max(result.report.basis, basis.size());
      basis.close();
      bases.emplace_back(k, std::move(basis));
    }
    fill(result.value, typename V::Scalar(0));
    for (const auto& [k, basis] : bases) {
      basis.add(k, step, std::pow(step, k), result.value);
      result.report.error += std::pow(step, k) * basis.error(k, step);
    }
    ++result.report.steps;
    now = step == t - now ? t : now + step;
  }
  return result;
}

/// φ_k(-t L) b for several t and k.
template <HilbertVector V>
struct KrylovPhi {
  /// values[i][k] = φ_k(-times[i] L) b, k = 0, ..., orders - 1.
  std::vector<std::vector<V>> values;
  /// The largest error of all, relative to the largest value possible, ||b|| / k!; cost of all.
  KrylovPhiReport report;
};

/// φ_k(-t L) b for k = 0, ..., orders - 1 (orders <= 4) and every t of `times`, from one Lanczos basis.
///
/// The basis grows until all meet the tolerance; times for which max_basis does not suffice are reached by
/// `phi_combination`, with bases of their own. @throws as `phi_combination`
template <HilbertVector V>
[[nodiscard]] KrylovPhi<V> krylov_phi(MapView<V> apply, const V& b, const std::vector<double>& times,
                                      int orders = 4, const KrylovPhiOptions& options = {}) {
  detail::check_options(options);
  require_argument(orders >= 1 && orders <= 4, "krylov_phi", "orders", orders, "1 to 4");
  for (const double t : times) require_nonnegative("krylov_phi", "a time", t);
  KrylovPhi<V> result;
  result.values.assign(times.size(), std::vector<V>(static_cast<std::size_t>(orders), zeros_like(b)));
  if (times.empty() || norm(b) == 0) return result;
  detail::PhiBasis<V> basis(b);
  const auto relative = [&](int k, double error) {
    return error * detail::factorial[static_cast<std::size_t>(k)] / basis.start_norm();
  };
  const auto accepted = [&](double t) {
    for (int k = 0; k < orders; ++k) {
      const double reachable = std::max(options.tolerance, relative(k, basis.floor(k, t)));
      if (relative(k, basis.error(k, t)) > reachable) return false;
    }
    return true;
  };
  do {
    basis.extend(apply, options.max_basis, result.report.products, options);
  } while (!basis.finished(options.max_basis) && !std::all_of(times.begin(), times.end(), accepted));
  basis.close();
  result.report.basis = basis.size();
  result.report.largest = basis.largest();
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double t = times[i];
    const bool direct = accepted(t);
    for (int k = 0; k < orders; ++k) {
      V& value = result.values[i][static_cast<std::size_t>(k)];
      double error = relative(k, basis.error(k, t));
      if (direct) {
        basis.add(k, t, 1.0, value);
      } else {
        KrylovPhiOptions rest = options;
        rest.max_products = std::max<Index>(1, options.max_products - result.report.products);
        std::vector<V> terms(static_cast<std::size_t>(k) + 1, zeros_like(b));
        copy(b, terms.back());
        const PhiCombination<V> combination = phi_combination(apply, terms, t, rest);
        const double power = std::pow(t, k);
        axpy(static_cast<typename V::Scalar>(1 / power), combination.value, value);
        error = relative(k, combination.report.error / power);
        result.report.products += combination.report.products;
        result.report.steps = std::max(result.report.steps, combination.report.steps);
      }
      result.report.error = std::max(result.report.error, error);
    }
  }
  return result;
}

}  // namespace lazytrain
