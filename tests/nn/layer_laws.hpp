#pragma once

#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/core/random.hpp>
#include <lazytrain/model/check_derivatives.hpp>
#include <lazytrain/nn/any_layer.hpp>
#include <nn/inputs.hpp>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <support/tolerance.hpp>
#include <utility>

namespace lazytrain::testing {

/// A layer with its calls on vectors: arrays of n samples, one after the other.
template <class S>
class LayerCalls {
 public:
  using B = cpu::Backend<S>;
  using V = Vector<S>;
  using Parameters = nn::LayerParameters<B>;

  LayerCalls(nn::AnyLayer<B> layer, const nn::ImageShape& input, Index samples)
      : layer_(std::move(layer)), inputs_(input.dim() * samples), samples_(samples) {}

  [[nodiscard]] Index inputs() const { return inputs_; }
  [[nodiscard]] Index outputs() const { return layer_.output_shape().dim() * samples_; }
  [[nodiscard]] const nn::AnyLayer<B>& layer() const { return layer_; }

  V forward(const V& w, const V& x) {
    V y(outputs());
    layer_.forward(chunk(), prepared(w), x.data(), y.data());
    return y;
  }
  V jvp(const V& w, const V& dw, const V& x, const V& dx) {
    const V y = forward(w, x);
    V dy(outputs());
    layer_.jvp(chunk(), prepared(w), prepared(dw), x.data(), y.data(), dx.data(), dy.data());
    return dy;
  }
  /// gx, gw.
  std::pair<V, V> vjp(const V& w, const V& x, const V& gy) {
    const V y = forward(w, x);
    V gx(inputs_), gw(w.size());
    layer_.vjp(chunk(), prepared(w), x.data(), y.data(), gy.data(), gx.data(), gw.data());
    return {gx, gw};
  }
  /// y0, dy.
  std::pair<V, V> displace(const V& w, const V& dw, S epsilon, const V& x0, const V& dx) {
    V pair(2 * inputs_), out(2 * outputs());
    pair << x0, dx;
    const V x = x0 + epsilon * dx;
    layer_.displace(chunk(), prepared(w), prepared(dw), epsilon, pair.data(), x.data(), out.data());
    return {out.head(outputs()), out.tail(outputs())};
  }
  V second(const V& w, const V& u, const V& v, const V& x, const V& xu, const V& xv, const V& xuv) {
    const V y = forward(w, x);
    V yuv(outputs());
    layer_.second(chunk(), prepared(w), prepared(u), prepared(v), x.data(), y.data(), xu.data(), xv.data(),
                  xuv.data(), yuv.data());
    return yuv;
  }
  struct SecondVjp {
    V gx, gxu, gwu;
  };
  SecondVjp second_vjp(const V& w, const V& u, const V& x, const V& xu, const V& gy, const V& gyu) {
    const V y = forward(w, x);
    SecondVjp out{V(inputs_), V(inputs_), V(w.size())};
    layer_.second_vjp(chunk(), prepared(w), prepared(u), x.data(), y.data(), xu.data(), gy.data(), gyu.data(),
                      out.gx.data(), out.gxu.data(), out.gwu.data());
    return out;
  }
  std::optional<nn::PatternAgreement> compare_patterns(const V& x, const V& z) {
    return layer_.compare_patterns(chunk(), x.data(), z.data());
  }

 private:
  nn::Chunk<B> chunk() { return {backend_, workspace_, samples_, nn::Input::moves}; }
  Parameters prepared(const V& w) const {
    Parameters out;
    layer_.prepare(backend_, w.data(), out);
    return out;
  }

