#pragma once

#include <algorithm>
#include <concepts>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/unit_vectors.hpp>
#include <lazytrain/model/gram.hpp>
#include <stdexcept>

/// Tangent kernels as matrices. Output c of sample i has index i k + c, as in F.
///
/// The *raw* kernel is the paper's (7), K = J J^T: K[(i,c), (j,e)] = D_w f_c(w, x_i) . D_w f_e(w, x_j),
/// without the weights of F. The operator Sigma = Dh(w) Dh(w)^T on F, which drives training, is K W with the
/// weights W; its eigenvalues are those of the symmetric matrix W^(1/2) K W^(1/2), K/n for the empirical
/// measure.
namespace lazytrain {

/// The raw tangent kernel (7), N x N. Cost: see `gram`.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> tangent_kernel(const Tangent<H>& tangent) {
  return gram(tangent);
}
/// The same of h at w. @throws std::invalid_argument if w has a wrong size
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> tangent_kernel(const H& h, const parameters_t<H>& w) {
  return gram(linearize(h, w));
}

/// W^(1/2) K W^(1/2), N x N and symmetric to the bit where K is: Sigma = Dh(w) Dh(w)^T in the coordinates
/// `OutputSpace::to_euclidean`. Cost: that of the raw kernel.
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> sigma_matrix(const Tangent<H>& tangent) {
  using S = scalar_t<H>;
  Matrix<S> sigma = gram(tangent);
  Vector<S> roots = Vector<S>::Ones(sigma.rows());
  tangent.output_space().to_euclidean(roots);
  for (Index j = 0; j < sigma.cols(); ++j) sigma.col(j).array() *= (roots * roots(j)).array();
  return sigma;
}
/// The same of h at w. @throws std::invalid_argument if w has a wrong size
template <Model H>
[[nodiscard]] Matrix<scalar_t<H>> sigma_matrix(const H& h, const parameters_t<H>& w) {
  return sigma_matrix(linearize(h, w));
}

namespace detail {

/// Calls add(i, j, the k x k block of samples i and j) for a kernel of k outputs a sample.
template <class Derived, class Add>
void for_sample_blocks(const char* function, const Eigen::MatrixBase<Derived>& kernel, Index outputs,
                       Add&& add) {
  require_argument(outputs >= 1, function, "outputs", outputs, "at least 1");
  require_argument(kernel.rows() % outputs == 0, function, "kernel.rows()", kernel.rows(),
                   "a multiple of the outputs");
  require_argument(kernel.cols() % outputs == 0, function, "kernel.cols()", kernel.cols(),
                   "a multiple of the outputs");
  for (Index j = 0; j < kernel.cols() / outputs; ++j) {
    for (Index i = 0; i < kernel.rows() / outputs; ++i) {
      add(i, j, kernel.derived().block(i * outputs, j * outputs, outputs, outputs));
    }
  }
}

}  // namespace detail

/// The kernel between samples, summed over the k outputs: sum_c K[(i,c), (j,c)], n x n' from nk x n'k.
/// @throws std::invalid_argument unless the kernel's sides are multiples of k >= 1
template <class Derived>
[[nodiscard]] Matrix<typename Derived::Scalar> trace_kernel(const Eigen::MatrixBase<Derived>& kernel,
                                                            Index outputs) {
  Matrix<typename Derived::Scalar> out(kernel.rows() / std::max<Index>(outputs, 1),
                                       kernel.cols() / std::max<Index>(outputs, 1));
  detail::for_sample_blocks("trace_kernel", kernel, outputs,
                            [&](Index i, Index j, const auto& block) { out(i, j) = block.trace(); });
  return out;
}

/// The kernel between samples of one output: K[(i,c), (j,c)], n x n' from nk x n'k.
/// @throws std::invalid_argument unless the kernel's sides are multiples of k and 0 <= c < k
template <class Derived>
[[nodiscard]] Matrix<typename Derived::Scalar> output_kernel(const Eigen::MatrixBase<Derived>& kernel,
                                                             Index outputs, Index output) {
  require_argument(output >= 0 && output < outputs, "output_kernel", "output", output,
                   "an output from 0 to outputs - 1");
  Matrix<typename Derived::Scalar> out(kernel.rows() / outputs, kernel.cols() / outputs);
  detail::for_sample_blocks("output_kernel", kernel, outputs,
                            [&](Index i, Index j, const auto& block) { out(i, j) = block(output, output); });
  return out;
}

/// The raw kernel J J'^T between two tangents at the same w of one network on two data sets: N x N', train x
/// test.
///
/// A linearization with `cross_gram(other, out)` computes it by its own structure. Otherwise it takes a vjp
/// of one and a jvp of the other for every output of the smaller set, and two vectors beside the result: no
/// Jacobian is formed.
/// @throws std::invalid_argument if the tangents differ in the size of w, or in w where they know it
template <Model H, Model G>
requires std::same_as<parameters_t<H>, parameters_t<G>>
[[nodiscard]] Matrix<scalar_t<H>> cross_kernel(const Tangent<H>& train, const Tangent<G>& test) {
  require_size("cross_kernel", "test's w", test.parameter_dim(), train.parameter_dim(), "train's w");
  Matrix<scalar_t<H>> out(train.output_dim(), test.output_dim());
  if constexpr (requires { train.native().parameters() == test.native().parameters(); }) {
    if (!(train.native().parameters() == test.native().parameters())) {
      raise<std::invalid_argument>("cross_kernel", "test is linearized at another w, expected train's");
    }
  }
  if constexpr (requires { train.native().cross_gram(test.native(), out); }) {
    train.native().cross_gram(test.native(), out);
  } else {
    parameters_t<H> gradient(train.parameter_dim());
    const auto fill_columns = [&](const auto& from, const auto& to, auto keep) {
      auto image = zeros_like(to.value());
      for_each_unit_vector(from.value(), [&](Index j, const auto& cotangent) {
        from.vjp(cotangent, gradient);
        to.jvp(gradient, image);
        keep(j, host_numbers(image));
      });
    };
    if (test.output_dim() <= train.output_dim()) {
      fill_columns(test, train, [&](Index j, const auto& column) { out.col(j) = column; });
    } else {
      fill_columns(train, test, [&](Index i, const auto& row) { out.row(i) = row.transpose(); });
    }
  }
  return out;
}

/// The same of two models at w. @throws std::invalid_argument if a size is wrong
template <Model H, Model G>
[[nodiscard]] Matrix<scalar_t<H>> cross_kernel(const H& train, const G& test, const parameters_t<H>& w) {
  return cross_kernel(linearize(train, w), linearize(test, w));
}

}  // namespace lazytrain
