#pragma once

#include <cstddef>
#include <cstdint>
#include <lazytrain/core/error.hpp>
#include <lazytrain/core/types.hpp>
#include <limits>
#include <vector>

namespace lazytrain {

/// The record of a computation: its derivative as a program that runs forwards (jvp) and backwards (vjp).
///
/// Variables are numbered in the order of their computation; variable 0 stands for every constant. A variable
/// is an input, the result of an operation with one or two partial derivatives, or an entry of a product of
/// matrices. Products are recorded whole and both sweeps run them as products. Everything is stored in flat
/// arrays, and the sweeps are loops. T is the type of the derivatives: float, double or Dual of these.
template <class T>
class Tape {
 public:
  using Variable = std::uint32_t;

  /// A factor of a product: its entries, and their variables unless all are constant (then 0 x 0).
  struct Factor {
    Matrix<T> values;
    Matrix<Variable> variables;
    [[nodiscard]] bool constant() const { return variables.size() == 0; }
  };

  /// A new independent variable.
  Variable input() { return finish(); }

  /// A new variable v with dv = p da.
  Variable record(const T& p, Variable a) {
    append(p, a);
    return finish();
  }

  /// A new variable v with dv = p da + q db.
  Variable record(const T& p, Variable a, const T& q, Variable b) {
    append(p, a);
    append(q, b);
    return finish();
  }

  /// New consecutive variables, column by column, for the entries of lhs * rhs; returns the first.
  Variable record_product(const Factor& lhs, const Factor& rhs) {
    Block block;
    block.forward = &Tape::multiply;
    block.reverse = &Tape::multiply_back;
    block.rows = lhs.values.rows();
    block.depth = lhs.values.cols();
    block.cols = rhs.values.cols();
    const std::size_t end = ends_.size() + static_cast<std::size_t>(block.rows * block.cols);
    require_room(end);
    block.first = static_cast<Variable>(ends_.size());
    // The values of one factor are the partial derivatives of the other.
    if (!rhs.constant()) block.lhs_values = store(values_, lhs.values);
    if (!lhs.constant()) block.rhs_values = store(values_, rhs.values);
    if (!lhs.constant()) block.lhs_variables = store(variables_, lhs.variables);
    if (!rhs.constant()) block.rhs_variables = store(variables_, rhs.variables);
    blocks_.push_back(block);
    ends_.resize(end, static_cast<Variable>(partials_.size()));
    return block.first;
  }

  /// Forgets the computation and keeps the memory.
  void clear() {
    ends_.assign(1, 0);
    partials_.clear();
    arguments_.clear();
    blocks_.clear();
    values_.clear();
    variables_.clear();
  }

  /// Number of variables, the constant included: the size that the sweeps need.
  [[nodiscard]] Index size() const { return static_cast<Index>(ends_.size()); }

  /// Bytes held, in use or not.
  [[nodiscard]] std::size_t capacity() const {
    return ends_.capacity() * sizeof(Variable) + partials_.capacity() * sizeof(T) +
           arguments_.capacity() * sizeof(Variable) + blocks_.capacity() * sizeof(Block) +
           values_.capacity() * sizeof(T) + variables_.capacity() * sizeof(Variable);
  }

  /// Forward sweep: given the tangents of the inputs, fills in those of all later variables. `tangents` has
  /// size() entries, of which those that belong to no input may be anything. Cost: one pass.
  void forward(Vector<T>& tangents) const {
    require_size("Tape::forward", "tangents", tangents.size(), size(), "the number of variables");
    tangents(0) = T(0);
    std::size_t v = 1;
    for (const Block& block : blocks_) {
      forward(v, block.first, tangents);
      (this->*block.forward)(block, tangents);
      v = block.first + static_cast<std::size_t>(block.rows * block.cols);
    }
    forward(v, ends_.size(), tangents);
  }

  /// Reverse sweep: given the derivatives of a function with respect to the outputs (and zeros), adds to
  /// `adjoints` those with respect to every variable. `adjoints` has size() entries. Cost: one pass.
  void reverse(Vector<T>& adjoints) const {
    require_size("Tape::reverse", "adjoints", adjoints.size(), size(), "the number of variables");
    std::size_t v = ends_.size();
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
      reverse(v, block->first + static_cast<std::size_t>(block->rows * block->cols), adjoints);
      (this->*block->reverse)(*block, adjoints);
      v = block->first;
    }
    reverse(v, 1, adjoints);
  }

