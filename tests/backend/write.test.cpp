#include <lazytrain/backend/write.hpp>
#include <support/catch.hpp>

TEST_CASE("a product overwrites or adds, and the two differ", "[backend]") {
  CHECK(lazytrain::Write::assign != lazytrain::Write::add);
}
