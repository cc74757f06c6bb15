#include <filesystem>
#include <flow/problems.hpp>
#include <lazytrain/flow/chebyshev.hpp>
#include <lazytrain/flow/checkpoint.hpp>
#include <lazytrain/flow/dormand_prince.hpp>
#include <lazytrain/flow/euler.hpp>
#include <lazytrain/flow/exponential.hpp>
#include <lazytrain/flow/exponential_adams.hpp>
#include <lazytrain/flow/runge_kutta4.hpp>
#include <limits>
#include <support/catch.hpp>

using namespace lazytrain;
using namespace lazytrain::testing;

namespace {

/// A file of its own name that is gone afterwards.
struct Scratch {
  std::string path;
  explicit Scratch(const std::string& name)
      : path((std::filesystem::temp_directory_path() / ("lazytrain-flow-" + name)).string()) {
    std::filesystem::remove(path);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove(path); }

  [[nodiscard]] std::string bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void write(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }
};

auto tanh_field() {
  return displacement_field(oracle_network<Tanh>(),
                            square_loss(vector_of(oracle()["inputs"]["y_star"]), empirical(5)),
                            oracle_parameters("w_sym"), 2.0);
}

Checkpoint sample() {
  Checkpoint checkpoint;
  checkpoint.set("number", 0.1);
  checkpoint.set("integer", Index(1) << 52);
  checkpoint.set("words", std::string("a message, \xC3\xA9"));
  checkpoint.set("empty", Vector<double>());
  checkpoint.set("float", Vector<float>(Vector<float>::LinSpaced(5, 0.1F, 3.3F)));
  return checkpoint;
}

}  // namespace

TEMPLATE_TEST_CASE("A checkpoint gives back every bit", "", float, double) {
  using Limits = std::numeric_limits<TestType>;
  Vector<TestType> x(7);
  x << TestType(0.1), TestType(-0.0), Limits::denorm_min(), Limits::max(), Limits::infinity(),
      Limits::epsilon(), Limits::lowest();
  const Scratch file("bits");
  Checkpoint out;
  out.set("x", x);
  out.write(file.path);
  Vector<TestType> back(7);
  Checkpoint::read(file.path).get("x", back);
  CHECK(back == x);
  CHECK(std::signbit(back(1)));
}

TEST_CASE("A checkpoint reads as it was written") {
  const Scratch file("whole");
  sample().write(file.path);
  const Checkpoint back = Checkpoint::read(file.path);
  CHECK(back == sample());
  CHECK(back.number("number") == 0.1);
  CHECK(back.integer("integer") == Index(1) << 52);
  CHECK(back.words("words") == "a message, \xC3\xA9");
  CHECK(back.has("empty"));
  CHECK_FALSE(back.has("other"));
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)back.number("other"); }),
             ContainsSubstring("there is no array 'other' in '" + file.path));
  Vector<double> wrong(4);
  CHECK_THAT(message_of<std::runtime_error>([&] { back.get("float", wrong); }),
             ContainsSubstring("array 'float' in '" + file.path + "' has size 5, expected 4"));
}

TEST_CASE("A damaged checkpoint is refused, wherever it is damaged or cut") {
  const Scratch file("damaged");
  sample().write(file.path);
  const std::string whole = file.bytes();
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    file.write(bytes);
    CHECK_THROWS_AS(Checkpoint::read(file.path), std::runtime_error);
    file.write(whole.substr(0, i));
    CHECK_THROWS_AS(Checkpoint::read(file.path), std::runtime_error);
  }
  file.write(whole.substr(0, whole.size() - 1));
  CHECK_THAT(message_of<std::runtime_error>([&] { (void)Checkpoint::read(file.path); }),
             ContainsSubstring("lazytrain::Checkpoint::read: '" + file.path) &&
                 ContainsSubstring("has a wrong checksum, expected a whole checkpoint"));
  CHECK_THAT(message_of<std::runtime_error>([] { (void)Checkpoint::read("/no/such/file"); }),
             ContainsSubstring("'/no/such/file' cannot be opened"));
}

