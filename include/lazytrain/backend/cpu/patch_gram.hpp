#pragma once

#include <algorithm>
#include <lazytrain/backend/conv_shape.hpp>
#include <lazytrain/backend/cpu/ordered_products.hpp>
#include <vector>

namespace lazytrain::cpu {

/// The P x P matrices of inner products between the patches of two images. They are sums, over the kernel^2
/// places within a patch, of shifted inner products between pixels, which one matrix product finds for an
/// image and many others: kernel^2 times fewer multiplications than the patches themselves would take.
///
/// To shift is to move within maps that carry their padding. For a stride s they are stored by the remainders
/// of y and x modulo s, so that a shifted map stays contiguous.
template <class S>
class PatchGram {
 public:
  /// @throws std::invalid_argument if the shape makes no sense
  explicit PatchGram(const ConvShape& shape) : shape_(shape) {
    require_conv_shape("PatchGram", shape);
    const Index s = shape.stride, halo = (shape.kernel - 1) / s;
    pitch_ = shape.output_width() + halo;
    const Index plane = (shape.output_height() + halo) * pitch_;
    const Index planes = std::min(s, shape.kernel);
    const auto place_of = [&](Index y, Index x) {
      return (y % s * planes + x % s) * plane + y / s * pitch_ + x / s;
    };
    std::vector<Index> row_of(static_cast<std::size_t>(shape.height * shape.width), -1);
    for (Index pixel = 0; pixel < shape.height * shape.width; ++pixel) {
      const Index y = pixel / shape.width + shape.padding, x = pixel % shape.width + shape.padding;
      const bool used = y % s < planes && x % s < planes && y / s < shape.output_height() + halo &&
                        x / s < shape.output_width() + halo;
      if (!used) continue;
      row_of[static_cast<std::size_t>(pixel)] = pixels();
      pixels_.push_back(pixel);
      places_.push_back(place_of(y, x));
    }
    for (Index ky = 0; ky < shape.kernel; ++ky) {
      for (Index kx = 0; kx < shape.kernel; ++kx) shifts_.push_back(place_of(ky, kx));
    }
    for (Index p = 0; p < shape.positions(); ++p) {
      for (Index tap = 0; tap < shape.kernel * shape.kernel; ++tap) {
        const Index y = p / shape.output_width() * s + tap / shape.kernel - shape.padding;
        const Index x = p % shape.output_width() * s + tap % shape.kernel - shape.padding;
        const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
        rows_.push_back(inside ? row_of[static_cast<std::size_t>(y * shape.width + x)] : -1);
      }
    }
    map_size_ = planes * planes * plane;
    maps_ = Vector<S>::Zero(pixels() * map_size_ + packet_size<S>);
    sum_.resize(packets<S>(shape.output_height() * pitch_) * packet_size<S>);
    taps_.resize(shifts_.size());
  }

  /// U, the pixels of an image that are in a patch.
  [[nodiscard]] Index pixels() const { return static_cast<Index>(pixels_.size()); }
  /// Numbers between the rows of inner products of a pixel with those of `images` images.
  [[nodiscard]] Index row_size(Index images) const { return packets<S>(images * pixels()) * packet_size<S>; }

  /// The pixels of an image as a right operand, channels x U: grouped_size(channels, U) numbers.
  void group_pixels(const S* image, S* out) const {
    for (Index u = 0; u < pixels(); ++u) {
      const S* pixel = image + pixels_[static_cast<std::size_t>(u)] * shape_.channels;
      for (Index c = 0; c < shape_.channels; ++c) out[grouped(shape_.channels, c, u)] = pixel[c];
    }
  }

  /// The pixels of many images, `stride` apart, as a left operand: row_size(images) channels numbers.
  void pack_pixels(const S* images, Index stride, Index count, S* out) const {
    const Index lanes = row_size(count), C = shape_.channels;
    for (Index lane = 0; lane < lanes; ++lane) {
      const Index first = lane / panel * panel, width = std::min(panel, lanes - first);
      S* place = out + first * C + lane - first;
      const bool there = lane < count * pixels();
      const S* pixel =
          images +
          (there ? lane / pixels() * stride + pixels_[static_cast<std::size_t>(lane % pixels())] * C : 0);
      for (Index c = 0; c < C; ++c, place += width) *place = there ? pixel[c] : S(0);
    }
  }

  /// Inner products of the pixels of one image with those of the first `count` of the images that were packed
  /// as `images`: U rows of row_size(images).
  void pixel_products(const S* grouped_pixels, const S* packed, Index images, Index count, S* out) const {
    const Index lanes = row_size(images), C = shape_.channels;
    for (Index first = 0; first < std::min(lanes, count * pixels()); first += panel) {
      const Index width = std::min(panel, lanes - first);
      multiply_panel(width / packet_size<S>, C, packed + first * C, width, grouped_pixels, pixels(),
                     out + first, lanes);
    }
  }

  /// The patch Gram matrix of a pair, plus `constant`, as a right operand: position p of the first image is
  /// row p, and grouped_size(P, P) numbers are written. `products` has U rows of U numbers, `stride` apart.
  void operator()(const S* products, Index stride, S constant, S* out) {
    namespace simd = Eigen::internal;
    for (Index u = 0; u < pixels(); ++u) {
      S* map = maps_.data() + u * map_size_;
      for (std::size_t v = 0; v < places_.size(); ++v) map[places_[v]] = products[u * stride + Index(v)];
    }
    const Index P = shape_.positions(), width = shape_.output_width();
    const std::size_t taps = shifts_.size();
    for (Index p = 0; p < P; ++p) {
      std::size_t inside = 0;
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const Index row = rows_[static_cast<std::size_t>(p) * taps + tap];
        if (row >= 0) taps_[inside++] = maps_.data() + row * map_size_ + shifts_[tap];
      }
      const Index run = (shape_.output_height() - 1) * pitch_ + width;
      for (Index at = 0; at < run; at += packet_size<S>) {
        Packet<S> sum = simd::pset1<Packet<S>>(constant);
        for (std::size_t tap = 0; tap < inside; ++tap) {
          sum = simd::padd(sum, simd::ploadu<Packet<S>>(taps_[tap] + at));
        }
        simd::pstoreu(sum_.data() + at, sum);
      }
      for (Index y = 0, q = 0; y < shape_.output_height(); ++y) {
        for (Index x = 0; x < width; ++x, ++q) out[grouped(P, p, q)] = sum_(y * pitch_ + x);
      }
    }
  }

 private:
  static constexpr Index panel = 2 * packet_size<S>;

  ConvShape shape_;
  Index pitch_ = 0, map_size_ = 0;
  std::vector<Index> pixels_, places_, shifts_, rows_;
  std::vector<const S*> taps_;
  Vector<S> maps_, sum_;
};

}  // namespace lazytrain::cpu
