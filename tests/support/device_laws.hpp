#pragma once

#include <cmath>
#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/backend/cuda/backend.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/core/vector.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/contraction.hpp>
#include <support/convolution.hpp>
#include <support/epilogues.hpp>
#include <support/tolerance.hpp>
#include <utility>
#include <vector>

/// What an executor owes: agreement with the definition and with the host's backend. The same checks run on a
/// loop of the host, without a device, and on a device.
namespace lazytrain::testing {

/// How close the results of two backends must be, relative to the norm.
template <class S>
constexpr double agreement = std::same_as<S, float> ? 1e-5 : 1e-12;

template <class S>
const Vector<S>& on_host(const Vector<S>& v) {
  return v;
}
template <class S, class E>
Vector<S> on_host(const cuda::Vector<S, E>& v) {
  return v.to_host();
}
template <class S>
const Matrix<S>& on_host(const Matrix<S>& m) {
  return m;
}
template <class S, class E>
Matrix<S> on_host(const cuda::Batch<S, E>& batch) {
  return batch.to_host();
}

/// Results under names, on the host.
template <class S>
using Results = std::vector<std::pair<std::string, Vector<S>>>;

/// Results of several objects, under their names.
template <class S>
using Sections = std::vector<std::pair<std::string, Results<S>>>;

template <class S>
void check_agreement(const Results<S>& found, const Results<S>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(found[i].first);
    REQUIRE(found[i].second.size() == expected[i].second.size());
    CHECK(static_cast<double>((found[i].second - expected[i].second).norm()) <=
          agreement<S> * static_cast<double>(expected[i].second.norm()));
  }
}
template <class S>
void check_agreement(const Sections<S>& found, const Sections<S>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(found[i].first);
    check_agreement(found[i].second, expected[i].second);
  }
}

/// Convolution and its transposes on odd shapes, by their definition, in groups of images and at once.
template <class S, class E>
void check_convolutions() {
  using B = cuda::ExecutorBackend<S, E>;
  using V = typename B::Vector;
  const Index n = 3;
  for (const ConvShape& s : odd_conv_shapes()) {
    CAPTURE(s);
    Philox rng(1);
    const Vector<S> w = normal_vector<S>(s.weight_dim(), rng), x = normal_vector<S>(s.input_dim() * n, rng),
                    gy = normal_vector<S>(s.output_dim() * n, rng);
    const V w_there(w), x_there(x), gy_there(gy);
    for (const double patch_memory : {1.0, 1e9}) {
      const B backend({.patch_memory = patch_memory});
      typename B::Workspace scratch;
      const auto weights = backend.weights(s, w_there.data());
      V y(gy.size()), gx(x.size()), gw(w.size());
      const auto check = [](const V& found, const ConvSums& exact, double factor) {
        const Vector<double> error = found.to_host().template cast<double>() - factor * exact.value;
        // NaN where memory was not written.
        CHECK(error.cwiseAbs().maxCoeff() <= roundoff<S>(100) * exact.magnitude.maxCoeff());
        CHECK(error.allFinite());
      };
      double factor = 1;
      for (const Write write : {Write::assign, Write::add}) {
        backend.convolve(weights, x_there.data(), n, y.data(), write, scratch);
        backend.convolve_transposed(weights, gy_there.data(), n, gx.data(), write, scratch);
        backend.convolve_weights(s, x_there.data(), gy_there.data(), n, gw.data(), write, scratch);
        check(y, naive_forward(s, w, x, n), factor);
        check(gx, naive_input_gradient(s, w, gy, n), factor);
        check(gw, naive_weight_gradient(s, x, gy, n), factor);
        factor = 2;
      }
    }
  }
}

/// Convolutions with epilogues are those without, and then biases, signs and masks, on odd shapes.
template <class S, class E>
void check_epilogues_on_executor() {
  using V = cuda::Vector<S, E>;
  for (const double patch_memory : {1.0, 1e9}) {
    check_epilogues<S>(
        cuda::ExecutorBackend<S, E>({.patch_memory = patch_memory}), [](const Vector<S>& x) { return V(x); },
        [](const V& x) { return x.to_host(); });
  }
}

