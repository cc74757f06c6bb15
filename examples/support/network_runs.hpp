#pragma once

#include <memory>
#include <string>
#include <type_traits>

#include "cnn_training.hpp"
#include "kernel_run.hpp"
#include "linearized_solve.hpp"

namespace examples {

using lazytrain::Index;

/// Which network, with which initial weights, and where it computes.
struct NetworkChoice {
  std::string network = "vgg11";
  double width = 1;
  double gain = 1;
  std::uint64_t seed = 1;
  std::string device = "cpu";
  Index threads = 0;
};

/// A network at its initial weights, on the processor or on a GPU: what the programs ask of it. In single
/// precision.
class NetworkRuns {
 public:
  virtual ~NetworkRuns() = default;
  [[nodiscard]] virtual Index parameter_dim() const = 0;
  /// See `cnn_unit_step`.
  [[nodiscard]] virtual double unit_step(const ImageData<float>& data, double smoothness) const = 0;
  /// Trains the centred network, see `train_cnn`.
  [[nodiscard]] virtual nlohmann::json train(CnnLoss loss, const ImageData<float>& data, double alpha,
                                             double step, const CnnProtocol& protocol,
                                             const std::filesystem::path& folder, const std::string& name,
                                             lazytrain::report::Progress& progress) const = 0;
  /// Trains the network as it is, with cross-entropy.
  [[nodiscard]] virtual nlohmann::json train_as_is(const ImageData<float>& data, double step,
                                                   const CnnProtocol& protocol,
                                                   const std::filesystem::path& folder,
                                                   const std::string& name,
                                                   lazytrain::report::Progress& progress) const = 0;
  /// See `solve_linearized`.
  [[nodiscard]] virtual nlohmann::json solve(const ImageData<float>& data, Index iterations,
                                             const std::filesystem::path& folder,
                                             lazytrain::report::Progress& progress) const = 0;
  /// See `kept_kernel`.
  [[nodiscard]] virtual lazytrain::Matrix<float> kernel(const lazytrain::Matrix<float>& images, double memory,
                                                        const std::string& label,
                                                        const std::filesystem::path& file) const = 0;
};

template <class B>
class NetworkRunsOn final : public NetworkRuns {
 public:
  NetworkRunsOn(const NetworkChoice& choice, const B& backend, const lazytrain::nn::NetworkOptions& options)
      : net_(choice.network == "vgg11"
                 ? lazytrain::nn::vgg11<float>({.width = choice.width}, backend, options)
                 : lazytrain::nn::resnet18<float>({.width = choice.width}, backend, options)) {
    lazytrain::Philox rng(choice.seed);
    w0_ = lazytrain::nn::xavier_normal(net_, rng, choice.gain);
  }

  [[nodiscard]] Index parameter_dim() const override { return net_.parameter_dim(); }
  [[nodiscard]] double unit_step(const ImageData<float>& data, double smoothness) const override {
    return cnn_unit_step(net_, w0_, data, smoothness);
  }
  [[nodiscard]] nlohmann::json train(CnnLoss loss, const ImageData<float>& data, double alpha, double step,
                                     const CnnProtocol& protocol, const std::filesystem::path& folder,
                                     const std::string& name,
                                     lazytrain::report::Progress& progress) const override {
    constexpr auto centred = lazytrain::Start::centred;
    return loss == CnnLoss::square ? train_cnn<CnnLoss::square, centred>(net_, w0_, data, alpha, step,
                                                                         protocol, folder, name, progress)
                                   : train_cnn<CnnLoss::cross_entropy, centred>(
                                         net_, w0_, data, alpha, step, protocol, folder, name, progress);
  }
  [[nodiscard]] nlohmann::json train_as_is(const ImageData<float>& data, double step,
                                           const CnnProtocol& protocol, const std::filesystem::path& folder,
                                           const std::string& name,
                                           lazytrain::report::Progress& progress) const override {
    return train_cnn<CnnLoss::cross_entropy, lazytrain::Start::as_is>(net_, w0_, data, 1.0, step, protocol,
                                                                      folder, name, progress);
  }
  [[nodiscard]] nlohmann::json solve(const ImageData<float>& data, Index iterations,
                                     const std::filesystem::path& folder,
                                     lazytrain::report::Progress& progress) const override {
    return solve_linearized(net_, w0_, data, iterations, folder, progress);
  }
  [[nodiscard]] lazytrain::Matrix<float> kernel(const lazytrain::Matrix<float>& images, double memory,
                                                const std::string& label,
                                                const std::filesystem::path& file) const override {
    return kept_kernel(net_, w0_, images, memory, label, file);
  }

 private:
  lazytrain::nn::Network<B> net_;
  typename B::Vector w0_;
};

#ifdef LAZYTRAIN_EXAMPLES_ON_CUDA
/// Eigen's matrices pass between a program and network_runs.cu: another alignment in one of them does not
/// link.
using SameAlignment = std::integral_constant<int, EIGEN_MAX_ALIGN_BYTES>;

/// On the current GPU: network_runs.cu.
/// @throws std::runtime_error if there is none
[[nodiscard]] std::unique_ptr<NetworkRuns> network_runs_on_cuda(const NetworkChoice& choice, SameAlignment);
#endif

/// @throws std::runtime_error if the choice is a GPU and there is none, std::invalid_argument if the program
/// was built without
[[nodiscard]] inline std::unique_ptr<NetworkRuns> network_runs(const NetworkChoice& choice) {
  if (choice.device == "cuda") {
#ifdef LAZYTRAIN_EXAMPLES_ON_CUDA
    return network_runs_on_cuda(choice, {});
#else
    lazytrain::raise<std::invalid_argument>("examples",
                                            "--device is cuda, expected cpu: this program was built ",
                                            "without -DLAZYTRAIN_WITH_CUDA=ON");
#endif
  }
  const lazytrain::cpu::Backend<float> backend({.threads = choice.threads});
  return std::make_unique<NetworkRunsOn<lazytrain::cpu::Backend<float>>>(choice, backend,
                                                                         lazytrain::nn::NetworkOptions{});
}

}  // namespace examples
