#include <lazytrain/data/npy.hpp>

#include "files.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// An NPY file of the given version with this header dictionary and these bytes.
data::Bytes npy_file(const std::string& dictionary, const data::Bytes& numbers, unsigned char version = 1) {
  data::Bytes bytes = bytes_of("\x93NUMPY");
  append(bytes, {version, 0});
  std::string header = dictionary;
  header.resize((header.size() / 64 + 1) * 64, ' ');
  header.back() = '\n';
  if (version == 1) {
    append(bytes, number(static_cast<std::uint16_t>(header.size()), std::endian::little));
  } else {
    append(bytes, number(static_cast<std::uint32_t>(header.size()), std::endian::little));
  }
  append(bytes, bytes_of(header));
  append(bytes, numbers);
  return bytes;
}

std::string dictionary(const std::string& type, const std::string& order, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

/// The numbers 0, 1, ..., count - 1 (less `shift`).
template <class T>
data::Bytes range(int count, int shift = 0) {
  data::Bytes bytes;
  for (int i = 0; i < count; ++i) append(bytes, number(static_cast<T>(i - shift), std::endian::little));
  return bytes;
}

template <class S = double>
Matrix<S> values(const data::Bytes& bytes) {
  return data::parse_npy<S>(bytes, "file").values;
}

std::string refusal(const data::Bytes& bytes) {
  return message_of<std::runtime_error>([&] { (void)data::parse_npy<double>(bytes, "file"); });
}

}  // namespace

TEMPLATE_TEST_CASE("every type and order gives the matrix that numpy shows", "", float, double) {
  using S = TestType;
  const Matrix<S> expected{{0, 1, 2}, {3, 4, 5}};
  const Matrix<S> shift = Matrix<S>::Constant(2, 3, 3);
  CHECK(values<S>(npy_file(dictionary("<f4", "False", "(2, 3)"), range<float>(6, 3))) == expected - shift);
  CHECK(values<S>(npy_file(dictionary("<f8", "False", "(2, 3)"), range<double>(6, 3))) == expected - shift);
  CHECK(values<S>(npy_file(dictionary("<i4", "False", "(2, 3)"), range<std::int32_t>(6, 3))) ==
        expected - shift);
  CHECK(values<S>(npy_file(dictionary("<i8", "False", "(2, 3)"), range<std::int64_t>(6, 3))) ==
        expected - shift);
  CHECK(values<S>(npy_file(dictionary("|u1", "False", "(2, 3)"), range<std::uint8_t>(6))) == expected);
  CHECK(values<S>(npy_file(dictionary("<f8", "True", "(3, 2)"), range<double>(6))) == expected.transpose());
}

TEST_CASE("versions 1, 2 and 3 differ in the size of the header's size") {
  for (unsigned char version = 1; version <= 3; ++version) {
    const auto file = npy_file(dictionary("<f8", "False", "(2, 3)"), range<double>(6), version);
    CHECK(values(file) == Matrix<double>{{0, 1, 2}, {3, 4, 5}});
  }
  CHECK_THAT(refusal(npy_file("{}", {}, 4)),
             ContainsSubstring("byte 6: the version is 4, expected 1, 2 or 3"));
}

TEST_CASE("ranks other than 2 become matrices") {
  CHECK(values(npy_file(dictionary("<f8", "False", "(3,)"), range<double>(3))) ==
        Matrix<double>{{0}, {1}, {2}});
  CHECK(values(npy_file(dictionary("<f8", "False", "()"), range<double>(1, -5))) == Matrix<double>{{5}});
  const auto array =
      data::parse_npy<double>(npy_file(dictionary("<f8", "False", "(2, 3, 4)"), range<double>(24)), "file");
  CHECK(array.shape == std::vector<Index>{2, 3, 4});
  REQUIRE(array.values.rows() == 2);
  REQUIRE(array.values.cols() == 12);
  for (int i = 0; i < 24; ++i) CHECK(array.values(i / 12, i % 12) == i);
}

TEST_CASE("in Fortran order entry (i, j, k, l) of any rank is found where it is in C order") {
  // The number at (i, j, k, l) is its place in C order, so that the matrix is that of the C file.
  const int n[] = {2, 3, 4, 5};
  data::Bytes numbers;
  for (int l = 0; l < n[3]; ++l) {
    for (int k = 0; k < n[2]; ++k) {
      for (int j = 0; j < n[1]; ++j) {
        for (int i = 0; i < n[0]; ++i) {
          append(numbers, number(double(((i * n[1] + j) * n[2] + k) * n[3] + l), std::endian::little));
        }
      }
    }
  }
  const std::string shape = "(2, 3, 4, 5)";
  CHECK(values(npy_file(dictionary("<f8", "True", shape), numbers)) ==
        values(npy_file(dictionary("<f8", "False", shape), range<double>(120))));
}

