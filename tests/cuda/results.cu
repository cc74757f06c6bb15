#include "results.hpp"
#include "steps.cuh"

#include <lazytrain/backend/cuda/backend.cuh>
#include <support/network_laws.hpp>
#include <support/training_laws.hpp>

namespace lazytrain::testing {

template <class S>
Sections<S> DeviceResults<S>::layers() {
  return all_layer_results<cuda::Backend<S>>();
}
template <class S>
Sections<S> DeviceResults<S>::small_networks() {
  return small_network_results(cuda::Backend<S>({.chunk = 2}));
}
template <class S>
Sections<S> DeviceResults<S>::paper_networks(double width, Index samples) {
  return paper_network_results(cuda::Backend<S>(), width, samples);
}
template <class S>
Results<S> DeviceResults<S>::training() {
  return training_results(cuda::Backend<S>());
}
template <class S>
Results<S> DeviceResults<S>::kernel() {
  return kernel_results(cuda::Backend<S>());
}

template <class S>
Results<S> DeviceResults<S>::steps() {
  return training_steps<S>();
}
template <class S>
Results<S> DeviceResults<S>::steps_of_graph() {
  return training_steps_of_graph<S>();
}

template struct DeviceResults<float>;
#ifndef LAZYTRAIN_TEST_FLOAT_ALONE
template struct DeviceResults<double>;
#endif

}  // namespace lazytrain::testing
