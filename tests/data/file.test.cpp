#include <lazytrain/data/file.hpp>

#include "files.hpp"
#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
#include "gzip.hpp"
#endif

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("a file is read whole") {
  const TemporaryFolder folder;
  data::Bytes bytes(100000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i * i);
  CHECK(data::read_file(folder.write("a", bytes)) == bytes);
  CHECK(data::read_file(folder.write("b", {bytes.data() + 1, 1})) == data::Bytes{1});
}

TEST_CASE("what is not a file with content is refused by its path") {
  const TemporaryFolder folder;
  const auto message = [](const std::filesystem::path& path, data::FileOptions options = {}) {
    return message_of<std::runtime_error>([&] { (void)data::read_file(path, options); });
  };
  const std::string name = folder.path().string();
  CHECK_THAT(message(folder.path() / "none"),
             ContainsSubstring("lazytrain::data::read_file: " + name + "/none does not exist"));
  CHECK_THAT(message(folder.path()), ContainsSubstring(name + " is a directory, expected a regular file"));
  CHECK_THAT(message(folder.write("empty", {})), ContainsSubstring(name + "/empty has size 0"));
  CHECK_THAT(message("/dev/null"), ContainsSubstring("/dev/null is a special file"));
  const auto path = folder.write("five", bytes_of("12345"));
  CHECK(data::read_file(path, {.max_bytes = 5}).size() == 5);
  CHECK_THAT(message(path, {.max_bytes = 4}),
             ContainsSubstring("/five has size 5, expected at most 4 bytes"));
}

#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
TEST_CASE("gzip is told by its content, whatever the name") {
  const TemporaryFolder folder;
  const data::Bytes content = bytes_of("content");
  CHECK(data::read_file(folder.write("plain-name", gzip(content))) == content);
  CHECK(data::read_file(folder.write("plain.gz", content)) == content);
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::read_file(folder.write("e.gz", gzip({}))); }),
             ContainsSubstring("e.gz has no content"));
  const data::Bytes zeros(100000, 0);
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { (void)data::read_file(folder.write("z.gz", gzip(zeros)), {.max_bytes = 99999}); }),
             ContainsSubstring("z.gz") && ContainsSubstring("99999"));
}
#else
TEST_CASE("without zlib a gzip file is refused with the way out") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.gz", data::Bytes{0x1f, 0x8b, 8, 0});
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::read_file(path); }),
             ContainsSubstring("a.gz is gzip") && ContainsSubstring("LAZYTRAIN_WITH_ZLIB=1"));
}
#endif

TEST_CASE("numbers are read in both byte orders") {
  const unsigned char bytes[] = {0x01, 0x02, 0x03, 0x04};
  CHECK(data::detail::read_number<std::uint32_t>(bytes, std::endian::big) == 0x01020304u);
  CHECK(data::detail::read_number<std::uint32_t>(bytes, std::endian::little) == 0x04030201u);
  CHECK(data::detail::read_number<std::int16_t>(bytes + 1, std::endian::big) == 0x0203);
}

TEST_CASE("products of sizes saturate") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK(data::detail::saturating_product(0, most) == 0);
  CHECK(data::detail::saturating_product(most, 0) == 0);
  CHECK(data::detail::saturating_product(most, 1) == most);
  CHECK(data::detail::saturating_product(std::size_t{1} << 32, std::size_t{1} << 32) == most);
  CHECK(data::detail::saturating_product(std::size_t{1} << 31, std::size_t{1} << 32) == std::size_t{1} << 63);
}
