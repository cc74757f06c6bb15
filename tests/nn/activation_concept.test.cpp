#include <lazytrain/nn/activation_concept.hpp>

#include "support/catch.hpp"

using namespace lazytrain;

namespace {

struct Cube {
  static constexpr std::string_view name = "cube";
  static constexpr std::optional<int> homogeneity = 3;
  static constexpr double sup_derivative = 1e300, sup_second = 1e300;
  static constexpr bool is_smooth = true, cheap_derivative = true;
  template <class S>
  static constexpr S value(S z) {
    return z * z * z;
  }
  template <class S>
  static constexpr S derivative(S z) {
    return 3 * z * z;
  }
  template <class S>
  static constexpr S second(S z) {
    return 6 * z;
  }
  template <class S>
  static constexpr S difference(S z, S d, S epsilon) {
    return d * (3 * z * z + epsilon * d * (3 * z + epsilon * d));
  }
};

struct WithoutDifference : Cube {
  static void difference();
};
struct WithoutSecond : Cube {
  static void second();
};
struct OfAnotherType : Cube {
  static float value(double z) { return static_cast<float>(z); }
};
struct WithoutName : Cube {
  static constexpr int name = 0;
};
struct WithState : Cube {
  explicit WithState(double) {}
};

}  // namespace

TEST_CASE("an activation is a type with the functions, the difference and the constants", "[nn]") {
  STATIC_REQUIRE(Activation<Cube>);
  STATIC_REQUIRE(!Activation<WithoutDifference>);
  STATIC_REQUIRE(!Activation<WithoutSecond>);
  STATIC_REQUIRE(!Activation<OfAnotherType>);
  STATIC_REQUIRE(!Activation<WithoutName>);
  STATIC_REQUIRE(!Activation<WithState>);
  STATIC_REQUIRE(!Activation<int>);
}
