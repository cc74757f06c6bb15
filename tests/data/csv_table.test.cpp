#include <lazytrain/data/csv_table.hpp>

#include "files.hpp"
#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
#include "gzip.hpp"
#endif

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

data::CsvTable<double> parse(std::string_view text, const data::CsvOptions& options = {}) {
  return data::parse_csv<double>(bytes_of(text), "file", options);
}

std::string refusal(std::string_view text, const data::CsvOptions& options = {}) {
  return message_of<std::runtime_error>([&] { (void)parse(text, options); });
}

const Matrix<double> two_lines{{1, 4}, {2, 5}, {3, 6}};

}  // namespace

TEST_CASE("a line of the file is a column, however lines end") {
  for (const char* text : {"1,2,3\n4,5,6\n", "1,2,3\n4,5,6", "1,2,3\r\n4,5,6\r\n\r\n\n", "1,2,3\r4,5,6\r",
                           "\xEF\xBB\xBF"
                           "1,2,3\n4,5,6\n",
                           " 1 ,\t2, 3\n4 ,5,6 \n", "1.0,+2,30e-1\n\"4\",\"5\",6\n"}) {
    CHECK(parse(text).values == two_lines);
    CHECK(parse(text).names.empty());
  }
}

TEST_CASE("separators") {
  CHECK(parse("1;2;3\n4;5;6\n", {.separator = ';'}).values == two_lines);
  CHECK(parse("1\t2\t3\n4\t5\t6\n", {.separator = '\t'}).values == two_lines);
  CHECK_THROWS_AS(parse("1\n", {.separator = '"'}), std::invalid_argument);
  CHECK_THROWS_AS(parse("1\n", {.separator = '\n'}), std::invalid_argument);
}

TEST_CASE("a header is detected when no field of the first line is a number") {
  using Names = std::vector<std::string>;
  const std::string numbers = "1,2,3\n4,5,6\n";
  CHECK(parse("a,b,c\n" + numbers).names == Names{"a", "b", "c"});
  CHECK(parse("a,b,c\n" + numbers).values == two_lines);
  CHECK(parse(",b,c\n" + numbers).names == Names{"", "b", "c"});
  // Quotes as in RFC 4180: separators, line ends and doubled quotes inside.
  const auto quoted = parse("\"a, or\nb\",\"say \"\"c\"\"\",\"\"\r\n" + numbers);
  CHECK(quoted.names == Names{"a, or\nb", "say \"c\"", ""});
  CHECK(quoted.values == two_lines);
  // Asked for, numbers are a header too; refused, names are not.
  CHECK(parse("7,8,9\n" + numbers, {.header = data::CsvHeader::yes}).names == Names{"7", "8", "9"});
  CHECK(parse("7,8,9\n" + numbers, {.header = data::CsvHeader::yes}).values == two_lines);
  CHECK_THAT(refusal("a,b,c\n" + numbers, {.header = data::CsvHeader::no}),
             ContainsSubstring("line 1, column 1: the field is 'a'"));
  CHECK_THAT(refusal("1,b,c\n" + numbers), ContainsSubstring("line 1, column 2: the field is 'b'"));
}

TEST_CASE("numbers are rounded correctly and survive a round trip") {
  Philox rng(3);
  const Matrix<double> values = normal_matrix<double>(4, 50, rng);
  std::ostringstream text;
  text.precision(17);
  for (Index i = 0; i < 50; ++i) {
    text << values(0, i) << ',' << values(1, i) << ',' << values(2, i) * 1e-300 << ',' << values(3, i)
         << '\n';
  }
  const auto table = parse(text.str());
  CHECK(table.values.row(0) == values.row(0));
  CHECK(table.values.row(2) == values.row(2) * 1e-300);
  CHECK(table.values.row(3) == values.row(3));
  // Too small for the type is zero, too large is refused.
  CHECK(data::parse_csv<float>(bytes_of("1e-60,-1e-60\n"), "file").values.isZero(0));
  CHECK(parse("1e-400\n").values(0) == 0);
  CHECK_THAT(refusal("1,1e400\n"), ContainsSubstring("line 1, column 2: the field is '1e400'"));
  CHECK_THROWS_AS(data::parse_csv<float>(bytes_of("1e39\n"), "file"), std::runtime_error);
}

