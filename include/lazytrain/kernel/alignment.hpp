#pragma once

#include <lazytrain/core/output_space.hpp>
#include <lazytrain/kernel/spectrum.hpp>

namespace lazytrain {

/// An element g of F, for example the residual y* - h(w0), in the eigenvectors u_i of the tangent kernel.
struct Alignment {
  /// <g, u_i>_F.
  Vector<double> coefficients;
  /// The fraction of ||g||_F^2 in the first j modes, at j - 1. Ends at 1 with all modes; g = 0 has it all.
  Vector<double> energy;

  /// The least j with at least that fraction of the energy in the first j modes, or -1 if those that are
  /// known do not have it. @throws std::domain_error unless 0 <= fraction <= 1
  [[nodiscard]] Index modes_for(double fraction) const {
    require_domain(fraction >= 0 && fraction <= 1, "Alignment::modes_for", "fraction", fraction,
                   "a number in [0, 1]");
    if (fraction == 0) return 0;
    for (Index i = 0; i < energy.size(); ++i) {
      if (energy(i) >= fraction) return i + 1;
    }
    return -1;
  }
};

/// How much of g lies in which modes: a target in the first ones is learned fast, at the rates σ_i. Cost: N
/// operations a mode.
/// @throws std::invalid_argument if a size is wrong or the spectrum was computed without eigenvectors
template <class S>
[[nodiscard]] Alignment alignment(const Spectrum<S>& spectrum, const OutputSpace& space,
                                  view_t<Vector<S>> g) {
  require_size("alignment", "g", g.size(), space.dim(), "the dimension of F");
  require_size("alignment", "spectrum.vectors.rows()", spectrum.vectors.rows(), space.dim(),
               "the dimension of F");
  require_size("alignment", "spectrum.vectors.cols()", spectrum.vectors.cols(), spectrum.values.size(),
               "the number of eigenvalues: ask for Eigenvectors::wanted");
  Vector<S> cotangent = g;
  space.to_cotangent(cotangent);
  const double total = static_cast<double>(cotangent.dot(g));
  Alignment out{(spectrum.vectors.transpose() * cotangent).template cast<double>(),
                Vector<double>(spectrum.values.size())};
  double sum = 0;
  for (Index i = 0; i < out.energy.size(); ++i) {
    sum += out.coefficients(i) * out.coefficients(i);
    out.energy(i) = total > 0 ? sum / total : 1.0;
  }
  return out;
}

}  // namespace lazytrain
