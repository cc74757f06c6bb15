#pragma once

// The only header through which tests see Catch2, version 2 or 3.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_all.hpp>
namespace lazytrain::testing {
using Catch::Matchers::ContainsSubstring;
}
#else
#include <catch2/catch.hpp>
namespace lazytrain::testing {
inline auto ContainsSubstring(const std::string& text) { return Catch::Matchers::Contains(text); }
}  // namespace lazytrain::testing
#endif

#include <string>

namespace lazytrain::testing {
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

/// Message of the exception E that `action` must throw; a test failure message when it throws nothing.
template <class E, class F>
std::string message_of(F&& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing of the expected type was thrown";
}
}  // namespace lazytrain::testing
