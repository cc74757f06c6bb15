#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <lazytrain/report/atomic_file.hpp>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain::report;
using namespace lazytrain::testing;

TEST_CASE("write_atomically replaces a file, creates folders and leaves nothing else") {
  const TemporaryFolder folder;
  const auto path = folder / "a/b/result.txt";
  write_atomically(path, "old");
  write_atomically(path, std::string_view("new\0er", 6));
  CHECK(contents(path) == std::string("new\0er", 6));
  const std::array bytes = {std::byte{0xFF}, std::byte{0}};
  write_atomically(folder / "bytes", bytes);
  CHECK(contents(folder / "bytes") == std::string("\xFF\0", 2));
  CHECK(folder.size() == 2);
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "a/b"), {}) == 1);
}

TEST_CASE("a file has the permissions that the process gives new files") {
  const TemporaryFolder folder;
  const ::mode_t mask = ::umask(0);
  ::umask(mask);
  write_atomically(folder / "x", "x");
  CHECK(static_cast<unsigned>(std::filesystem::status(folder / "x").permissions()) == (0666u & ~mask));
}

TEST_CASE("an AtomicFile that is not committed leaves the old file and no other") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "old");
  const auto interrupted = [&] {
    AtomicFile file(folder / "x");
    file.write("new");
    CHECK(contents(folder / "x") == "old");
    throw std::logic_error("the computation failed");
  };
  CHECK_THROWS_AS(interrupted(), std::logic_error);
  CHECK(contents(folder / "x") == "old");
  CHECK(folder.size() == 1);
}

TEST_CASE("two AtomicFiles of one path do not mix") {
  const TemporaryFolder folder;
  AtomicFile first(folder / "x");
  AtomicFile second(folder / "x");
  first.write("1");
  second.write("22");
  second.commit();
  CHECK(contents(folder / "x") == "22");
  first.commit();
  CHECK(contents(folder / "x") == "1");
  CHECK(folder.size() == 1);
}

TEST_CASE("failures name the path and the reason, and leave what was there") {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "old");
  const auto below = message_of<std::runtime_error>([&] { write_atomically(folder / "file/x", "new"); });
  CHECK_THAT(below, ContainsSubstring((folder / "file/x").string()) && ContainsSubstring("Not a directory"));
  std::filesystem::create_directories(folder / "full/x");
  const auto onto = message_of<std::runtime_error>([&] { write_atomically(folder / "full", "new"); });
  CHECK_THAT(onto, ContainsSubstring((folder / "full").string()) && ContainsSubstring("directory"));
  CHECK(contents(folder / "file") == "old");
  CHECK(folder.size() == 2);
}

TEST_CASE("RowWriter appends rows and continues a file") {
  const TemporaryFolder folder;
  const auto path = folder / "runs/rows.csv";
  {
    RowWriter rows(path, "alpha,loss");
    rows.write("1,0.5");
    CHECK(contents(path) == "alpha,loss\n1,0.5\n");
  }
  RowWriter rows(path, "alpha,loss");
  rows.write("2,0.25");
  rows.sync();
  CHECK(contents(path) == "alpha,loss\n1,0.5\n2,0.25\n");
}

TEST_CASE("RowWriter cuts off a torn row, however long") {
  const TemporaryFolder folder;
  const std::size_t length = GENERATE(1u, 4095u, 4096u, 4097u, 10000u);
  const std::string whole = GENERATE("a\n", "a\nbb\n");
  write_atomically(folder / "x", whole + std::string(length, 'z'));
  RowWriter rows(folder / "x");
  rows.write("c");
  CHECK(contents(folder / "x") == whole + "c\n");
}

TEST_CASE("RowWriter refuses another header and rows of several lines") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "alpha,loss,time\n1,2,3\n");
  CHECK_THAT(message_of<std::runtime_error>([&] { RowWriter(folder / "x", "alpha,loss"); }),
             ContainsSubstring((folder / "x").string()) && ContainsSubstring("expected alpha,loss"));
  RowWriter rows(folder / "x");
  CHECK_THROWS_AS(rows.write("1\n2"), std::invalid_argument);
  CHECK(contents(folder / "x") == "alpha,loss,time\n1,2,3\n");
  CHECK_THROWS_AS(RowWriter(folder / "x/y"), std::runtime_error);
}

TEST_CASE("RowWriter completes a torn header") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", std::string("alpha,loss").substr(0, GENERATE(0u, 1u, 10u)));
  RowWriter rows(folder / "x", "alpha,loss");
  CHECK(contents(folder / "x") == "alpha,loss\n");
}

TEST_CASE("RowWriter does not touch what it refuses") {
  const TemporaryFolder folder;
  const std::string foreign = GENERATE("a letter", "a letter\nof two lines", "alpha,lossy", "alpha,lo\n");
  write_atomically(folder / "x", foreign);
  CHECK_THROWS_AS(RowWriter(folder / "x", "alpha,loss"), std::runtime_error);
  CHECK(contents(folder / "x") == foreign);
}

TEST_CASE("RowWriter without a header asks for a whole row") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "a letter");
  CHECK_THAT(message_of<std::runtime_error>([&] { RowWriter(folder / "x"); }),
             ContainsSubstring("holds no whole row"));
  CHECK(contents(folder / "x") == "a letter");
}

namespace {

/// For its lifetime, writing past `size` bytes of a file fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(::rlim_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    ::rlimit limited = old_;
    limited.rlim_cur = size;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limited) == 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  ::rlimit old_{};
};

}  // namespace

TEST_CASE("a write that fails half-way leaves the old file") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "old");
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message = message_of<std::runtime_error>([&] { write_atomically(folder / "x", std::string(5000, 'n')); });
  }
  CHECK_THAT(message, ContainsSubstring("cannot write " + (folder / "x").string() + ": File too large"));
  CHECK(contents(folder / "x") == "old");
  CHECK(folder.size() == 1);
}

TEST_CASE("a row that fails half-way is taken back, and others can follow") {
  const TemporaryFolder folder;
  RowWriter rows(folder / "x", "header");
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message = message_of<std::runtime_error>([&] { rows.write(std::string(5000, 'n')); });
  }
  CHECK_THAT(message, ContainsSubstring("cannot append to " + (folder / "x").string() + ": File too large"));
  CHECK(contents(folder / "x") == "header\n");
  rows.write("row");
  CHECK(contents(folder / "x") == "header\nrow\n");
}
