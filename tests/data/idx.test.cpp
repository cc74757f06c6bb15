#include <lazytrain/data/idx.hpp>

#include "files.hpp"
#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
#include "gzip.hpp"
#endif

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// An IDX file with the numbers 0, 1, 2, ... (less `shift`) of type T.
template <class T>
data::Bytes idx_file(unsigned char type, const std::vector<std::uint32_t>& shape, int shift = 0) {
  data::Bytes bytes = {0, 0, type, static_cast<unsigned char>(shape.size())};
  std::size_t count = 1;
  for (const std::uint32_t size : shape) {
    append(bytes, number(size, std::endian::big));
    count *= size;
  }
  for (std::size_t i = 0; i < count; ++i) {
    append(bytes, number(static_cast<T>(static_cast<int>(i) - shift), std::endian::big));
  }
  return bytes;
}

std::string refusal(const data::Bytes& bytes) {
  return message_of<std::runtime_error>([&] { (void)data::parse_idx<double>(bytes, "file"); });
}

template <class T, class S>
void check_numbers(unsigned char type, int shift) {
  const auto array = data::parse_idx<S>(idx_file<T>(type, {3, 2, 5}, shift), "file");
  CHECK(array.type == data::IdxType{type});
  CHECK(array.shape == std::vector<Index>{3, 2, 5});
  REQUIRE(array.values.rows() == 10);
  REQUIRE(array.values.cols() == 3);
  for (int i = 0; i < 30; ++i) CHECK(array.values(i % 10, i / 10) == static_cast<S>(i - shift));
}

}  // namespace

TEMPLATE_TEST_CASE("every type of number is read, a sample a column", "", float, double) {
  check_numbers<std::uint8_t, TestType>(8, 0);
  check_numbers<std::int8_t, TestType>(9, 20);
  check_numbers<std::int16_t, TestType>(11, 2000);
  check_numbers<std::int32_t, TestType>(12, 2000000);
  check_numbers<float, TestType>(13, 7);
  check_numbers<double, TestType>(14, 7);
}

TEST_CASE("rank 1 is a row of samples, rank 2 a matrix with a sample a column") {
  const auto one = data::parse_idx<double>(idx_file<std::uint8_t>(8, {4}), "file");
  CHECK(one.values == Matrix<double>{{0, 1, 2, 3}});
  const auto two = data::parse_idx<double>(idx_file<std::int32_t>(12, {2, 3}), "file");
  CHECK(two.values == Matrix<double>{{0, 3}, {1, 4}, {2, 5}});
}

TEST_CASE("a header that makes no sense is refused at its byte") {
  const data::Bytes good = idx_file<std::uint8_t>(8, {2, 3});
  const auto with = [&good](std::size_t at, unsigned char value) {
    data::Bytes bytes = good;
    bytes[at] = value;
    return refusal(bytes);
  };
  CHECK_THAT(with(0, 1), ContainsSubstring("data::parse_idx: file, byte 0: the file begins with 1 0"));
  CHECK_THAT(with(1, 9), ContainsSubstring("begins with 0 9, expected 0 0"));
  CHECK_THAT(with(2, 10), ContainsSubstring("byte 2: the type is 10, expected 8, 9, 11"));
  CHECK_THAT(with(3, 0), ContainsSubstring("byte 3: the rank is 0"));
  CHECK_THAT(with(3, 255), ContainsSubstring("byte 18: the file ends, expected a header of 1024 bytes"));
  CHECK_THAT(with(11, 0), ContainsSubstring("byte 8: size 2 of the array is 0"));
  CHECK_THAT(refusal({0, 0, 8}), ContainsSubstring("byte 3: the file ends"));
  CHECK_THAT(refusal({}), ContainsSubstring("byte 0: the file ends"));
}

TEST_CASE("sizes that the file does not have are refused before they are allocated") {
  const data::Bytes good = idx_file<double>(14, {2, 3});
  data::Bytes bytes = good;
  bytes.pop_back();
  CHECK_THAT(refusal(bytes), ContainsSubstring("47 bytes follow the header, expected 48 (6 numbers of 8)"));
  bytes = good;
  bytes.push_back(0);
  CHECK_THAT(refusal(bytes), ContainsSubstring("byte 60: 49 bytes follow the header, expected 48"));
  // 2^96 numbers, whose count overflows to 0 in 64 bits if it is not watched.
  bytes = {0, 0, 8, 4};
  for (int i = 0; i < 3; ++i) append(bytes, {0x80, 0, 0, 0});
  append(bytes, {0, 0, 0, 8});
  CHECK_THAT(refusal(bytes), ContainsSubstring("0 bytes follow the header, expected 18446744073709551615"));
}

