#pragma once

#include <algorithm>
#include <array>
#include <lazytrain/flow/checkpoint.hpp>
#include <lazytrain/flow/eigen_linear_part.hpp>
#include <lazytrain/flow/newton_term.hpp>
#include <lazytrain/linalg/phi.hpp>
#include <span>
#include <string>
#include <vector>

namespace lazytrain::detail {

/// The remainders N(t) = x' + L x of a flow at its last points, for a linear part L in its eigenbasis.
///
/// A polynomial P through them makes x' = P(t) - L x, whose solution from y_n, a time h later, is
///
///     y_n + h phi_1(-h L) (f_n + L (x_n - y_n))
///         + sum_m int_0^h exp(-(h - s) L) (s - s_0) ... (s - s_(m-1)) N[s_0 .. s_m] ds
///
/// with divided differences N[...]. The base y_n is the last point x_n, or that point corrected. A remainder
/// is kept as f_i and the coefficients U^T B f_i and U^T B (x_i - y_n), of which the latter multiply B^T U:
/// one vjp makes a sum, whatever the number of terms.
template <class Field>
class PastRemainders {
 public:
  using State = typename Field::State;
  using Scalar = typename Field::Scalar;
  using Part = EigenLinearPart<Field>;

  /// Room for `capacity` points with vectors like x.
  PastRemainders(int capacity, const State& x)
      : points_(static_cast<std::size_t>(capacity) + 1, Point{0, x, x, {}, {}}), difference_(x) {}

  /// Number of points.
  [[nodiscard]] int size() const { return size_; }

  /// Forgets all points but the last, at x with x' = f, which is the base.
  void start(const State& x, const State& f) {
    size_ = 1;
    points_[0].t = 0;
    copy(x, points_[0].x);
    copy(f, points_[0].f);
  }
  /// Forgets all points but the last, which becomes the base.
  void keep_last() {
    size_ = std::min(size_, 1);
    points_[0].image.setZero();
  }

  /// Takes another linear part, with the base given. Cost: two jvps a point.
  void move_to(Part& part, const State& base) {
    part_ = &part;
    h_ = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(size_); ++i) {
      part.to_eigen(points_[i].f, points_[i].c);
      copy(points_[i].x, difference_);
      axpy(Scalar(-1), base, difference_);
      part.to_eigen(difference_, points_[i].image);
    }
  }

  /// out = x(t_n + h) - y_n with the polynomial through the last `order` points. Cost: a vjp.
  void step(int order, double h, State& out) {
    terms_.clear();
    begin_nodes(order);
    for (std::size_t m = 1; m <= nodes_.size(); ++m) terms_.emplace_back(std::span(times_).first(m));
    sum(h, out);
  }

  /// The point reached by the last `step`, of size h, where x' = f. Cost: a jvp.
  void propose(double h, const State& f) {
    Point& next = points_.back();
    next.t = h;
    copy(f, next.f);
    next.image = image_;
    next_base_ = image_;
    part_->to_eigen(next.f, next.c);
  }

  /// out = what the proposed point changes in a step from the last `order` points: the local error without
  /// it. Cost: a vjp.
  void correction(int order, State& out) {
    terms_.clear();
    begin_nodes(order);
    nodes_.push_back(&points_.back());
    times_.push_back(points_.back().t);
    terms_.emplace_back(times_);
    sum(points_.back().t, out);
  }

  /// The same, and the base will be the proposed point so corrected.
  void correct(int order, State& out) {
    correction(order, out);
    next_base_ = points_.back().image + image_;
  }

  /// The proposed point, at x, becomes the last, and the base if it was not corrected.
  void accept(const State& x) {
    copy(x, points_.back().x);
    std::rotate(points_.begin(), points_.end() - 1, points_.end());
    size_ = std::min(size_ + 1, static_cast<int>(points_.size()) - 1);
    const double h = points_[0].t;
    for (int i = 0; i < size_; ++i) {
      points_[static_cast<std::size_t>(i)].t -= h;
      points_[static_cast<std::size_t>(i)].image -= next_base_;
    }
  }

