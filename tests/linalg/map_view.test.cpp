#include <functional>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/linalg/map_view.hpp>
#include <support/catch.hpp>
#include <type_traits>

using namespace lazytrain;

namespace {

using V = Vector<double>;
using View = FunctionView<const V&, V&>;

void triple(const V& x, V& out) { out = 3 * x; }

V product(View apply) {
  const V x = V::Ones(2);
  V out(2);
  apply(x, out);
  return out;
}

/// Cannot be copied.
struct Counted {
  int calls = 0;
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  void operator()(const V& x, V& out) {
    ++calls;
    out = x;
  }
};

}  // namespace

TEST_CASE("a view calls what it was made from", "[linalg]") {
  CHECK(product([](const auto& x, auto& out) { out = 2 * x; }) == V::Constant(2, 2));
  CHECK(product(triple) == V::Constant(2, 3));
  const std::function<void(const V&, V&)> held = triple;
  CHECK(product(held) == V::Constant(2, 3));
  // What it returns is dropped.
  CHECK(product([](const V& x, V& out) { return (out = -x).norm(); }) == V::Constant(2, -1));
}

TEST_CASE("a view and its copies refer to one object", "[linalg]") {
  Counted map;
  const View view = map;
  const View copy = view;
  CHECK(product(view) == V::Ones(2));
  CHECK(product(copy) == V::Ones(2));
  CHECK(map.calls == 2);
}

TEST_CASE("a view is made from functions of its arguments alone", "[linalg]") {
  const auto of_one = [](const V&) {};
  const auto of_matrices = [](const Matrix<double>&, Matrix<double>&) {};
  CHECK_FALSE(std::is_convertible_v<decltype(of_one), View>);
  CHECK_FALSE(std::is_convertible_v<decltype(of_matrices), View>);
  CHECK(std::is_convertible_v<void (*)(const V&, V&), View>);
}
