#include <lazytrain/flow/twin_types.hpp>
#include <sstream>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("Options of twin flows have the documented defaults") {
  const TwinOptions options;
  CHECK(options.relative_tolerance == 1e-9);
  CHECK(options.samples == 100);
  CHECK(options.first_sample == 1e-4);
  CHECK(options.method == TwinMethod::automatic);
}

TEST_CASE("Twin flows are written with every supremum, its error and the end of the run") {
  TwinFlows<Vector<double>, Vector<double>> twin;
  twin.displacement = {0.5, 1e-8};
  twin.distance = {0.25, 2e-8};
  twin.output_distance = {0.125, 3e-8};
  twin.message = "the horizon was reached";
  std::ostringstream text;
  text << twin;
  for (const char* part : {"0.5 (numerical error 1e-08)", "0.25 (numerical error 2e-08)",
                           "0.125 (numerical error 3e-08)", "the horizon was reached"}) {
    CHECK_THAT(text.str(), ContainsSubstring(part));
  }
}