 private:
  /// A product; offsets into values_ and variables_, `none` where nothing is stored.
  struct Block {
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    Index rows = 0;
    Index depth = 0;
    Index cols = 0;
    std::size_t lhs_values = none;
    std::size_t rhs_values = none;
    std::size_t lhs_variables = none;
    std::size_t rhs_variables = none;
    Variable first = 0;
    /// Set where a product is recorded: a computation without products compiles none.
    void (Tape::*forward)(const Block&, Vector<T>&) const = nullptr;
    void (Tape::*reverse)(const Block&, Vector<T>&) const = nullptr;
  };

  using View = Eigen::Map<const Matrix<T>>;

  static void require_room(std::size_t count) {
    if (count >= std::numeric_limits<Variable>::max()) {
      raise<std::length_error>("Tape", "the number of operations is ", count, ", expected less than 2^32");
    }
  }

  void append(const T& partial, Variable argument) {
    partials_.push_back(partial);
    arguments_.push_back(argument);
  }

  Variable finish() {
    const std::size_t index = ends_.size();
    require_room(partials_.size() > index ? partials_.size() : index);
    ends_.push_back(static_cast<Variable>(partials_.size()));
    return static_cast<Variable>(index);
  }

  template <class U>
  static std::size_t store(std::vector<U>& pool, const Matrix<U>& x) {
    const std::size_t offset = pool.size();
    pool.insert(pool.end(), x.data(), x.data() + x.size());
    return offset;
  }

  View values(std::size_t offset, Index rows, Index cols) const {
    return View(values_.data() + offset, rows, cols);
  }

  void forward(std::size_t begin, std::size_t end, Vector<T>& tangents) const {
    const Variable* argument = arguments_.data();
    const T* partial = partials_.data();
    T* t = tangents.data();
    for (std::size_t v = begin; v < end; ++v) {
      std::size_t k = ends_[v - 1];
      const std::size_t last = ends_[v];
      if (k == last) continue;
      T sum = partial[k] * t[argument[k]];
      while (++k < last) sum += partial[k] * t[argument[k]];
      t[v] = sum;
    }
  }

  void reverse(std::size_t end, std::size_t begin, Vector<T>& adjoints) const {
    const Variable* argument = arguments_.data();
    const T* partial = partials_.data();
    T* a = adjoints.data();
    for (std::size_t v = end; v-- > begin;) {
      const T adjoint = a[v];
      for (std::size_t k = ends_[v - 1]; k < ends_[v]; ++k) a[argument[k]] += partial[k] * adjoint;
    }
  }

  /// d(AB) = dA B + A dB.
  void multiply(const Block& block, Vector<T>& tangents) const {
    Eigen::Map<Matrix<T>> result(tangents.data() + block.first, block.rows, block.cols);
    result.setConstant(T(0));
    Matrix<T> factor;
    if (block.lhs_variables != Block::none) {
      gather(tangents, block.lhs_variables, block.rows, block.depth, factor);
      result.noalias() += factor * values(block.rhs_values, block.depth, block.cols);
    }
    if (block.rhs_variables != Block::none) {
      gather(tangents, block.rhs_variables, block.depth, block.cols, factor);
      result.noalias() += values(block.lhs_values, block.rows, block.depth) * factor;
    }
  }

  /// The adjoints of A and B are C B' and A' C for those C of the product.
  void multiply_back(const Block& block, Vector<T>& adjoints) const {
    const View result(adjoints.data() + block.first, block.rows, block.cols);
    Matrix<T> adjoint;
    if (block.lhs_variables != Block::none) {
      adjoint.noalias() = result * values(block.rhs_values, block.depth, block.cols).transpose();
      scatter(adjoint, block.lhs_variables, adjoints);
    }
    if (block.rhs_variables != Block::none) {
      adjoint.noalias() = values(block.lhs_values, block.rows, block.depth).transpose() * result;
      scatter(adjoint, block.rhs_variables, adjoints);
    }
  }

  void gather(const Vector<T>& tangents, std::size_t offset, Index rows, Index cols, Matrix<T>& x) const {
    const Variable* variable = variables_.data() + offset;
    x.resize(rows, cols);
    for (Index i = 0; i < x.size(); ++i) x.data()[i] = tangents(variable[i]);
  }

  void scatter(const Matrix<T>& x, std::size_t offset, Vector<T>& adjoints) const {
    const Variable* variable = variables_.data() + offset;
    for (Index i = 0; i < x.size(); ++i) adjoints(variable[i]) += x.data()[i];
  }

  /// Where the operations of each variable end in partials_ and arguments_.
  std::vector<Variable> ends_ = {0};
  std::vector<T> partials_;
  std::vector<Variable> arguments_;
  std::vector<Block> blocks_;
  std::vector<T> values_;
  std::vector<Variable> variables_;
};

}  // namespace lazytrain
