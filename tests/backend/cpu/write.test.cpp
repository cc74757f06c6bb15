#include <lazytrain/backend/cpu/write.hpp>

#include "support/catch.hpp"

using namespace lazytrain;

TEST_CASE("Writing a product assigns it or adds it") {
  const Matrix<double> a = Matrix<double>::Constant(2, 3, 2), b = Matrix<double>::Constant(3, 4, 5);
  Matrix<double> out = Matrix<double>::Ones(2, 4);
  cpu::detail::write_product(out, a * b, cpu::Write::add);
  CHECK(out == Matrix<double>::Constant(2, 4, 31));
  cpu::detail::write_product(out, a * b, cpu::Write::assign);
  CHECK(out == Matrix<double>::Constant(2, 4, 30));
}

TEST_CASE("Writing numbers assigns them or adds them") {
  float out[] = {1, 2, 3, 4};
  const Eigen::Array<float, 2, 1> numbers(10, 20);
  cpu::detail::write_numbers(numbers, out + 1, cpu::Write::add);
  cpu::detail::write_numbers(numbers, out + 2, cpu::Write::assign);
  CHECK((Eigen::Map<Eigen::Array4f>(out) == Eigen::Array4f(1, 12, 10, 20)).all());
}