TEST_CASE("numbers that are not finite are refused at their byte") {
  data::Bytes bytes = idx_file<float>(13, {2, 3});
  const data::Bytes infinity = number(std::numeric_limits<float>::infinity(), std::endian::big);
  std::copy(infinity.begin(), infinity.end(), bytes.begin() + 12 + 4 * 4);
  CHECK_THAT(refusal(bytes), ContainsSubstring("byte 28: a number is inf, expected finite numbers"));
  // Finite in double, infinite in float.
  bytes = {0, 0, 14, 1, 0, 0, 0, 1};
  append(bytes, number(1e300, std::endian::big));
  CHECK(data::parse_idx<double>(bytes, "file").values(0) == 1e300);
  CHECK_THROWS_AS(data::parse_idx<float>(bytes, "file"), std::runtime_error);
}

TEST_CASE("a damaged IDX file is refused or read") {
  for (const data::Bytes& good : {idx_file<std::uint8_t>(8, {5, 4, 4}), idx_file<double>(14, {5, 4})}) {
    damage(good, [](const data::Bytes& bytes) { (void)data::parse_idx<float>(bytes, "file"); });
  }
}

TEST_CASE("MNIST is read from its four files") {
  const TemporaryFolder folder;
  const data::Bytes images = idx_file<std::uint8_t>(8, {3, 2, 2});
  const auto load = [&folder](data::Part part) { return data::load_mnist<double>(folder.path(), part); };
  const auto refusal_of = [&load](data::Part part) {
    return message_of<std::runtime_error>([&] { (void)load(part); });
  };
  CHECK_THAT(refusal_of(data::Part::train),
             ContainsSubstring("data::load_mnist: " + folder.path().string()) &&
                 ContainsSubstring("no file train-images-idx3-ubyte"));
  (void)folder.write("train-images-idx3-ubyte", images);
  (void)folder.write("train-labels.idx1-ubyte", idx_file<std::uint8_t>(8, {3}, -7));
  const auto train = load(data::Part::train);
  CHECK(train.labels == std::vector<Index>{7, 8, 9});
  CHECK(train.classes == 10);
  CHECK(train.shape == data::ImageShape{1, 2, 2});
  for (Index i = 0; i < 12; ++i) CHECK(train.inputs(i % 4, i / 4) == static_cast<double>(i) / 255);

  SECTION("labels above 9") {
    (void)folder.write("t10k-images-idx3-ubyte", images);
    (void)folder.write("t10k-labels-idx1-ubyte", idx_file<std::uint8_t>(8, {3}, -8));
    CHECK_THAT(refusal_of(data::Part::test), ContainsSubstring("byte 10: the label is 10, expected 0 to 9"));
  }
  SECTION("another number of labels") {
    (void)folder.write("t10k-images-idx3-ubyte", images);
    (void)folder.write("t10k-labels-idx1-ubyte", idx_file<std::uint8_t>(8, {4}));
    CHECK_THAT(refusal_of(data::Part::test), ContainsSubstring("4 labels, expected 3, one an image"));
  }
  SECTION("files in each other's place") {
    (void)folder.write("t10k-images-idx3-ubyte", idx_file<std::uint8_t>(8, {3}));
    (void)folder.write("t10k-labels-idx1-ubyte", images);
    CHECK_THAT(refusal_of(data::Part::test), ContainsSubstring("type 8 and rank 1, expected images"));
    (void)folder.write("t10k-images-idx3-ubyte", images);
    CHECK_THAT(refusal_of(data::Part::test), ContainsSubstring("type 8 and rank 3, expected labels"));
  }
#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
  SECTION("compressed") {
    (void)folder.write("t10k-images-idx3-ubyte.gz", gzip(images));
    (void)folder.write("t10k-labels-idx1-ubyte.gz", gzip(idx_file<std::uint8_t>(8, {3}, -7)));
    CHECK(load(data::Part::test).inputs == train.inputs);
  }
#endif
}

#if defined(LAZYTRAIN_WITH_ZLIB) && LAZYTRAIN_WITH_ZLIB
TEST_CASE("the real MNIST") {
  const auto folder = real_data("mnist");
  if (!folder) return;
  const auto train = data::load_mnist<float>(*folder, data::Part::train);
  CHECK(train.dim() == 784);
  CHECK(train.samples() == 60000);
  CHECK(train.shape == data::ImageShape{1, 28, 28});
  CHECK(std::vector<Index>(train.labels.begin(), train.labels.begin() + 5) ==
        std::vector<Index>{5, 0, 4, 1, 9});
  CHECK(train.inputs.minCoeff() == 0);
  CHECK(train.inputs.maxCoeff() == 1);
  // The published mean and deviation of the training pixels.
  const double mean = train.inputs.cast<double>().mean();
  const double square = train.inputs.cast<double>().squaredNorm() / static_cast<double>(train.inputs.size());
  CHECK_THAT(mean, WithinAbs(0.1307, 5e-5));
  CHECK_THAT(std::sqrt(square - mean * mean), WithinAbs(0.3081, 5e-5));
  CHECK(data::load_mnist<float>(*folder, data::Part::test).samples() == 10000);
}
#endif