  void save(Checkpoint& checkpoint) const {
    checkpoint.set("past.size", Index(size_));
    for (int i = 0; i < size_; ++i) {
      const Point& point = points_[static_cast<std::size_t>(i)];
      const std::string name = "past." + std::to_string(i);
      checkpoint.set(name + ".t", point.t);
      checkpoint.set(name + ".x", point.x);
      checkpoint.set(name + ".f", point.f);
      checkpoint.set(name + ".image", point.image);
      checkpoint.set(name + ".c", point.c);
    }
  }
  /// With the linear part of the run that was saved. @throws std::runtime_error for points that do not fit
  void load(const Checkpoint& checkpoint, Part& part) {
    part_ = &part;
    h_ = 0;
    const Index size = checkpoint.integer("past.size");
    if (size < 1 || size >= static_cast<Index>(points_.size())) {
      raise<std::runtime_error>("PastRemainders", "the checkpoint has ", size, " points, expected 1 to ",
                                points_.size() - 1);
    }
    size_ = static_cast<int>(size);
    for (int i = 0; i < size_; ++i) {
      Point& point = points_[static_cast<std::size_t>(i)];
      const std::string name = "past." + std::to_string(i);
      point.t = checkpoint.number(name + ".t");
      checkpoint.get(name + ".x", point.x);
      checkpoint.get(name + ".f", point.f);
      point.image.resize(part.eigenvalues().size());
      point.c.resize(part.eigenvalues().size());
      checkpoint.get(name + ".image", point.image);
      checkpoint.get(name + ".c", point.c);
    }
  }

 private:
  struct Point {
    double t;  // since the last point
    State x;
    State f;
    Vector<Scalar> image;  // U^T B (x - y_n)
    Vector<Scalar> c;      // U^T B f
  };
  /// phi_0 to the one after the integral of the highest power.
  static constexpr Index phis = most_past_remainders + 3;

  /// The last points as nodes.
  void begin_nodes(int count) {
    nodes_.clear();
    times_.clear();
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      nodes_.push_back(&points_[i]);
      times_.push_back(points_[i].t);
    }
  }

  void prepare(double h) {
    const Vector<Scalar>& values = part_->eigenvalues();
    if (h == h_ && phi_.cols() == values.size()) return;
    h_ = h;
    phi_.resize(phis, values.size());
    for (Index j = 0; j < values.size(); ++j) {
      phi_sequence(-h * static_cast<double>(values(j)),
                   std::span(phi_.col(j).data(), static_cast<std::size_t>(phis)));
    }
  }

  /// out = int_0^h exp(-(h - s) L) sum of the terms ds, and image_ = U^T B out. With N = a + B^T U q and
  /// c = U^T B a, phi_k(-h L) N = a / k! + B^T U (phi_k q - h phi_(k+1) c): no division by an eigenvalue.
  void sum(double h, State& out) {
    prepare(h);
    // The integral of s^j is j! h^(j+1) phi_(j+1).
    std::array<double, most_past_remainders + 1> scales{};
    double scale = h;
    for (std::size_t j = 0; j < scales.size(); ++j, scale *= h * static_cast<double>(j)) scales[j] = scale;
    fill(out, Scalar(0));
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      double weight = 0;
      for (const NewtonTerm& term : terms_) {
        double integral = 0;
        for (std::size_t j = 0; j < scales.size(); ++j)
          integral += term.powers[j] * scales[j] / factorial[j + 1];
        weight += integral * term.weights[i];
      }
      axpy(Scalar(weight), nodes_[i]->f, out);
    }
    const Vector<Scalar>& values = part_->eigenvalues();
    range_.setZero(values.size());
    image_.setZero(values.size());
    for (Index e = 0; e < values.size(); ++e) {
      const double* phi = phi_.col(e).data();
      for (const NewtonTerm& term : terms_) {
        double own = 0;   // the integral of the polynomial
        double next = 0;  // with phi_(k+1) for phi_k
        for (std::size_t j = 0; j < scales.size(); ++j) {
          own += term.powers[j] * scales[j] * phi[j + 1];
          next += term.powers[j] * scales[j] * phi[j + 2];
        }
        double q = 0;
        double c = 0;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
          q += term.weights[i] * static_cast<double>(nodes_[i]->image(e));
          c += term.weights[i] * static_cast<double>(nodes_[i]->c(e));
        }
        range_(e) += Scalar(own * q - h * next * c);
        image_(e) += Scalar(own * (c + static_cast<double>(values(e)) * q));
      }
    }
    part_->add_range(range_, out);
  }

  std::vector<Point> points_;  // from the last one back; at the end the proposed one
  int size_ = 0;
  Part* part_ = nullptr;
  State difference_;
  std::vector<const Point*> nodes_;
  std::vector<double> times_;
  std::vector<NewtonTerm> terms_;
  double h_ = 0;
  Matrix<double> phi_;  // phi_k(-h lambda_j) at (k, j)
  Vector<Scalar> range_;
  Vector<Scalar> image_;      // U^T B of the last sum
  Vector<Scalar> next_base_;  // U^T B (y - y_n) of the base y after the proposed point
};

}  // namespace lazytrain::detail
