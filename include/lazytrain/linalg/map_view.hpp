#pragma once

#include <concepts>
#include <memory>
#include <type_traits>

/// Maps that are known by their products alone, whatever computes them: what uses them is compiled once for
/// a type of vectors.
namespace lazytrain {

/// A function object or function that is called with `Arguments`, by reference: a parameter's type. It does
/// not own what it refers to, and must not outlive it.
template <class... Arguments>
class FunctionView {
 public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, FunctionView> && std::invocable<F&, Arguments...>)
      FunctionView(F&& f)  // NOLINT(google-explicit-constructor): a function is a view of itself
      : object_(address(f)), call_([](void* object, Arguments... arguments) {
          using Function = std::remove_reference_t<F>;
          if constexpr (std::is_function_v<Function>) {
            (*reinterpret_cast<Function*>(object))(arguments...);
          } else {
            (*static_cast<Function*>(object))(arguments...);
          }
        }) {}

  void operator()(Arguments... arguments) const { call_(object_, arguments...); }

 private:
  template <class F>
  static void* address(F& f) {
    if constexpr (std::is_function_v<F>) {
      return reinterpret_cast<void*>(&f);
    } else {
      return const_cast<void*>(static_cast<const void*>(std::addressof(f)));
    }
  }

  void* object_;
  void (*call_)(void*, Arguments...);
};

/// A linear map X -> Y by its product, apply(x, y): y = A x. Vector types come from other arguments.
template <class X, class Y = X>
using MapView = std::type_identity_t<FunctionView<const X&, Y&>>;

/// A bilinear map X x X' -> Y by its value, apply(u, v, y): y = B(u, v). Vector types come from other
/// arguments.
template <class U, class V, class Y>
using BilinearView = std::type_identity_t<FunctionView<const U&, const V&, Y&>>;

}  // namespace lazytrain
