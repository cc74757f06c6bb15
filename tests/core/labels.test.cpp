#include <cstdint>
#include <lazytrain/core/labels.hpp>

#include "support/catch.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("one-hot targets: column i is the basis vector of label i", "[loss]") {
  CHECK(one_hot({2, 0}, 3) == Matrix<double>{{0, 1}, {0, 0}, {1, 0}});
  CHECK(one_hot<float>({}, 2).cols() == 0);
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)one_hot({0, 1, 2}, 2);
             }),
             ContainsSubstring("lazytrain::one_hot: labels[2] is 2, expected a class from 0 to 1"));
  CHECK_THAT(message_of<std::domain_error>([] { (void)one_hot({-1}, 2); }),
             ContainsSubstring("labels[0] is -1"));
  CHECK_THAT(message_of<std::invalid_argument>([] { (void)one_hot({0}, 1); }),
             ContainsSubstring("classes is 1, expected at least 2"));
}

TEMPLATE_TEST_CASE("labels are integers of any type", "[loss]", std::uint8_t, int, Index, std::size_t) {
  const std::vector<TestType> labels{2, 0};
  CHECK(one_hot(labels, 3) == one_hot({2, 0}, 3));
  CHECK(one_hot(Eigen::VectorXi(Eigen::Vector2i(2, 0)), 3) == one_hot({2, 0}, 3));
  CHECK_THAT(message_of<std::domain_error>([&] { (void)one_hot(labels, 2); }),
             ContainsSubstring("labels[0] is 2"));
}

TEST_CASE("signs: class 0 is -1 and class 1 is +1", "[loss]") {
  CHECK(signs_of_classes<float>({1, 0, 1}) == Vector<float>{{1, -1, 1}});
  CHECK_THAT(message_of<std::domain_error>([] {
               (void)signs_of_classes({0, 2});
             }),
             ContainsSubstring("lazytrain::signs_of_classes: labels[1] is 2, expected a class from 0 to 1"));
}
