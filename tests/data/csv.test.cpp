#include <lazytrain/data/csv.hpp>

#include "files.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("the target is chosen by number, from either end, or by name") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.csv", bytes_of("x,class,y\n0.5,2,1\n0.25,0,3\n"));
  const auto check_middle = [&path](const data::CsvOptions& options) {
    const auto data = data::read_csv<double>(path, options);
    CHECK(data.inputs == Matrix<double>{{0.5, 0.25}, {1, 3}});
    CHECK(data.targets == Matrix<double>{{2, 0}});
  };
  check_middle({.target = 1});
  check_middle({.target = -2});
  check_middle({.target = "class"});
  CHECK(data::read_csv<double>(path).targets == Matrix<double>{{1, 3}});
  const auto labelled = data::read_labelled_csv<double>(path, {.target = "class"});
  CHECK(labelled.labels == std::vector<Index>{2, 0});
  CHECK(labelled.classes == 3);
  CHECK(labelled.inputs == Matrix<double>{{0.5, 0.25}, {1, 3}});

  const auto message = [&path](const data::CsvOptions& options) {
    return message_of<std::runtime_error>([&] { (void)data::read_csv<double>(path, options); });
  };
  CHECK_THAT(message({.target = "z"}), ContainsSubstring("a.csv, line 1: no column is named 'z'"));
  CHECK_THAT(message({.target = 3}), ContainsSubstring("the target is column 3, expected -3 to 2"));
  CHECK_THAT(message({.target = -4}), ContainsSubstring("the target is column -4"));
  const auto twice = folder.write("c.csv", bytes_of("x,y,x\n1,2,3\n"));
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::read_csv<double>(twice, {.target = "x"}); }),
             ContainsSubstring("two columns are named 'x', expected one"));
  CHECK(data::read_csv<double>(twice, {.target = "y"}).targets(0) == 2);
  const auto single = folder.write("b.csv", bytes_of("x\n1\n"));
  for (const data::CsvOptions& options : {data::CsvOptions{.target = "x"}, data::CsvOptions{}}) {
    CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::read_csv<double>(single, options); }),
               ContainsSubstring("the table has 1 column, expected a target and at least one input"));
  }
}

TEST_CASE("classes that are not small integers are refused") {
  const TemporaryFolder folder;
  for (const char* label : {"-1", "0.5", "1048576", "1e300"}) {
    const auto path = folder.write("a.csv", bytes_of("0,1\n0," + std::string(label) + "\n"));
    CHECK_THAT(message_of<std::runtime_error>([&] { (void)data::read_labelled_csv<double>(path); }),
               ContainsSubstring("a.csv, column 2, sample 1: the class is ") &&
                   ContainsSubstring("expected an integer from 0 to 1048575"));
  }
}

#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
TEST_CASE("the real digits") {
  const auto folder = real_data("digits");
  if (!folder) return;
  const auto digits = data::read_labelled_csv<double>(*folder / "digits.csv.gz", {.target = 64});
  CHECK(digits.samples() == 1797);
  CHECK(digits.dim() == 64);
  CHECK(digits.classes == 10);
  CHECK(digits.inputs.minCoeff() == 0);
  CHECK(digits.inputs.maxCoeff() == 16);
  CHECK(digits.labels[0] == 0);
  CHECK(digits.labels[1] == 1);
}
#endif
