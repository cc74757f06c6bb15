#include <algorithm>
#include <lazytrain/data/cifar10.hpp>

#include "files.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

constexpr std::size_t record = 3073;

/// Pixel (c, y, x) of image i in the test files.
unsigned char pixel(Index i, Index c, Index y, Index x) {
  return static_cast<unsigned char>(31 * i + 100 * c + 7 * y + x);
}

/// Records first, ..., first + count - 1, labelled by their number modulo 10.
data::Bytes cifar_file(Index first, Index count) {
  data::Bytes bytes;
  for (Index i = first; i < first + count; ++i) {
    bytes.push_back(static_cast<unsigned char>(i % 10));
    for (Index c = 0; c < 3; ++c) {
      for (Index y = 0; y < 32; ++y) {
        for (Index x = 0; x < 32; ++x) bytes.push_back(pixel(i, c, y, x));
      }
    }
  }
  return bytes;
}

std::string refusal(const data::Bytes& bytes) {
  return message_of<std::runtime_error>([&] { (void)data::parse_cifar10<float>(bytes, "file"); });
}

}  // namespace

TEMPLATE_TEST_CASE("pixel (c, y, x) is row 1024 c + 32 y + x, scaled to [0, 1]", "", float, double) {
  const auto data = data::parse_cifar10<TestType>(cifar_file(8, 3), "file");
  CHECK(data.labels == std::vector<Index>{8, 9, 0});
  CHECK(data.classes == 10);
  CHECK(data.shape == data::ImageShape{3, 32, 32});
  Index wrong = 0;
  for (Index i = 0; i < 3; ++i) {
    for (Index c = 0; c < 3; ++c) {
      for (Index y = 0; y < 32; ++y) {
        for (Index x = 0; x < 32; ++x) {
          const TestType expected = static_cast<TestType>(pixel(8 + i, c, y, x)) / TestType(255);
          if (data.inputs(1024 * c + 32 * y + x, i) != expected) ++wrong;
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("records that are cut off and labels above 9 are refused at their byte") {
  data::Bytes bytes = cifar_file(0, 2);
  bytes.pop_back();
  CHECK_THAT(
      refusal(bytes),
      ContainsSubstring("data::parse_cifar10: file, byte 3073: record 1 has 3072 bytes, expected 3073"));
  bytes = cifar_file(0, 2);
  bytes.push_back(0);
  CHECK_THAT(refusal(bytes), ContainsSubstring("byte 6146: record 2 has 1 bytes"));
  bytes = cifar_file(0, 2);
  bytes[record] = 10;
  CHECK_THAT(refusal(bytes), ContainsSubstring("byte 3073: the label of record 1 is 10, expected 0 to 9"));
  CHECK_THAT(refusal({}), ContainsSubstring("record 0 has 0 bytes"));
  CHECK_THAT(refusal({1}), ContainsSubstring("record 0 has 1 bytes"));
}

TEST_CASE("a damaged CIFAR-10 file is refused or read") {
  damage(
      cifar_file(0, 2), [](const data::Bytes& bytes) { (void)data::parse_cifar10<float>(bytes, "file"); },
      500);
}

TEST_CASE("the training part is the batches that exist, in order") {
  const TemporaryFolder folder;
  const auto load = [&folder](data::Part part) { return data::load_cifar10<double>(folder.path(), part); };
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)load(data::Part::train); }),
             ContainsSubstring(folder.path().string() + " has no file data_batch_1.bin"));
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)load(data::Part::test); }),
             ContainsSubstring("has no file test_batch.bin"));
  (void)folder.write("data_batch_4.bin", cifar_file(3, 2));
  (void)folder.write("data_batch_2.bin", cifar_file(0, 3));
  (void)folder.write("test_batch.bin", cifar_file(5, 1));
  const auto train = load(data::Part::train);
  const auto expected = data::parse_cifar10<double>(cifar_file(0, 5), "file");
  CHECK(train.inputs == expected.inputs);
  CHECK(train.labels == expected.labels);
  CHECK(load(data::Part::test).labels == std::vector<Index>{5});
  (void)folder.write("data_batch_5.bin", bytes_of("short"));
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)load(data::Part::train); }),
             ContainsSubstring("data_batch_5.bin, byte 0: record 0 has 5 bytes"));
}

TEST_CASE("the real CIFAR-10") {
  const auto folder = real_data("cifar-10-batches-bin");
  if (!folder) return;
  // A copy of the data may hold fewer images than the official 10000 a batch: the sizes of the files tell.
  const auto images_in = [&folder](const char* name) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(*folder / name, missing);
    return missing ? Index{0} : static_cast<Index>(size / record);
  };
  Index expected = 0;
  for (const char* name :
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}) {
    expected += images_in(name);
  }
  const auto train = data::load_cifar10<float>(*folder, data::Part::train);
  CHECK(train.samples() == expected);
  CHECK(train.dim() == 3072);
  const std::vector<Index> first = {6, 9, 9, 4, 1, 1, 2};
  CHECK(std::equal(first.begin(), first.end(), train.labels.begin()));
  for (Index k = 0; k < 10; ++k) {
    const auto images = std::count(train.labels.begin(), train.labels.end(), k);
    CHECK_THAT(static_cast<double>(images) / static_cast<double>(expected), WithinAbs(0.1, 0.01));
  }
  // The published means of the channels of the whole set are 0.4914, 0.4822, 0.4465; a part is close.
  const double means[] = {0.4914, 0.4822, 0.4465};
  for (Index c = 0; c < 3; ++c) {
    CHECK_THAT(train.inputs.middleRows(1024 * c, 1024).cast<double>().mean(), WithinAbs(means[c], 2e-3));
  }
  CHECK(data::load_cifar10<float>(*folder, data::Part::test).samples() == images_in("test_batch.bin"));
}
