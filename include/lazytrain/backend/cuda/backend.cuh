#pragma once

#include <lazytrain/backend/cuda/backend.hpp>
#include <lazytrain/backend/cuda/device.cuh>

namespace lazytrain::cuda {

/// The backend of the current CUDA device: a network on it is one template argument away,
/// `nn::vgg11<float, cuda::Backend<float>>()`. Its vectors are `cuda::Vector<S, cuda::Device>`.
template <std::floating_point S>
using Backend = ExecutorBackend<S, Device>;

}  // namespace lazytrain::cuda
