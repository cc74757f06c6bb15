// VGG-11 on 32 x 32 images, 10 outputs, on a GPU: training steps with cross-entropy and momentum, and the
// tangent kernel.
//
//     build/cuda/benchmarks/benchmark_cuda_vgg11 float step 128 20 [tf32] [graph]
//
// Arguments: float or double; step (standard), tangent (alpha = infinity), displaced (alpha = 1000) or
// kernel; images; repetitions; tf32: matrix products of steps in TF32; graph: a step is one launch of a
// graph. Prints JSON: the median and least of the device's seconds, operations of the convolutions and the
// device's name. benchmarks/pytorch_vgg11_cuda.py takes the same arguments and prints the same of PyTorch.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <lazytrain/backend/cuda/backend.cuh>
#include <lazytrain/backend/cuda/graph.cuh>
#include <lazytrain/core/random.hpp>
#include <lazytrain/flow/heavy_ball.hpp>
#include <lazytrain/loss/cross_entropy.hpp>
#include <lazytrain/loss/loss_elsewhere.hpp>
#include <lazytrain/nn/vgg11.hpp>
#include <lazytrain/nn/xavier.hpp>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace lazytrain;

/// Rate small enough that repeated steps on one batch stay where they are.
constexpr double step_size = 1e-6;

struct Arguments {
  std::string task;
  Index images = 0;
  Index repetitions = 0;
  bool tf32 = false;
  bool graph = false;
};

/// Seconds of the device for work(), once for each repetition.
template <class Work>
std::vector<double> seconds(Index repetitions, Work&& work) {
  cudaEvent_t begin = nullptr, end = nullptr;
  cuda::check(cudaEventCreate(&begin), "cudaEventCreate");
  cuda::check(cudaEventCreate(&end), "cudaEventCreate");
  std::vector<double> all;
  for (Index i = 0; i < repetitions; ++i) {
    float milliseconds = 0;
    cuda::check(cudaEventRecord(begin, cuda::Device::stream()), "cudaEventRecord");
    work();
    cuda::check(cudaEventRecord(end, cuda::Device::stream()), "cudaEventRecord");
    cuda::check(cudaEventSynchronize(end), "cudaEventSynchronize");
    cuda::check(cudaEventElapsedTime(&milliseconds, begin, end), "cudaEventElapsedTime");
    all.push_back(milliseconds / 1e3);
  }
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  std::sort(all.begin(), all.end());
  return all;
}

/// Multiplications and additions of all convolutions for an image, once.
template <class B>
double operations(const nn::Network<B>& net) {
  double sum = 0;
  for (Index i = 1; i < net.graph().size(); ++i) {
    const auto& layer = net.graph()[i].layer;
    if (!layer || !layer->conv_shape()) continue;
    const ConvShape shape = *layer->conv_shape();
    sum += 2 * static_cast<double>(shape.positions()) * static_cast<double>(shape.weight_dim());
  }
  return sum;
}

template <class S>
void run(const std::string& scalar, const Arguments& arguments) {
  using B = cuda::Backend<S>;
  using V = typename B::Vector;
  const auto net =
      nn::vgg11<S>({}, B({.chunk = arguments.images,
                          .arithmetic = arguments.tf32 ? cuda::Arithmetic::tf32 : cuda::Arithmetic::ieee}));
  Philox rng(1);
  const V w0 = nn::xavier_normal(net, rng);
  std::vector<Index> labels;
  for (Index i = 0; i < arguments.images; ++i) labels.push_back(i % 10);
  const auto model = net.on(normal_matrix<S>(3 * 32 * 32, arguments.images, rng));
  const auto loss = loss_where_outputs_are<V>(cross_entropy_loss<S>(labels, model.output_space()));
  V gradient(model.output_dim());
  std::vector<double> times;
  const auto train = [&](auto tangent, HeavyBall<V> ball) {
    const auto step = [&] {
      tangent.move_to(ball.x());
      loss.gradient(tangent.value(), gradient);
      model.output_space().to_cotangent(gradient);
      tangent.vjp(gradient, ball.f());
      scale(S(-1), ball.f());
      ball.step(step_size);
    };
    step();
    step();
    if (arguments.graph) {
      const cuda::Graph graph(step);
      graph.launch();
      times = seconds(arguments.repetitions, [&] { graph.launch(); });
    } else {
      times = seconds(arguments.repetitions, step);
    }
  };
  if (arguments.task == "step") {
    train(model.linearize(w0), HeavyBall(w0, 0.9));
  } else if (arguments.task == "tangent" || arguments.task == "displaced") {
    const V zero = zeros_like(w0);
    train(model.displace(w0, arguments.task == "tangent" ? S(0) : S(1e-3)).linearize(zero),
          HeavyBall(zero, 0.9));
  } else {
    times = seconds(arguments.repetitions, [&] {
      (void)nn::NetworkKernel<B>(model.shared_data(), nullptr, w0, {.memory = 2e10}).result();
    });
  }
  cudaDeviceProp properties{};
  cuda::check(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties");
  std::cout << "{\"scalar\": \"" << scalar << "\", \"task\": \"" << arguments.task
            << "\", \"images\": " << arguments.images << ", \"tf32\": " << arguments.tf32
            << ", \"graph\": " << arguments.graph << ", \"median_s\": " << times[times.size() / 2]
            << ", \"least_s\": " << times.front()
            << ", \"forward_operations\": " << operations(net) * static_cast<double>(arguments.images)
            << ", \"device\": \"" << properties.name << "\"}\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const auto has = [&](const char* word) {
    return std::find(words.begin() + 5, words.end(), word) != words.end();
  };
  if (words.size() < 5) {
    std::cerr << "usage: benchmark_cuda_vgg11 float|double step|tangent|displaced|kernel IMAGES REPETITIONS "
                 "[tf32] [graph]\n";
    return 2;
  }
  try {
    cuda::require_device();
    const Arguments arguments{words[2], std::stoll(words[3]), std::max<Index>(1, std::stoll(words[4])),
                              has("tf32"), has("graph")};
    if (words[1] == "float") {
      run<float>(words[1], arguments);
    } else {
      run<double>(words[1], arguments);
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
