#include <cmath>
#include <lazytrain/nn/network.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <string>
#include <support/model_laws.hpp>
#include <support/network_laws.hpp>
#include <vector>

#include "small_networks.hpp"

using namespace lazytrain;
using namespace lazytrain::testing;

TEMPLATE_TEST_CASE("networks of every kind of layer obey the laws of models", "[nn]", float, double) {
  using S = TestType;
  Philox rng(1);
  for (const auto& [name, net] : smooth_networks<cpu::Backend<S>>()) {
    INFO(name);
    const auto h = net.on(normal_matrix<S>(net.input_shape().dim(), 5, rng));
    check_model_laws(h, Vector<S>(S(0.3) * normal_vector<S>(net.parameter_dim(), rng)), 4000);
  }
}

TEST_CASE("blocks of parameters are named after kind and number, and follow each other", "[nn]") {
  using B = cpu::Backend<double>;
  const nn::Network<B> net({2, 4, 4},
                           nn::Series<B>{nn::Conv{.filters = 3}, nn::Pointwise<>{}, nn::Conv{.filters = 2},
                                         nn::MaxPool{}, nn::Dense{.outputs = 5}});
  std::string names;
  Index offset = 0;
  for (const auto& block : net.parameters()) {
    names += block.name + " ";
    CHECK(block.offset == offset);
    offset += block.size();
  }
  CHECK(names == "conv1.weight conv1.bias conv2.weight conv2.bias dense1.weight dense1.bias ");
  CHECK(offset == net.parameter_dim());
  CHECK(offset == 3 * 18 + 3 + 2 * 27 + 2 + 5 * 8 + 5);
  CHECK(net.outputs() == 5);
}

TEST_CASE("errors of construction and use name the layer and the size", "[nn]") {
  using B = cpu::Backend<double>;
  const auto refusal = [](const nn::Series<B>& layers, const nn::ImageShape& input = {2, 4, 4}) {
    return message_of<std::invalid_argument>([&] { nn::Network<B>(input, layers); });
  };
  using nn::Conv, nn::Dense, nn::MaxPool, nn::Pointwise, nn::Series;
  CHECK(
      refusal(Series<B>{Conv{.filters = 3}, Conv{.filters = 3, .kernel = 7, .padding = 0}}) ==
      "lazytrain::Network: layer conv2 does not fit its input 3 x 4 x 4: lazytrain::Conv: shape.kernel is 7, "
      "expected at most shape.height + 2 shape.padding");
  CHECK_THAT(refusal(Series<B>{Dense{.outputs = 0}}),
             ContainsSubstring("layer dense1 does not fit its input"));
  CHECK_THAT(refusal(Series<B>{MaxPool{}, MaxPool{}, MaxPool{}}),
             ContainsSubstring("layer max_pool3 does not fit its input 2 x 1 x 1"));
  CHECK(refusal(Series<B>().add_residual(Series<B>{Conv{.filters = 3}})) ==
        "lazytrain::Network: residual1's shortcut has outputs 2 x 4 x 4, expected 3 x 4 x 4, those of its "
        "body");
  CHECK(refusal(Series<B>()) == "lazytrain::Network: the number of layers is 0, expected at least 1");
  CHECK(refusal(Series<B>{Pointwise<>{}}, {2, 0, 4}) ==
        "lazytrain::Network: input is 2 x 0 x 4, expected sizes of at least 1");

  for (const double memory : {-1.0, std::nan("")}) {
    CHECK_THROWS_AS(nn::Network<B>({2, 4, 4}, Series<B>{Dense{.outputs = 3}}, B(), {.memory = memory}),
                    std::domain_error);
  }
  const nn::Network<B> net({2, 4, 4}, Series<B>{Dense{.outputs = 3}});
  CHECK_THROWS_AS(net.with_memory(-1), std::domain_error);
  CHECK_THAT(
      message_of<std::invalid_argument>([&] { (void)net.on(Matrix<double>::Zero(32, 5), empirical(15)); }),
      ContainsSubstring("expected 5 samples x 3 outputs"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)net.on(Matrix<double>(31, 2)); }),
             ContainsSubstring("X.rows() has size 31, expected 32 (the coordinates of an input 2 x 4 x 4)"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)net.on(Matrix<double>(32, 0)); }),
             ContainsSubstring("the number of inputs is 0"));
  const auto h = net.on(Matrix<double>::Ones(32, 2));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)h.linearize(Vector<double>::Ones(5)); }),
             ContainsSubstring("w has size 5, expected 99"));
  CHECK_THAT(message_of<std::invalid_argument>([&] { (void)h.displace(Vector<double>::Ones(5), 0.1); }),
             ContainsSubstring("w0 has size 5, expected 99"));
  CHECK_THROWS_AS(h.displace(Vector<double>::Ones(99), -1.0), std::domain_error);
}

TEST_CASE("values are those of plain loops", "[nn]") {
  Philox rng(3);
  const auto net = naive_network<cpu::Backend<double>>();
  const Matrix<double> X = normal_matrix(net.input_shape().dim(), 7, rng);
  const Vector<double> w = normal_vector(net.parameter_dim(), rng);
  const auto expected = naive_values<double>(w, X);
  const Matrix<double> outputs = net(w, X);
  CHECK((outputs.reshaped() - expected).norm() <= roundoff<double>(200) * expected.norm());
  CHECK(linearize(net.on(X), w).value() == Vector<double>(outputs.reshaped()));
}

namespace {

/// A relu that stands alone: of another type.
struct LoneRelu : Relu {};

}  // namespace

TEMPLATE_TEST_CASE("relus computed by the layers before give the numbers of those that stand alone", "[nn]",
                   float, double) {
  using S = TestType;
  using B = cpu::Backend<S>;
  const B backend({.threads = 2, .chunk = 2});
  const auto relu = [](auto sigma) {
    using Sigma = decltype(sigma);
    return nn::Series<B>{nn::Conv{.filters = 3}, nn::Pointwise<Sigma>{}, nn::Conv{.filters = 2},
                         nn::Pointwise<Sigma>{}, nn::MaxPool{},          nn::Dense{.outputs = 4},
                         nn::Pointwise<Sigma>{}};
  };
  const auto check = [](const nn::Network<B>& merged, const nn::Network<B>& alone) {
    CHECK(merged.graph().size() == alone.graph().size());
    const auto found = network_results(merged, 5), expected = network_results(alone, 5);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(found[i].first);
      CHECK(found[i].second == expected[i].second);
    }
  };
  check(naive_network<B>(backend), naive_network<B, LoneRelu>(backend));
  check({{2, 5, 5}, relu(Relu{}), backend}, {{2, 5, 5}, relu(LoneRelu{}), backend});
}

TEST_CASE("outputs weigh as the space says", "[nn]") {
  Philox rng(4);
  const auto net = naive_network<cpu::Backend<double>>();
  const Matrix<double> X = normal_matrix(net.input_shape().dim(), 7, rng);
  const Vector<double> ones = Vector<double>::Ones(21);
  CHECK_THAT(net.on(X).output_space().inner(ones, ones), WithinRel(3.0, roundoff<double>(50)));
  CHECK(net.on(X, euclidean(21)).output_space() == euclidean(21));
  CHECK_THAT(message_of<std::invalid_argument>([&] {
               (void)net.on(std::make_shared<const Matrix<double>>(X), OutputSpace::empirical(6, 3));
             }),
             ContainsSubstring("space has size 18, expected 21 (samples n times outputs k)"));
}
