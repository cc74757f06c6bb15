#pragma once

#include <concepts>
#include <cstddef>
#include <lazytrain/core/types.hpp>

/// The backend of NVIDIA's GPUs. Its arithmetic is written once, as function objects of which one call is
/// what one thread of a device does, over an *executor* that runs them: `cuda::Device` (device.cuh) on a GPU,
/// or a loop on the host, with which the same index arithmetic, layouts and arguments of matrix products are
/// tested without one. The `.hpp` of this folder need Eigen alone; nvcc must see the `.cuh`.
namespace lazytrain::cuda {

/// Whether a matrix enters a product as it is or transposed.
enum class Transpose { no, yes };

/// The arithmetic of matrix products in single precision. Double precision is IEEE always.
enum class Arithmetic {
  ieee,  ///< products and sums in single precision
  tf32   ///< factors rounded to 10 bits on tensor cores: relative errors of some 1e-3 in a product
};

/// Column-major matrices of a product C = op(A) op(B) + beta C, op(A) m x k, op(B) k x n, with the leading
/// dimension (the distance of columns) of each; `count` such products, whose matrices are steps apart. One
/// product may have an epilogue: `bias`, if it is not null, is added to every column of C, and then C becomes
/// max(C, 0) if `rectify`.
template <class S>
struct MatrixProduct {
  Transpose left = Transpose::no;
  Transpose right = Transpose::no;
  Index m = 0;
  Index n = 0;
  Index k = 0;
  const S* a = nullptr;
  Index lda = 0;
  const S* b = nullptr;
  Index ldb = 0;
  S beta = 0;
  S* c = nullptr;
  Index ldc = 0;
  Index count = 1;
  Index step_a = 0;
  Index step_b = 0;
  Index step_c = 0;
  const S* bias = nullptr;
  bool rectify = false;
};

/// A function object that an executor can be asked to run: what a thread does for one index.
struct AnyThread {
  constexpr void operator()(Index) const {}
};

// clang-format off

/// Where memory is and what computes there, in the order of the calls, all static: an executor has no state of its
/// own. Calls may return before their work is done; `download` and `synchronize` return after all work before them.
///  * `allocate(bytes)`, `release(memory)`: uninitialized memory, not null for bytes > 0;
///  * `upload(to, from, bytes)` from the host, `download(to, from, bytes)` to it, `copy(to, from, bytes)`;
///  * `for_each(count, f)`: f(i) for 0 <= i < count, in any order, perhaps at the same time;
///  * `Products`, a class with `use(arithmetic)` and `multiply(product)` for float and double.
/// Failures throw std::runtime_error; `release` does not fail.
template <class E>
concept Executor = std::default_initializable<typename E::Products> &&
    requires(void* memory, const void* from, std::size_t bytes, Index count, AnyThread f,
             typename E::Products& products, const MatrixProduct<float>& single, const MatrixProduct<double>& twice) {
  { E::allocate(bytes) } -> std::same_as<void*>;
  { E::release(memory) } noexcept;
  E::upload(memory, from, bytes);
  E::download(memory, from, bytes);
  E::copy(memory, from, bytes);
  E::synchronize();
  E::for_each(count, f);
  products.use(Arithmetic::ieee);
  products.multiply(single);
  products.multiply(twice);
};

// clang-format on

}  // namespace lazytrain::cuda
