#include <lazytrain/backend/epilogue.hpp>
#include <limits>

#include "support/catch.hpp"

using namespace lazytrain;

TEST_CASE("an epilogue takes what is negative or masked to 0", "[backend]") {
  CHECK(Epilogue<double>{}.empty());
  const double bias = 1;
  CHECK_FALSE(Epilogue<double>{.bias = &bias}.empty());
  CHECK(Epilogue<double>{}.unbiased(-2, 0) == -2);
  const Epilogue<double> relu{.rectify = true};
  CHECK_FALSE(relu.empty());
  CHECK(relu.unbiased(-2, 0) == 0);
  CHECK(relu.unbiased(2, 0) == 2);
  CHECK(relu.unbiased(std::numeric_limits<double>::quiet_NaN(), 0) != 0);
  const double mask[] = {1, 0, -1};
  const Epilogue<double> masked{.mask = mask};
  CHECK_FALSE(masked.empty());
  CHECK(masked.unbiased(-2, 0) == -2);
  CHECK(masked.unbiased(-2, 1) == 0);
  CHECK(masked.unbiased(2, 2) == 0);
}
