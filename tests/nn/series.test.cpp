#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/nn/affine.hpp>
#include <lazytrain/nn/flatten.hpp>
#include <lazytrain/nn/series.hpp>
#include <support/catch.hpp>

using namespace lazytrain;
using B = cpu::Backend<double>;

static_assert(nn::LayerDescription<nn::Dense, B>);
static_assert(!nn::LayerDescription<int, B>);

TEST_CASE("a series is a value: a list of descriptions that binds to any input", "[nn]") {
  nn::Series<B> series{nn::Flatten{}};
  const nn::Series<B> before = series;
  series.add(nn::Dense{.outputs = 3}).add(before).add_residual(before);
  CHECK(before.parts().size() == 1);
  const auto& parts = series.parts();
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].kind == "flatten");
  CHECK(parts[1].kind == "dense");
  CHECK(parts[2].kind == "flatten");
  CHECK(parts[3].kind == "residual");
  REQUIRE(parts[3].body);
  CHECK(parts[3].body->parts().size() == 1);
  CHECK(parts[3].shortcut->parts().empty());
  const auto layer = parts[1].bind("dense9", {2, 5, 1});
  CHECK(layer.name() == "dense9");
  CHECK(layer.parameter_dim() == 3 * 11);
  CHECK(nn::Series<B>().parts().empty());
  series.add(series);
  CHECK(series.parts().size() == 8);
  CHECK(series.parts()[5].kind == "dense");
}
