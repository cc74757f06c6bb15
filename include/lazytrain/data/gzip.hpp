#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <lazytrain/core/error.hpp>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

/// Decompression of gzip through zlib: the only header that needs it.
namespace lazytrain::data {

namespace detail {

/// An inflating zlib stream, ended by its destructor.
class Inflater {
 public:
  Inflater() {
    // 15 bits of window; 16 asks for the gzip wrapper, whose checksum and length zlib verifies.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) {
      raise<std::runtime_error>("data::gunzip", "zlib cannot start, expected memory for a window of 32 KiB");
    }
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  /// Moves bytes from the front of `in` to the front of `out`, both of which shrink. Returns zlib's status.
  int step(std::span<const unsigned char>& in, std::span<unsigned char>& out) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    const auto given = static_cast<uInt>(std::min(in.size(), most));
    const auto room = static_cast<uInt>(std::min(out.size(), most));
    stream_.next_in = const_cast<Bytef*>(in.data());  // zlib reads through a pointer that it leaves unconst
    stream_.avail_in = given;
    stream_.next_out = out.data();
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    in = in.subspan(given - stream_.avail_in);
    out = out.subspan(room - stream_.avail_out);
    return status;
  }

  void next_member() { inflateReset(&stream_); }
  [[nodiscard]] const char* message() const { return stream_.msg != nullptr ? stream_.msg : "no details"; }

 private:
  z_stream stream_{};
};

}  // namespace detail

/// The content of a gzip file, all members one after the other.
/// @param limit most bytes of content; memory use stays below twice that @param name for messages
/// @throws std::runtime_error if the stream is truncated, damaged, followed by other bytes, or its content
/// larger than the limit
[[nodiscard]] inline std::vector<unsigned char> gunzip(std::span<const unsigned char> compressed,
                                                       std::size_t limit, std::string_view name) {
  const auto refuse = [&](std::size_t left, const auto&... parts) {
    raise<std::runtime_error>("data::gunzip", name, ", compressed byte ", compressed.size() - left, ": ",
                              parts...);
  };
  // One byte more than the limit, so that passing it shows.
  const std::size_t most = limit + (limit < std::numeric_limits<std::size_t>::max() ? 1 : 0);
  detail::Inflater inflater;
  std::vector<unsigned char> content(std::min(most, std::max<std::size_t>(65536, 4 * compressed.size())));
  std::span<const unsigned char> in = compressed;
  std::size_t size = 0;
  while (true) {
    std::span<unsigned char> out = std::span(content).subspan(size);
    const int status = inflater.step(in, out);
    size = content.size() - out.size();
    if (size > limit) {
      refuse(in.size(), "the content is larger than expected, at most ", limit, " bytes (max_bytes)");
    }
    if (status == Z_STREAM_END) {
      if (in.empty()) break;
      if (in.size() < 2 || in[0] != 0x1f || in[1] != 0x8b) {
        refuse(in.size(), in.size(),
               " bytes follow the last gzip member, expected another member or the end");
      }
      inflater.next_member();
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      refuse(in.size(), "the gzip stream is damaged (", inflater.message(), "), expected valid data");
    } else if (!out.empty() && (in.empty() || status == Z_BUF_ERROR)) {
      refuse(in.size(), "the gzip stream is cut off after ", size, " bytes of content, expected its end");
    }
    if (out.empty()) content.resize(size + std::min(size, most - size));
  }
  content.resize(size);
  return content;
}

}  // namespace lazytrain::data
