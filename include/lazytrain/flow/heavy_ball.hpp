#pragma once

#include <algorithm>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/vector.hpp>
#include <lazytrain/flow/checkpoint.hpp>
#include <type_traits>
#include <utility>

namespace lazytrain {

/// Descent with momentum ("heavy ball", the convention of PyTorch's SGD): with the gradient g = -f,
///
///     v <- mu v + g,      x <- x - eta v.
///
/// The velocity keeps no step size: a schedule acts on eta alone.
template <HilbertVector State>
class HeavyBall {
 public:
  using Scalar = typename State::Scalar;

  /// @throws std::domain_error unless 0 <= momentum < 1
  HeavyBall(const State& x, double momentum)
      : x_(x), before_(x), f_(zeros_like(x)), motion_(f_), momentum_(momentum) {
    require_domain(momentum >= 0 && momentum < 1, "HeavyBall", "momentum", momentum, "a number in [0, 1)");
  }

  [[nodiscard]] const State& x() const { return x_; }
  /// Minus the gradient at x, for the caller to write.
  [[nodiscard]] State& f() { return f_; }
  [[nodiscard]] const State& f() const { return f_; }

  /// A step of size eta along f and the velocity.
  void step(double eta) {
    if constexpr (on_host) {
      // The same operations, a piece at a time that stays in the cache.
      constexpr Index piece = 4096;
      for (Index first = 0; first < x_.size(); first += piece) {
        const Index size = std::min(piece, x_.size() - first);
        const auto part = [&](State& v) { return v.segment(first, size); };
        step(eta, part(f_), part(motion_), part(x_), part(before_));
      }
    } else {
      copy(x_, before_);
      if (momentum_ == 0) return axpy(static_cast<Scalar>(eta), f_, x_);
      scale(static_cast<Scalar>(momentum_), motion_);
      axpy(Scalar(1), f_, motion_);
      axpy(static_cast<Scalar>(eta), motion_, x_);
    }
  }
  /// Minus the velocity.
  [[nodiscard]] const State& motion() const { return motion_; }
  /// Goes to an x and a motion of before.
  void go_to(const State& x, const State& motion) {
    copy(x, x_);
    copy(motion, motion_);
  }
  /// x goes back to where it was before the last step. The velocity does not: descent ends there.
  void retreat() { std::swap(x_, before_); }

  /// @throws std::invalid_argument if State is a vector that a Checkpoint cannot hold
  void save(Checkpoint& checkpoint) const {
    if constexpr (can_be_kept) {
      checkpoint.set("x", x_);
      checkpoint.set("momentum", momentum_);
      checkpoint.set("motion", motion_);
    } else {
      refuse();
    }
  }
  /// @throws std::invalid_argument if the checkpoint is of another momentum or cannot hold State,
  /// std::runtime_error if it is of another size
  void load(const Checkpoint& checkpoint) {
    if constexpr (can_be_kept) {
      const double momentum = checkpoint.number("momentum");
      if (momentum != momentum_) {
        raise<std::invalid_argument>("HeavyBall", "momentum is ", momentum_, ", expected ", momentum,
                                     ", that of the checkpoint");
      }
      checkpoint.get("x", x_);
      checkpoint.get("motion", motion_);
    } else {
      refuse();
    }
  }

 private:
  static constexpr bool on_host = std::is_same_v<State, Vector<Scalar>>;
  static constexpr bool can_be_kept = on_host || VectorElsewhere<State>;

  void step(double eta, auto f, auto motion, auto x, auto before) const {
    before = x;
    if (momentum_ == 0) {
      x += static_cast<Scalar>(eta) * f;
      return;
    }
    motion *= static_cast<Scalar>(momentum_);
    motion += f;
    x += static_cast<Scalar>(eta) * motion;
  }
  [[noreturn]] static void refuse() {
    raise<std::invalid_argument>(
        "HeavyBall", "a checkpoint holds vectors that can be brought to the host, expected no checkpoint");
  }

  State x_;
  State before_;
  State f_;
  /// -v.
  State motion_;
  double momentum_;
};

}  // namespace lazytrain
