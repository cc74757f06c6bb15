#pragma once

#include <cstdint>
#include <string_view>

namespace lazytrain {

/// The 64-bit FNV-1a hash of bytes, going on from that of the bytes before them: it tells files and data
/// apart that differ by accident, not by intent.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = 0xcbf29ce484222325) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace lazytrain
