#include <atomic>
#include <lazytrain/backend/cpu/parallel.hpp>
#include <stdexcept>
#include <support/catch.hpp>
#include <vector>

using namespace lazytrain;
using namespace lazytrain::testing;

TEST_CASE("threads: a request is taken at its word, 0 is the processor's number", "[backend]") {
  CHECK(cpu::thread_count(3) == 3);
  CHECK(cpu::thread_count(0) >= 1);
}

TEST_CASE("every chunk is done once, by a worker below the number of threads", "[backend]") {
  for (const Index threads : {1, 2, 3, 7}) {
    for (const Index count : {0, 1, 2, 5, 100}) {
      CAPTURE(threads, count);
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      std::atomic<bool> bounded = true;
      const auto visit = [&](Index i, Index worker) {
        ++calls[static_cast<std::size_t>(i)];
        if (worker < 0 || worker >= threads) bounded = false;
      };
      cpu::for_chunks(threads, count, visit);
      std::vector<Index> order;
      cpu::for_chunks_in_order(threads, count, visit, [&](Index i, Index) { order.push_back(i); });
      for (const auto& c : calls) CHECK(c == 2);
      CHECK(bounded);
      REQUIRE(static_cast<Index>(order.size()) == count);
      for (Index i = 0; i < count; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
    }
  }
}

TEST_CASE("a sum committed in order has the same bits for every number of threads", "[backend]") {
  const auto sum = [](Index threads) {
    std::vector<float> terms(static_cast<std::size_t>(threads));
    float total = 0;
    cpu::for_chunks_in_order(
        threads, 200,
        [&](Index i, Index worker) {
          terms[static_cast<std::size_t>(worker)] = 1.0f / static_cast<float>(i * i + 1);
        },
        [&](Index, Index worker) { total += terms[static_cast<std::size_t>(worker)]; });
    return total;
  };
  const float serial = sum(1);
  for (const Index threads : {2, 3, 8}) CHECK(sum(threads) == serial);
}

TEST_CASE("an exception from inside a thread arrives, and ends the work", "[backend]") {
  for (const Index threads : {1, 2, 4}) {
    for (const Index bad : {0, 1, 37, 99}) {
      CAPTURE(threads, bad);
      const auto fail = [bad](Index i, Index) {
        if (i == bad) throw std::runtime_error("chunk " + std::to_string(i));
      };
      const std::string expected = "chunk " + std::to_string(bad);
      const auto nothing = [](Index, Index) {};
      CHECK(message_of<std::runtime_error>([&] { cpu::for_chunks(threads, 100, fail); }) == expected);
      CHECK(message_of<std::runtime_error>([&] { cpu::for_chunks_in_order(threads, 100, fail, nothing); }) ==
            expected);
      Index committed = 0;
      CHECK(message_of<std::runtime_error>([&] {
              cpu::for_chunks_in_order(threads, 100, nothing, [&](Index i, Index worker) {
                fail(i, worker);
                ++committed;
              });
            }) == expected);
      CHECK(committed == bad);
    }
  }
}
