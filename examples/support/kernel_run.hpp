#pragma once

#include <filesystem>
#include <lazytrain/flow/checkpoint.hpp>
#include <lazytrain/nn/network_kernel.hpp>
#include <lazytrain/report/progress.hpp>
#include <string>

namespace examples {

/// The tangent kernel of images, kept in `file` after every unit of work: a stopped program goes on from
/// there.
template <class B>
lazytrain::Matrix<lazytrain::scalar_t<B>> kept_kernel(const lazytrain::nn::Network<B>& net,
                                                      const typename B::Vector& w0,
                                                      const lazytrain::Matrix<lazytrain::scalar_t<B>>& images,
                                                      double memory, const std::string& label,
                                                      const std::filesystem::path& file) {
  using namespace lazytrain;
  using S = scalar_t<B>;
  nn::NetworkKernel<B> kernel(net, w0, images, nn::KernelOptions{.memory = memory});
  const Index size = images.cols() * net.outputs();
  if (std::filesystem::exists(file)) {
    const Checkpoint saved = Checkpoint::read(file.string());
    Vector<S> entries(size * size);
    saved.get("kernel", entries);
    kernel.resume(static_cast<Index>(saved.number("done")), entries.reshaped(size, size));
  }
  report::Progress progress(2, label, kernel.units());
  progress.step(kernel.done());
  while (kernel.step()) {
    Checkpoint saved;
    saved.set("done", static_cast<double>(kernel.done()));
    saved.set("kernel", Vector<S>(kernel.partial().reshaped()));
    saved.write(file.string());
    progress.step();
  }
  return kernel.partial();
}

}  // namespace examples
