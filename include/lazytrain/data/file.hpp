#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <lazytrain/core/error.hpp>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
#include <lazytrain/data/gzip.hpp>
#endif

/// Whole files as bytes. The readers of the formats parse bytes, never streams: every size that a header
/// claims is held against the number of bytes that are there before anything is allocated.
namespace lazytrain::data {

/// The bytes of a file, and a view of some.
using Bytes = std::vector<unsigned char>;
using ByteView = std::span<const unsigned char>;

/// Most bytes that a reader takes into memory from one file, after decompression.
inline constexpr std::size_t default_max_bytes = std::size_t{1} << 33;

/// What limits a reader.
struct FileOptions {
  std::size_t max_bytes = default_max_bytes;
};

namespace detail {

/// A refusal of a file at a byte offset, counted after decompression.
template <class... Parts>
[[noreturn]] void refuse(std::string_view function, std::string_view file, std::size_t byte,
                         const Parts&... parts) {
  raise<std::runtime_error>(function, file, ", byte ", byte, ": ", parts...);
}

/// The number at the front of `bytes` (at least sizeof(T) of them), stored in the given byte order.
template <class T>
[[nodiscard]] T read_number(const unsigned char* bytes, std::endian order) {
  std::array<unsigned char, sizeof(T)> raw;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    raw[i] = bytes[order == std::endian::native ? i : sizeof(T) - 1 - i];
  }
  return std::bit_cast<T>(raw);
}

/// `a * b`, or the largest number if that is less: so that a comparison with a size is safe.
[[nodiscard]] constexpr std::size_t saturating_product(std::size_t a, std::size_t b) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  return a != 0 && b > most / a ? most : a * b;
}

[[nodiscard]] inline bool is_gzip(ByteView bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/// The first of `names` in `folder` that exists, plain or with `.gz`; an empty path if none does.
[[nodiscard]] inline std::filesystem::path find_file(const std::filesystem::path& folder,
                                                     std::initializer_list<const char*> names) {
  for (const char* name : names) {
    for (const char* suffix : {"", ".gz"}) {
      std::filesystem::path path = folder / (std::string(name) + suffix);
      std::error_code ignored;
      if (std::filesystem::exists(path, ignored)) return path;
    }
  }
  return {};
}

/// The same; throws std::runtime_error if none exists.
[[nodiscard]] inline std::filesystem::path require_file(std::string_view function,
                                                        const std::filesystem::path& folder,
                                                        std::initializer_list<const char*> names) {
  std::filesystem::path path = find_file(folder, names);
  if (path.empty()) {
    raise<std::runtime_error>(function, folder.string(), " has no file ", *names.begin(),
                              ", expected it there, plain or with .gz");
  }
  return path;
}

}  // namespace detail

/// The bytes of a file; of their content if the file is gzip (told by its first two bytes, not by its name).
///
/// Gzip needs zlib: the definition LAZYTRAIN_WITH_ZLIB=1, the same in every source of a program, which the
/// CMake target lazytrain::data sets when it finds zlib.
/// @throws std::runtime_error if the file is missing, not a regular file, empty, unreadable, larger than
/// max_bytes, or gzip that is damaged or that this build cannot read
[[nodiscard]] inline Bytes read_file(const std::filesystem::path& path, const FileOptions& options = {}) {
  constexpr std::string_view function = "data::read_file";
  const std::string name = path.string();
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    raise<std::runtime_error>(function, name, " does not exist, expected a file");
  }
  if (!std::filesystem::is_regular_file(status)) {
    raise<std::runtime_error>(function, name, " is ",
                              std::filesystem::is_directory(status) ? "a directory" : "a special file",
                              ", expected a regular file");
  }
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size < 0) raise<std::runtime_error>(function, name, " cannot be opened, expected a readable file");
  if (size == 0) raise<std::runtime_error>(function, name, " has size 0, expected at least one byte");
  if (static_cast<std::uint64_t>(size) > options.max_bytes) {
    raise<std::runtime_error>(function, name, " has size ", size, ", expected at most ", options.max_bytes,
                              " bytes (max_bytes)");
  }
  Bytes bytes(static_cast<std::size_t>(size));
  stream.seekg(0);
  stream.read(reinterpret_cast<char*>(bytes.data()), size);
  if (stream.gcount() != size) {
    raise<std::runtime_error>(function, name, " ends after ", stream.gcount(), " bytes, expected ", size);
  }
  if (!detail::is_gzip(bytes)) return bytes;
#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
  Bytes content = gunzip(bytes, options.max_bytes, name);
  if (content.empty()) {
    raise<std::runtime_error>(function, name, " has no content, expected at least one byte");
  }
  return content;
#else
  raise<std::runtime_error>(function, name,
                            " is gzip, expected a plain file: this program was built without zlib. Install "
                            "zlib and link the CMake target lazytrain::data (or define LAZYTRAIN_WITH_ZLIB=1 "
                            "and link with -lz), or decompress the file");
#endif
}

}  // namespace lazytrain::data
