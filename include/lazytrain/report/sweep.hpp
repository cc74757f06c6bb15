#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <lazytrain/report/json.hpp>
#include <lazytrain/report/progress.hpp>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

/// Many computations that do not depend on each other, side by side, each finished one kept in a file.
namespace lazytrain::report {

/// One computation of a sweep.
struct SweepPoint {
  /// Its file is `name`.json.
  std::string name;
  /// Everything that its result depends on: a stored result is taken where these are equal.
  nlohmann::json settings;
  /// Called at most once, on any thread.
  std::function<nlohmann::json()> compute;
};

struct SweepOptions {
  /// Threads; 0: one for each processor. What a point computes may not depend on it.
  Index threads = 0;
  /// Of the progress.
  std::string label = "points";
  /// Where the progress is drawn: STDERR_FILENO.
  int descriptor = 2;
};

namespace detail {

/// The stored result of a point with these settings; nothing if there is none or the file is damaged.
inline std::optional<nlohmann::json> stored_point(const std::filesystem::path& path,
                                                  const nlohmann::json& settings) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  try {
    nlohmann::json stored = read_json(path);
    if (!stored.is_object() || !stored.contains("result")) return std::nullopt;
    if (stored.value("settings", nlohmann::json()) != settings) return std::nullopt;
    return stored["result"];
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

inline void check_points(const std::vector<SweepPoint>& points) {
  std::set<std::string> names;
  for (const SweepPoint& point : points) {
    const bool plain = !point.name.empty() && point.name.front() != '.' &&
                       point.name.find_first_of("/\\\n") == std::string::npos;
    require_argument(plain, "report::run_sweep", "the name of a point", point.name, "a plain file name");
    require_argument(names.insert(point.name).second, "report::run_sweep", "the name of a point", point.name,
                     "a name that no other point has");
  }
}

}  // namespace detail

/// The results of the points, in their order. A point whose file in `folder` holds a result of the same
/// settings is not computed again; every other is computed and stored, atomically, as soon as it is finished:
/// a run that is killed loses the points under way and no more. Numbers that are not finite come back as the
/// strings of `write_json`; results are the same bits whether they were computed now or read.
///
///     const auto results = run_sweep("out/points", points, {.threads = 2, .label = "runs"});
///
/// An exception of a point ends the sweep when the points under way are done, and is thrown on.
/// @throws std::invalid_argument if two points have one name, a name is not that of a file or threads < 0,
/// std::runtime_error if a file cannot be written
[[nodiscard]] inline std::vector<nlohmann::json> run_sweep(const std::filesystem::path& folder,
                                                           const std::vector<SweepPoint>& points,
                                                           const SweepOptions& options = {}) {
  detail::check_points(points);
  require_argument(options.threads >= 0, "report::run_sweep", "options.threads", options.threads,
                   "at least 0");
  std::vector<nlohmann::json> results(points.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < points.size(); ++i) {
    nlohmann::json settings = points[i].settings;
    detail::spell_non_finite(settings);
    auto stored = detail::stored_point(folder / (points[i].name + ".json"), settings);
    if (stored) {
      results[i] = std::move(*stored);
    } else {
      missing.push_back(i);
    }
  }

  Progress progress(options.descriptor, options.label, static_cast<Index>(missing.size()));
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    try {
      for (std::size_t k = next++; k < missing.size(); k = next++) {
        const SweepPoint& point = points[missing[k]];
        nlohmann::json result = point.compute();
        detail::spell_non_finite(result);
        write_json(folder / (point.name + ".json"), {{"settings", point.settings}, {"result", result}});
        const std::lock_guard lock(mutex);
        results[missing[k]] = std::move(result);
        progress.step(1, point.name);
      }
    } catch (...) {
      next = missing.size();
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  const std::size_t wanted = options.threads > 0
                                 ? static_cast<std::size_t>(options.threads)
                                 : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> helpers;
    for (std::size_t t = 1; t < std::min(wanted, missing.size()); ++t) helpers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  return results;
}

}  // namespace lazytrain::report
