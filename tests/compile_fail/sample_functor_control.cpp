// expect nothing
#include <lazytrain/model/on_data.hpp>

int main() {
  const auto f = []<class T>(const lazytrain::Vector<T>& w,
                             const lazytrain::Vector<double>& x) -> lazytrain::Vector<T> {
    const lazytrain::Vector<T> a = w.head(2) * T(x(0));
    return a + w.tail(2);
  };
  const lazytrain::Matrix<double> inputs = lazytrain::Matrix<double>::Ones(1, 3);
  return static_cast<int>(
      lazytrain::on_data<double>(f, inputs, {.parameters = 4, .outputs = 2}).output_dim());
}
