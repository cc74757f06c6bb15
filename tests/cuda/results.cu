// One file: what these have in common is compiled once. It includes every header of lazytrain::lazytrain, so
// that nvcc sees each; those of lazytrain::cuda are its own.
#include "results.hpp"
#include "steps.cuh"

#include <lazytrain/backend/cuda/backend.cuh>
#include <lazytrain/lazytrain.hpp>
#include <support/exponential_laws.hpp>
#include <support/laziness_laws.hpp>
#include <support/network_laws.hpp>
#include <support/training_laws.hpp>
#include <support/twin_laws.hpp>

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

template <class S>
Results<S> DeviceDiagnostics<S>::exponential() {
  return exponential_results(cuda::Backend<S>());
}
template <class S>
Results<S> DeviceDiagnostics<S>::spectrum() {
  return spectrum_results(cuda::Backend<S>());
}
template <class S>
Results<S> DeviceDiagnostics<S>::regression() {
  return regression_results(cuda::Backend<S>());
}
template <class S>
Results<S> DeviceDiagnostics<S>::laziness() {
  return laziness_results(cuda::Backend<S>());
}

template <class S>
Results<S> DeviceFlows<S>::both() {
  return twin_results(cuda::Backend<S>());
}
template <class S>
Results<S> DeviceFlows<S>::composed() {
  return composed_results(cuda::Backend<S>());
}

template struct DeviceResults<float>;
template struct DeviceDiagnostics<float>;
template struct DeviceFlows<float>;
#ifndef LAZYTRAIN_TEST_FLOAT_ALONE
template struct DeviceResults<double>;
template struct DeviceDiagnostics<double>;
template struct DeviceFlows<double>;
#endif

}  // namespace lazytrain::testing
