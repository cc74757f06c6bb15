#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
#include "gzip.hpp"

#include <lazytrain/data/gzip.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// Bytes with some structure and some noise.
data::Bytes sample_bytes(std::size_t size) {
  Philox rng(5);
  data::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<unsigned char>(i % 7 == 0 ? random_index(rng, 256) : Index{17});
  }
  return bytes;
}

}  // namespace

TEST_CASE("gunzip inverts gzip at every size around its buffers") {
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 2, 1000, 65535, 65536, 65537, 131072, 1000000}) {
    const data::Bytes content = sample_bytes(size);
    CHECK(data::gunzip(gzip(content), size, "a") == content);
    CHECK(data::gunzip(gzip(content), std::numeric_limits<std::size_t>::max(), "a") == content);
  }
}

TEST_CASE("members of a gzip file follow one another") {
  const data::Bytes first = sample_bytes(70000);
  const data::Bytes second = sample_bytes(3);
  data::Bytes file = gzip(first);
  append(file, gzip({}));
  append(file, gzip(second));
  data::Bytes content = first;
  append(content, second);
  CHECK(data::gunzip(file, content.size(), "a") == content);
}

TEST_CASE("the content is refused one byte above the limit") {
  const data::Bytes content(5000000, 0);
  const data::Bytes file = gzip(content);
  CHECK(data::gunzip(file, content.size(), "bomb").size() == content.size());
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::gunzip(file, content.size() - 1, "bomb"); }),
             ContainsSubstring("lazytrain::data::gunzip: bomb, compressed byte ") &&
                 ContainsSubstring("larger than expected, at most 4999999 bytes"));
  data::Bytes twice = file;
  append(twice, file);
  CHECK_THROWS_AS(data::gunzip(twice, content.size(), "bomb"), std::runtime_error);
}

TEST_CASE("every truncation of a gzip file is refused") {
  const data::Bytes file = gzip(sample_bytes(300));
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK_THAT(message_of<std::runtime_error>(
                   [&] { (void)data::gunzip(data::ByteView(file).first(size), 1000, "cut"); }),
               ContainsSubstring("compressed byte " + std::to_string(size) + ": the gzip stream is cut off"));
  }
}

TEST_CASE("a wrong checksum, a wrong length and other bytes at the end are refused") {
  const data::Bytes good = gzip(sample_bytes(300));
  data::Bytes file = good;
  file[file.size() - 8] ^= 1;
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::gunzip(file, 1000, "a"); }),
             ContainsSubstring("damaged (incorrect data check)"));
  file = good;
  file[file.size() - 4] ^= 1;
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::gunzip(file, 1000, "a"); }),
             ContainsSubstring("damaged (incorrect length check)"));
  file = good;
  append(file, bytes_of("end"));
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::gunzip(file, 1000, "a"); }),
             ContainsSubstring("3 bytes follow the last gzip member"));
}

TEST_CASE("a damaged gzip file is refused or gives the content") {
  const data::Bytes content = sample_bytes(300);
  damage(gzip(content), [&](const data::Bytes& bytes) {
    const data::Bytes result = data::gunzip(bytes, 100000, "a");
    if (result != content) FAIL("a wrong content passed the checksum");
  });
}

#endif
