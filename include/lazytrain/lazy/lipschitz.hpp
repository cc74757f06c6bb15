#pragma once

#include <cmath>
#include <functional>
#include <lazytrain/lazy/estimate.hpp>
#include <ostream>
#include <string>
#include <utility>

namespace lazytrain {

/// Lipschitz constants of h and of Dh on the balls B(w0, r), as the theorems of Section 2 ask for them, from
/// whatever source: closed forms for two-layer networks (`two_layer_lipschitz`) and layered networks, a
/// sample
/// (`sampled_lipschitz`), the caller, or nothing, with the reason. Both increase in r.
///
/// Only certified constants prove a bound: an upper bound of a Lipschitz constant is one. Copies share the
/// source; use them in one thread at a time.
class LipschitzBounds {
 public:
  using Function = std::function<Estimate(double)>;

  /// @param source a few words for reports: "closed form of a two-layer network"
  LipschitzBounds(Function of_h, Function of_dh, std::string source)
      : of_h_(std::move(of_h)), of_dh_(std::move(of_dh)), source_(std::move(source)) {}

  /// Constants that hold on every ball and that the caller vouches for. @throws std::domain_error unless they
  /// are finite and >= 0
  [[nodiscard]] static LipschitzBounds supplied(double of_h, double of_dh) {
    const Estimate h = Estimate::at_most(of_h, Provenance::supplied);
    const Estimate dh = Estimate::at_most(of_dh, Provenance::supplied);
    return {[h](double) { return h; }, [dh](double) { return dh; }, "constants of the caller"};
  }

  /// No constants: a hypothesis of the theorems is not met, for that reason.
  [[nodiscard]] static LipschitzBounds none(std::string reason) {
    LipschitzBounds bounds([](double) { return Estimate(); }, [](double) { return Estimate(); }, "");
    bounds.reason_ = std::move(reason);
    return bounds;
  }

  /// Lip(h; B(w0, r)); unavailable where there is none. @throws std::domain_error unless 0 <= r < infinity
  [[nodiscard]] Estimate of_h(double r) const {
    require_nonnegative("LipschitzBounds::of_h", "r", r);
    return of_h_(r);
  }
  /// Lip(Dh; B(w0, r)); unavailable where there is none. @throws std::domain_error unless 0 <= r < infinity
  [[nodiscard]] Estimate of_dh(double r) const {
    require_nonnegative("LipschitzBounds::of_dh", "r", r);
    return of_dh_(r);
  }

  /// Whether there are constants at all.
  [[nodiscard]] bool available() const { return reason_.empty(); }
  /// Why not; empty if there are.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// Where the constants come from.
  [[nodiscard]] const std::string& source() const { return source_; }

  friend std::ostream& operator<<(std::ostream& out, const LipschitzBounds& bounds) {
    if (!bounds.available()) return out << "no Lipschitz constants: " << bounds.reason_;
    return out << "Lipschitz constants by " << bounds.source_;
  }

 private:
  Function of_h_;
  Function of_dh_;
  std::string source_;
  std::string reason_;
};

}  // namespace lazytrain
