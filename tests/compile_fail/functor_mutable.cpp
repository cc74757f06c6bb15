// expect: the functor can be called when it is const
#include <lazytrain/autodiff/functor.hpp>

int main() {
  int calls = 0;
  (void)lazytrain::differentiable<double>(
      [calls]<class T>(const lazytrain::Vector<T>& w) mutable -> lazytrain::Vector<T> {
        ++calls;
        return w;
      },
      2, 2);
}