TEST_CASE("what is not a finite number is refused at its line and column") {
  CHECK_THAT(refusal("1,2\n3,x4\n"),
             ContainsSubstring("lazytrain::data::parse_csv: file, line 2, column 2: the field is 'x4', "
                               "expected a finite number"));
  CHECK_THAT(refusal("1,2\n,4\n"), ContainsSubstring("line 2, column 1: the field is ''"));
  CHECK_THAT(refusal("1,2\n3,4 5\n"), ContainsSubstring("'4 5'"));
  CHECK_THAT(refusal("1,2\n3,--4\n"), ContainsSubstring("'--4'"));
  CHECK_THAT(refusal("1,2\n3,+-4\n"), ContainsSubstring("'+-4'"));
  CHECK_THAT(refusal("1,2\n3,nan\n"), ContainsSubstring("'nan', expected a finite number"));
  CHECK_THAT(refusal("1,2\n-inf,1\n"), ContainsSubstring("'-inf', expected a finite number"));
  CHECK_THAT(refusal("1\n\x01\xff\n"), ContainsSubstring("'?\?'"));
  CHECK_THAT(refusal("1\n" + std::string(1000, 'z') + "\n"),
             ContainsSubstring("'" + std::string(40, 'z') + "...'"));
  CHECK_THAT(refusal("\"a\nb\",c\n1,2\n3,q\n"), ContainsSubstring("line 4, column 2: the field is 'q'"));
}

TEST_CASE("lines of another length are refused") {
  CHECK_THAT(refusal("1,2\n3\n"), ContainsSubstring("line 2, column 1: the line has 1 fields, expected 2"));
  CHECK_THAT(refusal("1,2\n3,4,5\n"), ContainsSubstring("line 2, column 3: the line has another field"));
  CHECK_THAT(refusal("1,2\n3,4,\n"), ContainsSubstring("line 2, column 3: the field is ''"));
  CHECK_THAT(refusal("a,b,c\n1,2\n"),
             ContainsSubstring("line 2, column 1: the line has 2 fields, expected 3"));
  CHECK_THAT(refusal("1,2\n\n3,4\n"), ContainsSubstring("line 2, column 1: the field is ''"));
  CHECK_THAT(refusal("\n1\n2\n"), ContainsSubstring("line 1, column 1: the line is blank"));
}

TEST_CASE("broken quotes and tables without numbers are refused") {
  CHECK_THAT(refusal("a,\"b\n1,2\n"), ContainsSubstring("column 2: a quote opens and the file ends"));
  CHECK_THAT(refusal("\"a\"b,c\n1,2\n"), ContainsSubstring("'b,c?1,2?' follows a closing quote"));
  CHECK_THAT(refusal("a,b\n"), ContainsSubstring("file has no numbers"));
  CHECK_THAT(refusal("\n\n"), ContainsSubstring("file has no numbers"));
  CHECK_THAT(refusal(""), ContainsSubstring("file has no numbers"));
}

TEST_CASE("a damaged table is refused or read") {
  damage(bytes_of("\"x, \"\"y\"\"\",b,c\r\n1,-2.5e-3,\"3\"\n4,5,6\r\n1e10,7,8\n"),
         [](const data::Bytes& bytes) { (void)data::parse_csv<double>(bytes, "file"); });
}

#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
TEST_CASE("a compressed table is read") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.csv.gz", gzip(bytes_of("1,2,3\n4,5,6\n")));
  CHECK(data::read_csv_table<double>(path).values == two_lines);
  CHECK_THROWS_AS(data::read_csv_table<double>(path, {.max_bytes = 11}), std::runtime_error);
}
#endif
