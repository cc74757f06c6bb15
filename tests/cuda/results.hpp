#pragma once

#include <support/device_laws.hpp>

/// The scalar types of the tests.
#ifdef LAZYTRAIN_TEST_FLOAT_ALONE
#define LAZYTRAIN_TEST_SCALARS float
#else
#define LAZYTRAIN_TEST_SCALARS float, double
#endif

namespace lazytrain::testing {

/// What networks give on a device: compiled by nvcc (results.cu), compared by tests that the host's compiler
/// compiles.
template <class S>
struct DeviceResults {
  [[nodiscard]] static Sections<S> layers();
  [[nodiscard]] static Sections<S> small_networks();
  [[nodiscard]] static Sections<S> paper_networks(double width, Index samples);
  [[nodiscard]] static Results<S> training();
  [[nodiscard]] static Results<S> kernel();
  /// Where four training steps end, each asked for, and as launches of a graph.
  [[nodiscard]] static Results<S> steps();
  [[nodiscard]] static Results<S> steps_of_graph();
};

/// What exponential methods, spectra, kernel regression and diagnostics give there.
template <class S>
struct DeviceDiagnostics {
  [[nodiscard]] static Results<S> exponential();
  [[nodiscard]] static Results<S> spectrum();
  [[nodiscard]] static Results<S> regression();
  [[nodiscard]] static Results<S> laziness();
};

/// What the two flows and models of models give there.
template <class S>
struct DeviceFlows {
  [[nodiscard]] static Results<S> both();
  [[nodiscard]] static Results<S> composed();
};

}  // namespace lazytrain::testing
