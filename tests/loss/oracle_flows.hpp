#pragma once

#include <filesystem>
#include <fstream>
#include <lazytrain/core/output_space.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/tolerance.hpp"

namespace lazytrain::testing {

/// Checks R(y_T) and R(ybar_T) of every flow of support/oracle.json that was run with the loss `name`;
/// `make_loss(targets)` makes the loss of y*, or of the labels -1 and +1, of the file.
template <class MakeLoss>
void check_oracle_flows(const std::string& name, const std::string& targets, const MakeLoss& make_loss) {
  const auto folder = std::filesystem::path(__FILE__).parent_path().parent_path();
  std::ifstream file(folder / "support" / "oracle.json");
  REQUIRE(file);
  const auto oracle = nlohmann::json::parse(file);
  const auto vector_of = [](const nlohmann::json& values) {
    const auto numbers = values.get<std::vector<double>>();
    return Vector<double>(
        Eigen::Map<const Vector<double>>(numbers.data(), static_cast<Index>(numbers.size())));
  };
  const auto loss = make_loss(vector_of(oracle.at("inputs").at(targets)));
  int flows = 0;
  for (const auto& flow : oracle.at("flows")) {
    if (flow.at("loss") != name) continue;
    ++flows;
    // 1e-14 for the roundings here and in y; at a value R the rounding of y changes R by |grad R| |y| eps.
    for (const auto& [y, value] : {std::pair{"y_T", "R_T"}, std::pair{"ybar_T", "Rbar_T"}}) {
      const Vector<double> outputs = vector_of(flow.at(y));
      const double expected = flow.at(value).template get<double>();
      const auto& space = loss.output_space();
      const double input_rounding =
          roundoff<double>(1) * space.norm(loss.gradient(outputs)) * space.norm(outputs);
      CHECK_THAT(loss.value(outputs), WithinAbs(expected, 1e-14 * expected + input_rounding));
    }
  }
  CHECK(flows > 0);
}

}  // namespace lazytrain::testing
