#include "results.hpp"

#include <lazytrain/backend/cuda/backend.cuh>
#include <support/exponential_laws.hpp>
#include <support/laziness_laws.hpp>

namespace lazytrain::testing {

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

template struct DeviceDiagnostics<float>;
#ifndef LAZYTRAIN_TEST_FLOAT_ALONE
template struct DeviceDiagnostics<double>;
#endif

}  // namespace lazytrain::testing