TEMPLATE_TEST_CASE("An interrupted run goes on with the same bits", "", Euler, RungeKutta4, DormandPrince,
                   Chebyshev, Exponential, ExponentialAdams) {
  const Vector<double> zero = Vector<double>::Zero(24);
  const FlowOptions whole{.horizon = 20, .relative_tolerance = 1e-7};
  auto field = tanh_field();
  const auto expected = integrate(TestType{}, field, zero, whole);
  REQUIRE(expected.counts.accepted > 7);

  const Scratch file("resume");
  FlowResult<Vector<double>> last;
  Index parts = 0;
  do {
    // A new field each time: nothing survives but the file.
    auto fresh = tanh_field();
    FlowOptions part = whole;
    part.checkpoint = file.path;
    part.checkpoint_every = 50;
    part.max_steps = Index(3) << ++parts;
    last = integrate(TestType{}, fresh, zero, part);
  } while (last.reason == StopReason::steps);
  INFO(parts << " parts");
  CHECK(parts >= 2);
  CHECK(last.reason == StopReason::horizon);
  CHECK(last.t == expected.t);
  CHECK(last.x == expected.x);
  CHECK(last.step == expected.step);
  CHECK(last.counts.accepted == expected.counts.accepted);
  CHECK(last.counts.rejected == expected.counts.rejected);
  CHECK(last.counts.evaluations == expected.counts.evaluations);
  CHECK(last.counts.refreshes == expected.counts.refreshes);
  CHECK_THAT(last.step_choice, ContainsSubstring("continued from '" + file.path));

  // A run that reached its horizon stays there.
  auto again = tanh_field();
  FlowOptions part = whole;
  part.checkpoint = file.path;
  const auto same = integrate(TestType{}, again, zero, part);
  CHECK(same.x == expected.x);
  CHECK(same.counts.evaluations == expected.counts.evaluations);
}

TEST_CASE("Samples and events of an interrupted run come once") {
  auto field = LogisticPair::field();
  using View = FlowView<decltype(field)>;
  using Action = Event<decltype(field)>::Action;
  const std::vector<Event<decltype(field)>> events = {
      {"half", [](const View& view) { return view.x(0) - 0.5; }, Action::record},
      {"most", [](const View& view) { return view.x(0) - 0.9; }, Action::stop}};
  FlowOptions options{.horizon = 10, .relative_tolerance = 1e-8, .sample_times = {0, 0.5, 1, 2, 2.5, 3, 4}};
  std::vector<double> expected_times;
  const auto expected = integrate(DormandPrince{}, field, LogisticPair::start(), options, events,
                                  [&](const View& view) { expected_times.push_back(view.t); });
  const Scratch file("events");
  options.checkpoint = file.path;
  std::vector<double> times;
  FlowResult<Vector<double>> last;
  for (int part = 0; part < 1000 && last.reason != StopReason::event; ++part) {
    // The observer stops at every sample, mostly within a step.
    last = integrate(DormandPrince{}, field, LogisticPair::start(), options, events, [&](const View& view) {
      times.push_back(view.t);
      return false;
    });
  }
  CHECK(times == expected_times);
  CHECK(last.x == expected.x);
  REQUIRE(last.events.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(last.events[i].name == expected.events[i].name);
    CHECK(last.events[i].t == expected.events[i].t);
  }
  // Once more: it has ended, and says how.
  const auto again = integrate(DormandPrince{}, field, LogisticPair::start(), options, events);
  CHECK(again.reason == StopReason::event);
  CHECK(again.message == expected.message);
  CHECK(again.x == expected.x);
  CHECK(again.t == expected.t);
}

TEST_CASE("A checkpoint of another problem or method is refused") {
  const Scratch file("other");
  auto field = LogisticPair::field();
  const FlowOptions options{.horizon = 1, .checkpoint = file.path};
  (void)integrate(DormandPrince{}, field, LogisticPair::start(), options);
  CHECK_THAT(message_of<std::invalid_argument>(
                 [&] { (void)integrate(Euler{}, field, LogisticPair::start(), options); }),
             ContainsSubstring("integrate: the method's order is 1, expected that of the checkpoint '"));
  auto decay = PlainField{[](const Vector<double>& x, Vector<double>& f) { f = -x; }};
  CHECK_THAT(message_of<std::runtime_error>(
                 [&] { (void)integrate(DormandPrince{}, decay, vector({1.0}), options); }),
             ContainsSubstring("array 'x' in '" + file.path + "' has size 2, expected 1"));
}

TEST_CASE("A checkpoint of other targets, another scale or a longer run is refused, and left as it is") {
  const Scratch file("targets");
  const auto w0 = oracle_parameters("w_uns");
  const auto h = centred(oracle_network<Tanh>(), w0);
  const Vector<double> y = vector_of(oracle()["inputs"]["y_star"]), zero = Vector<double>::Zero(w0.size());
  const auto run = [&](const Vector<double>& target, double alpha, double horizon) {
    auto field = displacement_field(h, square_loss(target, empirical(5)), w0, alpha);
    return integrate(DormandPrince{}, field, zero, {.horizon = horizon, .checkpoint = file.path});
  };
  const Vector<double> end = run(y, 2.0, 1.0).x;
  const std::string written = file.bytes();
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)run(2 * y, 2.0, 2.0); }),
             ContainsSubstring("of another problem") && ContainsSubstring(file.path));
  // At d = 0 the flows of a centred model do not depend on alpha; at the checkpoint's state they do.
  CHECK_THROWS_AS(run(y, 4.0, 2.0), std::invalid_argument);
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)run(y, 2.0, 0.5); }),
             ContainsSubstring("options.horizon is 0.5, expected at least 1"));
  CHECK(file.bytes() == written);
  CHECK(run(y, 2.0, 1.0).x == end);
}
