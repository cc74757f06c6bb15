#include <filesystem>
#include <fstream>
#include <lazytrain/report/process.hpp>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain::report;

TEST_CASE("run_process passes input and arguments as they are and returns what comes out") {
  const std::string input(200000, 'x');
  CHECK(run_process({"cat"}, input).output == input);
  CHECK(run_process({"echo", "$HOME; `ls` 'a' *"}, "").output == "$HOME; `ls` 'a' *\n");
  const auto result = run_process({"sh", "-c", "echo out; echo err >&2; exit 3"}, "");
  CHECK(result.status == 3);
  CHECK(result.output == "out\n");
  CHECK(result.errors == "err\n");
}

TEST_CASE("run_process tells signals and missing programs") {
  CHECK(run_process({"sh", "-c", "kill -9 $$"}, "").status == 128 + 9);
  const auto missing = run_process({"/nonexistent/program"}, "");
  CHECK(missing.status == 127);
  CHECK(missing.errors == "/nonexistent/program: No such file or directory");
  CHECK_THROWS_AS(run_process({}, ""), std::invalid_argument);
  // A file that may be executed and is no program.
  const lazytrain::testing::TemporaryFolder folder;
  const auto file = folder / "no_program";
  std::ofstream(file) << "text";
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  CHECK(run_process({file.string()}, "").status == 127);
}
