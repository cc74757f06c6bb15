# What the project's own executables are compiled with, and nobody else's:
#   lazytrain_warnings  warnings as errors
#   lazytrain_own       the same with sanitizers
#   lazytrain_native    the instructions of this machine
#   lazytrain_cuda_own  warnings of nvcc as errors

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(LAZYTRAIN_CCACHE ccache)
  mark_as_advanced(LAZYTRAIN_CCACHE)
  if(LAZYTRAIN_CCACHE)
    # With precompiled headers ccache asks for this leave; see its manual.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${LAZYTRAIN_CCACHE}")
  endif()
endif()

set(CMAKE_CXX_EXTENSIONS OFF)

add_library(lazytrain_warnings INTERFACE)
target_compile_options(lazytrain_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees uses after free and copies of unset pointers in Eigen 3.4, and copies out of bounds or over each other in
  # libstdc++'s string, that cannot happen; in which files depends on what is inlined, hence on the processor.
  target_compile_options(lazytrain_warnings INTERFACE -Wno-use-after-free -Wno-maybe-uninitialized -Wno-array-bounds
                                                      -Wno-stringop-overflow -Wno-restrict)
endif()

add_library(lazytrain_own INTERFACE)
target_link_libraries(lazytrain_own INTERFACE lazytrain_warnings)
if(LAZYTRAIN_SANITIZE)
  target_compile_options(lazytrain_own INTERFACE -fsanitize=${LAZYTRAIN_SANITIZE} -fno-sanitize-recover=all
                                                 -fno-omit-frame-pointer)
  if(LAZYTRAIN_SANITIZE_WITHOUT)
    target_compile_options(lazytrain_own INTERFACE -fno-sanitize=${LAZYTRAIN_SANITIZE_WITHOUT})
  endif()
  target_link_options(lazytrain_own INTERFACE -fsanitize=${LAZYTRAIN_SANITIZE})
endif()

if(LAZYTRAIN_WITH_CUDA)
  add_library(lazytrain_cuda_own INTERFACE)
  # Not -Wpedantic: nvcc hands the host's compiler lines of its own. Functions that a file does not call are the library's.
  target_compile_options(
    lazytrain_cuda_own
    INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Werror all-warnings>"
              "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wconversion,-Wshadow,-Werror>")
endif()

add_library(lazytrain_native INTERFACE)
if(LAZYTRAIN_NATIVE OR LAZYTRAIN_NATIVE_TESTS)
  # Also what nvcc hands to the host's compiler: the instructions decide how Eigen's memory is aligned.
  target_compile_options(lazytrain_native INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-march=native>"
                                                    "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-march=native>")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 warns of its own AVX-512 intrinsics, whose undefined vectors are meant to be so.
    target_compile_options(
      lazytrain_native INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Wno-uninitialized;-Wno-maybe-uninitialized>"
                                 "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wno-uninitialized,-Wno-maybe-uninitialized>")
  endif()
endif()

if(LAZYTRAIN_BUILD_EXAMPLES OR LAZYTRAIN_BUILD_BENCHMARKS)
  include(CheckCXXSourceCompiles)
  if(LAZYTRAIN_NATIVE)
    set(CMAKE_REQUIRED_FLAGS "-march=native")
  else()
    set(CMAKE_REQUIRED_FLAGS "")
  endif()
  check_cxx_source_compiles(
    "#if defined(__x86_64__) && !(defined(__AVX2__) && defined(__FMA__))
     #error slow
     #endif
     int main() {}"
    LAZYTRAIN_VECTOR_INSTRUCTIONS_${LAZYTRAIN_NATIVE})
  unset(CMAKE_REQUIRED_FLAGS)
  if(NOT LAZYTRAIN_VECTOR_INSTRUCTIONS_${LAZYTRAIN_NATIVE})
    message(WARNING "Examples and benchmarks are compiled without AVX2 and FMA: expect a quarter of the speed. "
                    "Set -DLAZYTRAIN_NATIVE=ON on a machine that has them, or -DCMAKE_CXX_FLAGS=-march=haswell.")
  endif()
endif()