/// The operations of core/vector.hpp, on sizes below and above a reduction's number of threads.
template <class S, class E>
void check_vectors() {
  using V = cuda::Vector<S, E>;
  for (const Index size : {1, 2, 255, 257, 65537, 131099}) {
    CAPTURE(size);
    Philox rng(2);
    const Vector<S> x = normal_vector<S>(size, rng), y = normal_vector<S>(size, rng);
    const V there(x);
    V out(y);
    CHECK(dimension(there) == size);
    CHECK(there.to_host() == x);
    CHECK(zeros_like(there).to_host() == Vector<S>::Zero(size));
    const double scale_of_sum = static_cast<double>(x.norm() * y.norm());
    CHECK_THAT(
        static_cast<double>(dot(there, out)),
        WithinAbs(x.template cast<double>().dot(y.template cast<double>()), roundoff<S>(40) * scale_of_sum));
    CHECK(dot(there, out) == dot(there, out));
    V products(2);
    dot_to(there, out, products.data());
    sum_to(there, size, cuda::detail::Entry<S>{there.data()}, products.data() + 1);
    CHECK(products.to_host()(0) == dot(there, out));
    CHECK_THAT(static_cast<double>(products.to_host()(1)),
               WithinAbs(x.template cast<double>().sum(),
                         roundoff<S>(40) * static_cast<double>(x.cwiseAbs().sum())));
    CHECK_THAT(static_cast<double>(norm(there)),
               WithinRel(x.template cast<double>().norm(), roundoff<S>(40)));
    CHECK(all_finite(there));
    const Vector<S> several = dots(std::vector<V>{there, out, there}, out);
    REQUIRE(several.size() == 3);
    for (const auto& [found, left] : {std::pair{several(0), x}, {several(1), y}, {several(2), x}}) {
      CHECK_THAT(static_cast<double>(found),
                 WithinAbs(left.template cast<double>().dot(y.template cast<double>()),
                           roundoff<S>(40) * static_cast<double>(left.norm() * y.norm())));
    }
    V part(size / 2), whole(x);
    extract(whole, size - size / 2, part);
    CHECK(part.to_host() == x.tail(size / 2));
    insert(part, 0, whole);
    CHECK(whole.to_host().head(size / 2) == x.tail(size / 2));
    CHECK(whole.to_host().tail(size - size / 2) == x.tail(size - size / 2));
    axpy(S(0.5), there, out);
    CHECK((out.to_host() - (y + S(0.5) * x)).norm() <= static_cast<S>(roundoff<S>(2)) * out.to_host().norm());
    scale(S(-2), out);
    CHECK((out.to_host() + S(2) * (y + S(0.5) * x)).norm() <=
          static_cast<S>(roundoff<S>(2)) * out.to_host().norm());
    copy(there, out);
    CHECK(out.to_host() == x);
    fill(out, S(3));
    CHECK(out.to_host() == Vector<S>::Constant(size, 3));
    for (const S bad : {std::numeric_limits<S>::infinity(), std::numeric_limits<S>::quiet_NaN()}) {
      Vector<S> broken = x;
      broken(size / 2) = bad;
      CHECK_FALSE(all_finite(V(broken)));
    }
  }
}

/// Columns summed.
template <class S, class E>
void check_column_sums() {
  using B = cuda::ExecutorBackend<S, E>;
  using V = typename B::Vector;
  const B backend;
  for (const auto& [rows, columns] :
       {std::pair<Index, Index>{1, 1}, {5, 3}, {3, 1000}, {70000, 2}, {64, 8197}}) {
    CAPTURE(rows, columns);
    Philox rng(3);
    const Vector<S> values = normal_vector<S>(rows * columns, rng);
    const Eigen::Map<const Matrix<S>> y(values.data(), rows, columns);
    V sum(rows), out(values);
    const Vector<double> exact = y.template cast<double>().rowwise().sum();
    const double scale_of_sum = y.template cast<double>().cwiseAbs().rowwise().sum().maxCoeff();
    double factor = 1;
    for (const Write write : {Write::assign, Write::add}) {
      backend.sum_columns(out.data(), rows, columns, sum.data(), write);
      const Vector<double> error = sum.to_host().template cast<double>() - factor * exact;
      CHECK(error.cwiseAbs().maxCoeff() <= roundoff<S>(50) * factor * scale_of_sum);
      CHECK(error.allFinite());
      factor = 2;
    }
  }
}

/// The three contractions of a layer, between different images and of images with themselves, added to what
/// is there in a block of a larger matrix: J J'^T by the definition of the convolution.
template <class S, class E>
void check_contractions() {
  using B = cuda::ExecutorBackend<S, E>;
  using V = typename B::Vector;
  std::vector<ConvShape> shapes = odd_conv_shapes();
  shapes.push_back({.channels = 11, .height = 1, .width = 1, .filters = 7, .kernel = 1, .padding = 0});
  for (const ConvShape& shape : shapes) {
    LayerContraction layer{.shape = shape, .outputs = 2, .bias = shape.padding != 1};
    Philox rng(4);
    const Index n = 3, m = 2, k = layer.outputs;
    const RandomSamples<S> rows(shape, n, k, rng), columns(shape, m, k, rng);
    const NaiveJacobian J = naive_jacobian(layer, rows), L = naive_jacobian(layer, columns);
    const V x(Vector<S>(rows.activations.reshaped())), dx(Vector<S>(rows.deltas.reshaped())),
        z(Vector<S>(columns.activations.reshaped())), dz(Vector<S>(columns.deltas.reshaped()));
    const cuda::LayerSamples<S> left{x.data(), dx.data(), n}, right{z.data(), dz.data(), m};
    const auto check = [&](const cuda::LayerSamples<S>& other, const NaiveJacobian& K) {
      // A block one row and two columns from the corner of a matrix of ones.
      const Index height = n * k + 3, width = K.value.cols() + 4;
      Matrix<double> exact = Matrix<double>::Ones(height, width), magnitude = exact;
      exact.block(1, 2, n * k, K.value.cols()) += J.value.transpose() * K.value;
      magnitude.block(1, 2, n * k, K.value.cols()) += J.magnitude.transpose() * K.magnitude;
      for (const auto method :
           {KernelContraction::jacobian, KernelContraction::gram, KernelContraction::applied}) {
        layer.method = method;
        for (const double patch_memory : {1.0, 1e9}) {
          CAPTURE(shape, static_cast<int>(method), layer.bias, patch_memory);
          const B backend({.patch_memory = patch_memory});
          typename B::ContractionWorkspace scratch;
          typename B::Batch out = Matrix<S>(Matrix<S>::Ones(height, width));
          backend.contract(layer, left, other, backend.block(out, 1, 2, n * k, K.value.cols()), Write::add,
                           scratch);
          const Matrix<double> error = out.to_host().template cast<double>() - exact;
          CHECK(error.cwiseAbs().maxCoeff() <= roundoff<S>(100) * magnitude.maxCoeff());
          CHECK(error.allFinite());
        }
      }
    };
    check(right, L);
    check(left, J);
  }
}

}  // namespace lazytrain::testing
