#pragma once

#include <algorithm>
#include <lazytrain/backend/cuda/executor.hpp>
#include <span>

/// Sums over the coordinates of arrays, in an order that their sizes alone determine: the same bits at every
/// run and on every device with the same arithmetic.
namespace lazytrain::cuda {

namespace detail {

/// x_i.
template <class S>
struct Entry {
  const S* x;
  [[nodiscard]] constexpr S operator()(Index i) const { return x[i]; }
};

/// x_i y_i.
template <class S>
struct EntryProduct {
  const S* x;
  const S* y;
  [[nodiscard]] constexpr S operator()(Index i) const { return x[i] * y[i]; }
};

/// 0 where x_i is finite, else NaN.
template <class S>
struct EntryTimesZero {
  const S* x;
  [[nodiscard]] constexpr S operator()(Index i) const { return x[i] * S(0); }
};

/// x_j[i] y[i], of several vectors x_j.
template <class S>
struct SeveralProducts {
  const S* const* xs;
  const S* y;
  [[nodiscard]] constexpr S operator()(Index j, Index i) const { return xs[j][i] * y[i]; }
};

/// x[i + rows j]: of several sums, what others left.
template <class S>
struct ColumnEntry {
  const S* x;
  Index rows;
  [[nodiscard]] constexpr S operator()(Index j, Index i) const { return x[i + rows * j]; }
};

/// term(i), as that of the only sum.
template <class Term>
struct OnlySum {
  Term term;
  [[nodiscard]] constexpr auto operator()(Index, Index i) const { return term(i); }
};

/// Of several sums, `parts` parts each: thread part + parts j adds the terms part, part + parts, ... below
/// count of sum j.
template <class S, class Term>
struct PartialSum {
  Term term;
  Index count;
  Index parts;
  S* out;
  constexpr void operator()(Index thread) const {
    const Index j = thread / parts;
    S sum(0);
    for (Index i = thread % parts; i < count; i += parts) sum += term(j, i);
    out[thread] = sum;
  }
};

/// Memory that an executor releases at the end of the scope.
template <class S, class E>
class Scratch {
 public:
  explicit Scratch(Index size)
      : data_(size > 0 ? static_cast<S*>(E::allocate(static_cast<std::size_t>(size) * sizeof(S))) : nullptr) {
  }
  /// A copy of numbers of the host.
  explicit Scratch(std::span<const S> host) : Scratch(static_cast<Index>(host.size())) {
    if (!host.empty()) E::upload(data_, host.data(), host.size_bytes());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (data_ != nullptr) E::release(data_);
  }
  [[nodiscard]] S* data() const { return data_; }

 private:
  S* data_;
};

/// out[j] = the sum of term(j, i) for i < count, for j < several: three launches, no synchronization.
template <class E, class S, class Term>
void sum_several(Index several, Index count, const Term& term, S* out) {
  constexpr Index threads = Index(1) << 16, few = 256;
  const Index first = std::clamp<Index>(threads / several, 1, std::max<Index>(count, 1));
  const Index second = std::min(first, few);
  const Scratch<S, E> partial(several * (first + second));
  S* const left = partial.data() + several * first;
  E::for_each(several * first, PartialSum<S, Term>{term, count, first, partial.data()});
  E::for_each(several * second, PartialSum<S, ColumnEntry<S>>{{partial.data(), first}, first, second, left});
  E::for_each(several, PartialSum<S, ColumnEntry<S>>{{left, second}, second, 1, out});
}

/// *out = the sum of term(i) for i < count.
template <class E, class S, class Term>
void sum_terms(Index count, const Term& term, S* out) {
  sum_several<E>(1, count, OnlySum<Term>{term}, out);
}

/// The sum of term(i) for i < count, on the host: waits for it.
template <class S, class E, class Term>
[[nodiscard]] S sum_on_host(Index count, const Term& term) {
  if (count == 0) return S(0);
  const Scratch<S, E> sum(1);
  sum_terms<E>(count, term, sum.data());
  S value(0);
  E::download(&value, sum.data(), sizeof(S));
  return value;
}

/// The inner products of y with several vectors of `count` numbers, on the host: waits for them once.
template <class S, class E>
[[nodiscard]] lazytrain::Vector<S> dots_on_host(std::span<const S* const> xs, const S* y, Index count) {
  const Index several = static_cast<Index>(xs.size());
  lazytrain::Vector<S> dots = lazytrain::Vector<S>::Zero(several);
  if (several == 0 || count == 0) return dots;
  const Scratch<const S*, E> there(xs);
  const Scratch<S, E> sums(several);
  sum_several<E>(several, count, SeveralProducts<S>{there.data(), y}, sums.data());
  E::download(dots.data(), sums.data(), static_cast<std::size_t>(several) * sizeof(S));
  return dots;
}

/// One thread adds the columns part, part + parts, ... of a row; thread row + rows part.
template <class S>
struct PartialRowSum {
  const S* in;
  Index rows;
  Index columns;
  Index parts;
  bool add;
  S* out;
  constexpr void operator()(Index thread) const {
    const Index row = thread % rows;
    S sum(0);
    for (Index j = thread / rows; j < columns; j += parts) sum += in[row + rows * j];
    out[thread] = add ? out[thread] + sum : sum;
  }
};

/// out (+)= the sum of the columns of the rows x columns matrix `in`.
template <class E, class S>
void sum_columns(const S* in, Index rows, Index columns, S* out, bool add) {
  constexpr Index threads = Index(1) << 16, few = 64;
  const Index parts = std::clamp<Index>(threads / rows, 1, std::max<Index>(columns / few, 1));
  if (parts == 1) return E::for_each(rows, PartialRowSum<S>{in, rows, columns, 1, add, out});
  const Scratch<S, E> partial(rows * parts);
  E::for_each(rows * parts, PartialRowSum<S>{in, rows, columns, parts, false, partial.data()});
  E::for_each(rows, PartialRowSum<S>{partial.data(), rows, parts, 1, add, out});
}

}  // namespace detail

}  // namespace lazytrain::cuda
