#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <lazytrain/core/random.hpp>
#include <lazytrain/data/file.hpp>
#include <optional>
#include <string>

#include "../support/catch.hpp"

namespace lazytrain::testing {

/// A new folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lazytrain-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Writes a file and returns its path.
  [[nodiscard]] std::filesystem::path write(const std::string& name, data::ByteView bytes) const {
    const std::filesystem::path path = path_ / name;
    std::ofstream stream(path, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    REQUIRE(stream.good());
    return path;
  }

 private:
  std::filesystem::path path_;
};

inline data::Bytes bytes_of(std::string_view text) { return data::Bytes(text.begin(), text.end()); }

inline void append(data::Bytes& bytes, const data::Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

/// The bytes of a number in the given order.
template <class T>
data::Bytes number(T value, std::endian order) {
  const auto raw = std::bit_cast<std::array<unsigned char, sizeof(T)>>(value);
  if (order == std::endian::native) return data::Bytes(raw.begin(), raw.end());
  return data::Bytes(raw.rbegin(), raw.rend());
}

/// Calls `parse` with damaged copies of `good`: every truncation of a small file, and random changes of 1 to
/// 4 bytes. Anything but success and std::runtime_error escapes, and the sanitizers see the rest.
template <class Parse>
void damage(const data::Bytes& good, const Parse& parse, int changes = 3000) {
  int refused = 0;
  const auto attempt = [&](const data::Bytes& bytes) {
    try {
      parse(bytes);
    } catch (const std::runtime_error&) {
      ++refused;
    }
  };
  for (std::size_t size = 0; size < std::min<std::size_t>(good.size(), 400); ++size) {
    attempt(data::Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  CHECK(refused > 0);
  Philox rng(20191208);
  for (int change = 0; change < changes; ++change) {
    data::Bytes bytes = good;
    for (Index k = random_index(rng, 4); k >= 0; --k) {
      // Half of the changes hit the first bytes, where the headers are.
      const auto size = static_cast<Index>(bytes.size());
      const Index at = random_index(rng, change % 2 == 0 ? size : std::min<Index>(size, 64));
      bytes[static_cast<std::size_t>(at)] = static_cast<unsigned char>(random_index(rng, 256));
    }
    attempt(bytes);
  }
}

/// A folder of real data, named by the definition LAZYTRAIN_TEST_DATA or the environment variable
/// LAZYTRAIN_DATA; without it the test says that it is skipped.
inline std::optional<std::filesystem::path> real_data(const char* folder) {
  std::filesystem::path root;
#ifdef LAZYTRAIN_TEST_DATA
  root = LAZYTRAIN_TEST_DATA;
#endif
  if (const char* named = std::getenv("LAZYTRAIN_DATA")) root = named;
  if (!root.empty() && std::filesystem::is_directory(root / folder)) return root / folder;
  WARN("skipped: no folder " << folder << " of real data (environment variable LAZYTRAIN_DATA)");
  return std::nullopt;
}

}  // namespace lazytrain::testing
