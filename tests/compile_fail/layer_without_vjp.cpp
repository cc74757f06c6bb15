// expect: a layer has vjp(chunk, w, x, y, gy, gx, gw) const that writes the gradients of its input and
// parameters
#include <lazytrain/backend/cpu/backend.hpp>
#include <lazytrain/nn/series.hpp>

using namespace lazytrain;
using B = cpu::Backend<double>;

struct Twice {
  static constexpr std::string_view name = "twice";
  struct Bound {
    nn::ImageShape shape;
    nn::ImageShape output_shape() const { return shape; }
    std::vector<nn::ParameterBlock> parameters() const { return {}; }
    void forward(const nn::Chunk<B>&, const nn::LayerParameters<B>&, const double*, double*) const {}
    void jvp(const nn::Chunk<B>&, const nn::LayerParameters<B>&, const nn::LayerParameters<B>&, const double*,
             const double*, const double*, double*) const {}
  };
  template <class>
  Bound bind(const nn::ImageShape& input) const {
    return {input};
  }
};

int main() { (void)nn::Series<B>().add(Twice{}); }
