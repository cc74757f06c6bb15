// expect nothing
#include <lazytrain/nn/two_layer.hpp>

using namespace lazytrain;

struct Cube {
  static constexpr std::string_view name = "cube";
  static constexpr std::optional<int> homogeneity = 3;
  static constexpr double sup_derivative = std::numeric_limits<double>::infinity();
  static constexpr double sup_second = std::numeric_limits<double>::infinity();
  static constexpr bool is_smooth = true;
  static constexpr bool cheap_derivative = true;
  template <class S>
  static S value(S z) {
    return z * z * z;
  }
  template <class S>
  static S derivative(S z) {
    return 3 * z * z;
  }
  template <class S>
  static S second(S z) {
    return 6 * z;
  }
  template <class S>
  static S difference(S z, S d, S epsilon) {
    return d * (3 * z * z + epsilon * d * (3 * z + epsilon * d));
  }
};

int main() { (void)TwoLayer<double, Cube>({.inputs = 2, .neurons = 3}); }
