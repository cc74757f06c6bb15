#include <lazytrain/backend/cuda/backend.cuh>

#include "network_runs.hpp"

namespace examples {

std::unique_ptr<NetworkRuns> network_runs_on_cuda(const NetworkChoice& choice, SameAlignment) {
  using B = lazytrain::cuda::Backend<float>;
  // Activations of the widest networks, whose parameters take some 30 GB beside them.
  return std::make_unique<NetworkRunsOn<B>>(choice, B({.chunk = 128}),
                                            lazytrain::nn::NetworkOptions{.memory = 2e10});
}

}  // namespace examples
