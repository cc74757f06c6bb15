#include <fcntl.h>
#include <poll.h>

#include <cstdlib>
#include <lazytrain/report/atomic_file.hpp>
#include <lazytrain/report/progress.hpp>
#include <thread>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain::report;
using namespace lazytrain::testing;

namespace {

/// A terminal in memory.
struct Terminal {
  explicit Terminal(unsigned short columns = 80) : master(::posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(master.get() >= 0);
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    slave = detail::Descriptor(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY));
    REQUIRE(slave.get() >= 0);
    const ::winsize size = {24, columns, 0, 0};
    REQUIRE(::ioctl(slave.get(), TIOCSWINSZ, &size) == 0);
  }

  /// What was written so far.
  std::string shown() const {
    std::string text;
    ::pollfd ready = {master.get(), POLLIN, 0};
    char block[4096];
    while (::poll(&ready, 1, 50) == 1 && (ready.revents & POLLIN) != 0) {
      text.append(block, static_cast<std::size_t>(::read(master.get(), block, sizeof block)));
    }
    return text;
  }

  detail::Descriptor master;
  detail::Descriptor slave;
};

const auto interval = std::chrono::milliseconds(110);

}  // namespace

TEST_CASE("progress is silent where no terminal is") {
  const TemporaryFolder folder;
  const detail::Descriptor file(::open((folder / "log").c_str(), O_WRONLY | O_CREAT, 0600));
  bool asked = false;
  {
    Progress progress(file.get(), "training", 2);
    progress.step();
    std::this_thread::sleep_for(interval);
    progress.step(1, [&] {
      asked = true;
      return "loss";
    });
  }
  CHECK(contents(folder / "log").empty());
  CHECK_FALSE(asked);
}

TEST_CASE("progress shows one line on a terminal and clears it") {
  const Terminal terminal;
  {
    Progress progress(terminal.slave.get(), "training", 100);
    CHECK(terminal.shown().empty());
    std::this_thread::sleep_for(interval);
    progress.step(25, "α 3");
    const std::string line = terminal.shown();
    CHECK_THAT(line, ContainsSubstring("\rtraining 25/100") && ContainsSubstring("25 %") &&
                         ContainsSubstring("/s") && ContainsSubstring(" left") && ContainsSubstring("α 3"));
    CHECK(line.find('\n') == std::string::npos);
  }
  CHECK(terminal.shown() == "\r\x1B[K");
}

TEST_CASE("progress clears its line when the computation throws") {
  const Terminal terminal;
  const auto run = [&] {
    Progress progress(terminal.slave.get(), "x", 0);
    std::this_thread::sleep_for(interval);
    progress.step();
    throw std::logic_error("failed");
  };
  CHECK_THROWS_AS(run(), std::logic_error);
  const std::string text = terminal.shown();
  REQUIRE(text.size() >= 4);
  CHECK(text.substr(text.size() - 4) == "\r\x1B[K");
}

TEST_CASE("progress draws at most ten times a second") {
  const Terminal terminal;
  const auto start = std::chrono::steady_clock::now();
  int steps = 0;
  {
    Progress progress(terminal.slave.get(), "x", 0);
    for (; std::chrono::steady_clock::now() - start < std::chrono::milliseconds(350); ++steps)
      progress.step();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const int drawn = occurrences(terminal.shown(), "\rx ");
  CHECK(drawn >= 1);
  CHECK(drawn <= 10 * seconds);
  CHECK(steps > drawn);
}

TEST_CASE("a line never exceeds the terminal") {
  const Terminal terminal(40);
  Progress progress(terminal.slave.get(), "long label αβγ", 1000000);
  std::this_thread::sleep_for(interval);
  progress.step(1, std::string(500, 'n') + "\n");
  const std::string line = terminal.shown();
  REQUIRE(line.size() > 4);
  CHECK(display_width(line.substr(1, line.size() - 4)) == 39);
  CHECK(line.find('\n') == std::string::npos);
}
