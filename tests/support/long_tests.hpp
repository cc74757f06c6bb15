#pragma once

/// What is cut short where LAZYTRAIN_TEST_SHORT is defined: the scalar types in which tests that take long
/// run, and sizes that depend on `short_tests`.
#ifdef LAZYTRAIN_TEST_SHORT
#define LAZYTRAIN_LONG_TEST_SCALARS double
#else
#define LAZYTRAIN_LONG_TEST_SCALARS float, double
#endif

namespace lazytrain::testing {

#ifdef LAZYTRAIN_TEST_SHORT
inline constexpr bool short_tests = true;
#else
inline constexpr bool short_tests = false;
#endif

}  // namespace lazytrain::testing