  nn::AnyLayer<B> layer_;
  Index inputs_;
  Index samples_;
  B backend_{{.threads = 1}};
  typename B::Workspace workspace_;
};

/// Checks what every layer owes at inputs x of n samples: jvp linear and of observed order, vjp its
/// transpose, displacement the scaled difference and at epsilon = 0 the jvp, second derivatives symmetric, of
/// observed order and with their transpose. `operations` bounds the roundings in a coordinate of a product.
template <class S>
void check_layer_laws(const nn::AnyLayer<cpu::Backend<S>>& layer, const nn::ImageShape& input,
                      const Vector<S>& x, double operations = 1000) {
  using V = Vector<S>;
  INFO(layer.name() << " on " << input);
  LayerCalls<S> f(layer, input, x.size() / input.dim());
  Philox rng(11);
  const double tolerance = roundoff<S>(operations);
  const auto near = [&](const V& a, const V& b) {
    CHECK(static_cast<double>((a - b).norm()) <= tolerance * static_cast<double>(a.norm() + b.norm()));
  };
  const auto same_number = [&](double a, double b, double scale) {
    CHECK_THAT(a, WithinAbs(b, tolerance * scale));
  };
  const auto inner = [](const V& a, const V& b) { return static_cast<double>(a.dot(b)); };
  const auto norm = [](const V& a) { return static_cast<double>(a.norm()); };
  const Index p = layer.parameter_dim();
  const auto random = [&](Index size) { return normal_vector<S>(size, rng); };
  const V w = random(p), u = random(p), v = random(p), xu = random(x.size()), xv = random(x.size()),
          gy = random(f.outputs()), gyu = random(f.outputs());

  const V yu = f.jvp(w, u, x, xu), yv = f.jvp(w, v, x, xv);
  const S a(-1.75);
  near(f.jvp(w, u + a * v, x, xu + a * xv), yu + a * yv);

  const auto [gx, gw] = f.vjp(w, x, gy);
  same_number(inner(gy, yv), inner(gx, xv) + inner(gw, v),
              norm(gy) * norm(yv) + norm(gx) * norm(xv) + norm(gw) * norm(v));

  // Steps of 1e-2 move no coordinate of x by more than 0.05.
  const auto order_two = [&](const char* name, auto&& at, const V& derivative) {
    const double size = norm(derivative);
    const auto sequence = detail::difference_sequence(1e-2, [&](double t) {
      const S s = static_cast<S>(t);
      const V difference = (at(s) - at(-s)) / (2 * s);
      const double error = norm(difference - derivative);
      return size > 0 ? error / size : error;
    });
    const double rounding = roundoff<S>(100) * (1 + norm(at(S(0))) / 1e-2 / (size > 0 ? size : 1.0));
    const auto check = detail::judge_differences(name, sequence, rounding);
    INFO(name << " " << check.finding);
    CHECK(check.passed);
  };
  order_two(
      "jvp", [&](S t) { return f.forward(w + t * v, x + t * xv); }, yv);

  if (layer.displaceable()) {
    near(f.displace(w, v, S(0), x, xv).second, yv);
    for (const S epsilon : {S(0), S(0.5)}) {
      const auto [start, change] = f.displace(w, v, epsilon, x, xv);
      near(start, f.forward(w, x));
      near(start + epsilon * change, f.forward(w + epsilon * v, x + epsilon * xv));
    }
    // (f_epsilon - Df) is of the order of epsilon.
    const V far = f.displace(w, v, S(0.01), x, xv).second - yv,
            close = f.displace(w, v, S(0.005), x, xv).second - yv;
    CHECK(norm(close) <= 0.7 * norm(far) + tolerance * norm(yv));
  }
  if (layer.twice_differentiable()) {
    const V zero = V::Zero(x.size()), xuv = random(x.size());
    const V yuv = f.second(w, u, v, x, xu, xv, xuv);
    near(yuv, f.second(w, v, u, x, xv, xu, xuv));
    // The jvp along (v, xv) when the point moves along (u, xu) and xv along xuv.
    order_two(
        "second", [&](S t) { return f.jvp(w + t * u, v, x + t * xu, xv + t * xuv); }, yuv);
    const auto back = f.second_vjp(w, u, x, xu, gy, gyu);
    near(back.gx, gx);
    const V curvature = f.second(w, u, v, x, xu, xv, zero);
    same_number(inner(gy, curvature) + inner(gyu, yv), inner(back.gwu, v) + inner(back.gxu, xv),
                norm(gy) * norm(curvature) + norm(gyu) * norm(yv) + norm(back.gwu) * norm(v) +
                    norm(back.gxu) * norm(xv));
  }
}

/// The same for a description of a layer, on n samples of inputs away from kinks.
template <class S, class D>
void check_description_laws(const D& description, const nn::ImageShape& input, Index samples) {
  using B = cpu::Backend<S>;
  Philox rng(5);
  check_layer_laws<S>(nn::AnyLayer<B>(std::string(D::name), description.template bind<B>(input)), input,
                      away_from_kinks<S>(input.dim() * samples, rng));
}

}  // namespace lazytrain::testing
