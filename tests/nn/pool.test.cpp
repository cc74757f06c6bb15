#include <lazytrain/nn/pool.hpp>
#include <support/catch.hpp>
#include <vector>

using lazytrain::nn::detail::Pool;
using lazytrain::nn::detail::Pooled;

TEST_CASE("what a pool lends returns to it and is lent again") {
  const auto pool = std::make_shared<Pool<std::vector<int>>>();
  const int* memory = nullptr;
  {
    const Pooled<std::vector<int>> first(pool, std::vector<int>{1, 2, 3});
    memory = first->data();
    CHECK(pool->take() == nullptr);
  }
  const Pooled<std::vector<int>> again(pool, std::vector<int>{});
  CHECK(again->data() == memory);
  CHECK(*again == std::vector<int>{1, 2, 3});
}

TEST_CASE("copies of what a pool lends are independent, moves take it along") {
  const auto pool = std::make_shared<Pool<std::vector<int>>>();
  Pooled<std::vector<int>> one(pool, std::vector<int>{1});
  Pooled<std::vector<int>> two = one;
  two->at(0) = 2;
  CHECK(one->at(0) == 1);
  one = two;
  two->at(0) = 3;
  CHECK(one->at(0) == 2);
  const int* const memory = two->data();
  one = std::move(two);
  CHECK(one->data() == memory);
}

TEST_CASE("a copy into used memory has the original's content") {
  const auto pool = std::make_shared<Pool<std::vector<int>>>();
  { const Pooled<std::vector<int>> used(pool, std::vector<int>{9, 9}); }
  const Pooled<std::vector<int>> one(std::make_shared<Pool<std::vector<int>>>(), std::vector<int>{4});
  Pooled<std::vector<int>> target(pool, std::vector<int>{});
  target = one;
  CHECK(*target == std::vector<int>{4});
}