TEST_CASE("the header may be written in any order, spacing and quotes") {
  const Matrix<double> expected{{0, 1}, {2, 3}};
  for (const char* header : {"{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"<f8\"}",
                             "{ 'fortran_order' : False , 'shape' : ( 2 , 2 , ) , 'descr' : '<f8' }"}) {
    CHECK(values(npy_file(header, range<double>(4))) == expected);
  }
}

TEST_CASE("npy: a header that makes no sense is refused at its byte") {
  const auto with = [](const std::string& header) { return refusal(npy_file(header, range<double>(4))); };
  CHECK_THAT(refusal(bytes_of("\x93NUMPX12345")),
             ContainsSubstring("data::parse_npy: file, byte 0: the file does not begin with \\x93NUMPY"));
  CHECK_THAT(refusal({}), ContainsSubstring("byte 0"));
  CHECK_THAT(refusal(bytes_of("\x93NUMPY\x01")), ContainsSubstring("byte 7: the file ends"));
  CHECK_THAT(with("{'descr': '>f8', 'fortran_order': False, 'shape': (4,)}"),
             ContainsSubstring("the type is '>f8', expected <f4"));
  CHECK_THAT(with("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (4,)}"),
             ContainsSubstring("byte 44: fortran_order is 'Maybe, 'shap', expected True or False"));
  CHECK_THAT(with("{'descr': '<f8', 'fortran_order': False, 'shape': (-4,)}"),
             ContainsSubstring("a size is '-4,)}"));
  CHECK_THAT(with("{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}"),
             ContainsSubstring("a size is '0"));
  CHECK_THAT(with("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}"),
             ContainsSubstring("a size is '999"));
  CHECK_THAT(with("{'descr': '<f8', 'shape': (4,)}"), ContainsSubstring("expected the keys"));
  CHECK_THAT(with("{'descr': '<f8', 'descr': '<f8'}"), ContainsSubstring("the key is 'descr'"));
  CHECK_THAT(with("{'name': '<f8'}"), ContainsSubstring("byte 11: the key is 'name'"));
  CHECK_THAT(with("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (4,)}"),
             ContainsSubstring("byte 20: the header has '[('a'"));
  CHECK_THAT(with("{'descr': '<f8', 'fortran_order': False, 'shape': (4,)} x"),
             ContainsSubstring("goes on after its dictionary"));
  data::Bytes bytes = npy_file(dictionary("<f8", "False", "(4,)"), range<double>(4));
  bytes[9] = 0xff;
  CHECK_THAT(refusal(bytes), ContainsSubstring("byte 8: the header has size "));
}

TEST_CASE("npy: sizes that the file does not have are refused before they are allocated") {
  const std::string header = dictionary("<f8", "False", "(2, 3)");
  data::Bytes numbers = range<double>(6);
  numbers.pop_back();
  CHECK_THAT(refusal(npy_file(header, numbers)),
             ContainsSubstring("47 bytes follow the header, expected 48 (6 numbers of 8)"));
  numbers.push_back(0);
  numbers.push_back(0);
  CHECK_THAT(refusal(npy_file(header, numbers)), ContainsSubstring("49 bytes follow the header"));
  CHECK_THAT(refusal(npy_file(dictionary("<f8", "True", "(4294967296, 4294967296, 4294967296)"), {})),
             ContainsSubstring("0 bytes follow the header, expected 18446744073709551615"));
}

TEST_CASE("npy: numbers that are not finite are refused at their byte") {
  data::Bytes numbers = range<double>(1);
  append(numbers, number(std::numeric_limits<double>::quiet_NaN(), std::endian::little));
  const data::Bytes bytes = npy_file(dictionary("<f8", "False", "(2,)"), numbers);
  CHECK_THAT(refusal(bytes),
             ContainsSubstring("byte " + std::to_string(bytes.size() - 8) + ": a number is ") &&
                 ContainsSubstring("nan"));
}

TEST_CASE("a damaged NPY file is refused or read") {
  for (const char* order : {"False", "True"}) {
    damage(npy_file(dictionary("<f4", order, "(2, 3, 2)"), range<float>(12)),
           [](const data::Bytes& bytes) { (void)data::parse_npy<double>(bytes, "file"); });
  }
}

TEST_CASE("an NPY file is read from its path") {
  const TemporaryFolder folder;
  const auto path =
      folder.write("a.npy", npy_file(dictionary("<i4", "False", "(2,)"), range<std::int32_t>(2)));
  CHECK(data::read_npy<double>(path).values == Matrix<double>{{0}, {1}});
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { (void)data::read_npy<double>(folder.write("b.npy", bytes_of("abc"))); }),
             ContainsSubstring("b.npy, byte 0"));
}
