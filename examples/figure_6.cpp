// Figure 6: as Figure 1(a)-(b) with many neurons and samples, m = n = 200, from not lazy to lazy.
#include "support/neuron_paths.hpp"
#include "support/program.hpp"

int main(int argc, char** argv) {
  CLI::App app("Figure 6: paths of the neurons of a large network, from not lazy to lazy");
  examples::PathOptions options{.neurons = 200,
                                .samples = 200,
                                .taus = {0.01, 0.1, 1},
                                .iterations = 20000,
                                .seed = 4,
                                .out = "figure_6"};
  examples::declare(app, options);
  return examples::run_program(app, argc, argv, [&] {
    examples::figure_of_paths("figure_6", "Neurons during training, many neurons and samples", options);
  });
}
