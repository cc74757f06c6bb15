#pragma once

#include <cmath>
#include <lazytrain/core/types.hpp>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string_view>

/// Messages have one grammar:
/// `lazytrain::<function>: <argument> <is|has size> <value>, expected <expectation>`.
/// Sizes and option values that make no sense throw std::invalid_argument, numbers outside the domain of the
/// mathematics std::domain_error, files and failed iterations std::runtime_error.
namespace lazytrain {

namespace detail {

/// A stream for text in which numbers look alike whatever the program's locale.
[[nodiscard]] inline std::ostringstream plain_text() {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  return text;
}

}  // namespace detail

/// Throws E with a message made of `parts`, prefixed by `lazytrain::<function>: `.
template <class E, class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void raise(std::string_view function, const Parts&... parts) {
  std::ostringstream text = detail::plain_text();
  text.precision(10);
  text << "lazytrain::" << function << ": ";
  (text << ... << parts);
  throw E(text.str());
}

/// Throws std::invalid_argument unless `actual == expected`; `meaning` says where the expected size comes
/// from.
inline void require_size(std::string_view function, std::string_view argument, Index actual, Index expected,
                         std::string_view meaning) {
  if (actual != expected) {
    raise<std::invalid_argument>(function, argument, " has size ", actual, ", expected ", expected, " (",
                                 meaning, ")");
  }
}

/// Throws std::invalid_argument with the value unless `condition`.
template <class T>
void require_argument(bool condition, std::string_view function, std::string_view argument, const T& value,
                      std::string_view expectation) {
  if (!condition) {
    raise<std::invalid_argument>(function, argument, " is ", value, ", expected ", expectation);
  }
}

/// Throws std::domain_error with the value unless `condition`. Write the condition so that NaN fails it.
template <class T>
void require_domain(bool condition, std::string_view function, std::string_view argument, const T& value,
                    std::string_view expectation) {
  if (!condition) raise<std::domain_error>(function, argument, " is ", value, ", expected ", expectation);
}

/// Throws std::domain_error unless 0 < value < infinity.
template <class S>
void require_positive(std::string_view function, std::string_view argument, S value) {
  require_domain(value > S(0) && std::isfinite(value), function, argument, value, "a finite number > 0");
}

/// Throws std::domain_error unless 0 <= value < infinity.
template <class S>
void require_nonnegative(std::string_view function, std::string_view argument, S value) {
  require_domain(value >= S(0) && std::isfinite(value), function, argument, value, "a finite number >= 0");
}

/// Throws std::domain_error that names the first entry of `values` that is NaN or infinite. Cost: one pass.
template <class Derived>
void require_finite(std::string_view function, std::string_view argument,
                    const Eigen::DenseBase<Derived>& values) {
  if constexpr ((Derived::Flags & Eigen::DirectAccessBit) == 0) {
    const typename Derived::PlainObject evaluated = values.derived();
    require_finite(function, argument, evaluated);
  } else {
    for (Index j = 0; j < values.cols(); ++j) {
      for (Index i = 0; i < values.rows(); ++i) {
        const auto value = values.derived().coeff(i, j);
        if (!std::isfinite(value)) {
          raise<std::domain_error>(function, argument, " is ", value, " at (", i, ", ", j,
                                   "), expected finite numbers");
        }
      }
    }
  }
}

}  // namespace lazytrain
