#include <lazytrain/core/fnv.hpp>
#include <support/catch.hpp>

using namespace lazytrain;

TEST_CASE("the hash is that of the authors' test vectors, at once or in parts", "[core]") {
  CHECK(fnv1a("") == 0xcbf29ce484222325);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8c);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8);
  CHECK(fnv1a("bar", fnv1a("foo")) == fnv1a("foobar"));
}
