# LAZYTRAIN_WITH_CUDA: the toolkit, the language and the target lazytrain::cuda.

find_package(CUDAToolkit 12 QUIET)  # nvcc compiles C++20 from 12 on
if(CUDAToolkit_FOUND)
  set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}" CACHE FILEPATH "nvcc")
endif()
if(NOT CUDAToolkit_FOUND OR NOT EXISTS "${CMAKE_CUDA_COMPILER}")
  message(FATAL_ERROR "LAZYTRAIN_WITH_CUDA=ON needs nvcc of the CUDA toolkit, version 12 or later, which was not found: "
                      "install it or set CUDAToolkit_ROOT to where it is.")
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES "80;90" CACHE STRING "Architectures of devices")
endif()
enable_language(CUDA)
message(STATUS "CUDA ${CUDAToolkit_VERSION}")

lazytrain_component(lazytrain_cuda cuda ${lazytrain_cuda_headers})
target_link_libraries(lazytrain_cuda INTERFACE lazytrain CUDA::cudart CUDA::cublas CUDA::cublasLt)
# CMake 3.25 does not know that nvcc has C++20: no feature to ask for. Networks hand kernels constexpr functions. The warnings
# that are left out are about Eigen 3.4.
target_compile_options(
  lazytrain_cuda INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--expt-relaxed-constexpr;-diag-suppress=20012,20014,20015>")
list(APPEND lazytrain_components cuda)
