// Figure 1(a)-(b): 20 neurons in the plane learn three from 15 samples; small weights travel to the teacher's
// directions, large ones fit the samples without moving much.
#include "support/neuron_paths.hpp"
#include "support/program.hpp"

int main(int argc, char** argv) {
  CLI::App app("Figure 1(a)-(b): paths of the neurons of a small network, not lazy and lazy");
  examples::PathOptions options{.seed = 4, .out = "figure_1ab"};
  examples::declare(app, options);
  return examples::run_program(
      app, argc, argv, [&] { examples::figure_of_paths("figure_1ab", "Neurons during training", options); });
}
