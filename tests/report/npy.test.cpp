#include <cstring>
#include <lazytrain/report/npy.hpp>
#include <limits>
#include <vector>

#include "report/markup.hpp"
#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::report;
using namespace lazytrain::testing;

namespace {

struct Npy {
  std::string header;
  std::string data;
};

/// Takes an NPY file apart by its specification.
Npy parse(const std::string& file) {
  REQUIRE(file.size() >= 10);
  REQUIRE(file.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t length = static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  REQUIRE((10 + length) % 64 == 0);
  REQUIRE(file.size() >= 10 + length);
  const std::string header = file.substr(10, length);
  REQUIRE(header.back() == '\n');
  return {header.substr(0, header.find_last_not_of(" \n") + 1), file.substr(10 + length)};
}

template <class S>
std::vector<S> values(const std::string& data) {
  std::vector<S> result(data.size() / sizeof(S));
  std::memcpy(result.data(), data.data(), data.size());
  return result;
}

}  // namespace

TEMPLATE_TEST_CASE("vectors and matrices come back from NPY", "", float, double, Index, std::int32_t) {
  using S = TestType;
  const TemporaryFolder folder;
  const std::string type = std::string(std::is_integral_v<S> ? "<i" : "<f") + std::to_string(sizeof(S));
  Matrix<S> m(2, 3);
  m << 1, 2, 3, 4, 5, std::numeric_limits<S>::max();

  SECTION("matrix, column by column") {
    write_npy(folder / "m.npy", m);
    const Npy npy = parse(contents(folder / "m.npy"));
    CHECK(npy.header == "{'descr': '" + type + "', 'fortran_order': True, 'shape': (2, 3), }");
    CHECK(values<S>(npy.data) == std::vector<S>{1, 4, 2, 5, 3, std::numeric_limits<S>::max()});
  }
  SECTION("block, transpose and expression") {
    write_npy(folder / "b.npy", m.bottomRows(1));
    CHECK(values<S>(parse(contents(folder / "b.npy")).data) ==
          std::vector<S>{4, 5, std::numeric_limits<S>::max()});
    write_npy(folder / "l.npy", m.topLeftCorner(2, 2));
    CHECK(values<S>(parse(contents(folder / "l.npy")).data) == std::vector<S>{1, 4, 2, 5});
    write_npy(folder / "t.npy", m.transpose());
    CHECK_THAT(parse(contents(folder / "t.npy")).header, ContainsSubstring("(3, 2)"));
    CHECK(values<S>(parse(contents(folder / "t.npy")).data) ==
          std::vector<S>{1, 2, 3, 4, 5, std::numeric_limits<S>::max()});
  }
  SECTION("vectors have one dimension") {
    write_npy(folder / "v.npy", m.col(1));
    const Npy npy = parse(contents(folder / "v.npy"));
    CHECK_THAT(npy.header, ContainsSubstring("'shape': (2,), }"));
    CHECK(values<S>(npy.data) == std::vector<S>{2, 5});
    write_npy(folder / "r.npy", m.row(0));
    CHECK(values<S>(parse(contents(folder / "r.npy")).data) == std::vector<S>{1, 2, 3});
  }
  SECTION("nothing") {
    write_npy(folder / "e.npy", Vector<S>());
    CHECK_THAT(parse(contents(folder / "e.npy")).header, ContainsSubstring("(0,)"));
    CHECK(parse(contents(folder / "e.npy")).data.empty());
    write_npy(folder / "z.npy", Matrix<S>(0, 4));
    CHECK_THAT(parse(contents(folder / "z.npy")).header, ContainsSubstring("(0, 4)"));
  }
}

TEST_CASE("an NPY file that cannot be written is named") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "");
  CHECK_THAT(message_of<std::runtime_error>([&] { write_npy(folder / "x/y.npy", Vector<double>(1)); }),
             ContainsSubstring("x/y.npy"));
}
