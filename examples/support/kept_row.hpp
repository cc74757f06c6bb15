#pragma once

#include <filesystem>
#include <functional>
#include <lazytrain/core/error.hpp>
#include <lazytrain/report/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace examples {

/// The finished result that a folder holds of these settings, if any; a damaged file is none.
inline std::optional<nlohmann::json> kept_result(const std::filesystem::path& folder,
                                                 const nlohmann::json& settings) {
  namespace report = lazytrain::report;
  if (!std::filesystem::exists(folder / "result.json")) return std::nullopt;
  try {
    if (report::read_json(folder / "settings.json") != settings) return std::nullopt;
    return report::read_json(folder / "result.json");
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

/// The result that the folder keeps, or that of `compute`, which may leave files there to go on from and
/// which the folder keeps from then on.
/// @throws std::invalid_argument if the folder holds a run, finished or not, of other settings
inline nlohmann::json kept_or_computed(std::string_view program, const std::filesystem::path& folder,
                                       const nlohmann::json& settings,
                                       const std::function<nlohmann::json()>& compute) {
  namespace report = lazytrain::report;
  if (auto kept = kept_result(folder, settings)) return *kept;
  const auto file = folder / "settings.json";
  if (!std::filesystem::exists(file)) report::write_json(file, settings);
  if (const auto kept = report::read_json(file); kept != settings) {
    lazytrain::raise<std::invalid_argument>(program, "the run in '", folder.string(), "' was made with ",
                                            kept.dump(), ", expected these options again or another --out");
  }
  report::write_json(folder / "result.json", compute());
  // As it will be read back.
  return report::read_json(folder / "result.json");
}

}  // namespace examples
