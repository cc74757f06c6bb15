#include "results.hpp"

#include <lazytrain/backend/cuda/backend.cuh>
#include <support/twin_laws.hpp>

namespace lazytrain::testing {

template <class S>
Results<S> DeviceFlows<S>::both() {
  return twin_results(cuda::Backend<S>());
}
template <class S>
Results<S> DeviceFlows<S>::composed() {
  return composed_results(cuda::Backend<S>());
}

template struct DeviceFlows<float>;
#ifndef LAZYTRAIN_TEST_FLOAT_ALONE
template struct DeviceFlows<double>;
#endif

}  // namespace lazytrain::testing
