# The library, header-only, in components:
#   lazytrain::lazytrain  everything that needs Eigen alone
#   lazytrain::data       the same with gzip, if zlib is there
#   lazytrain::report     figures, files and pages; needs nlohmann_json and exists where it is found
#   lazytrain::cuda       networks on NVIDIA's GPUs; exists with LAZYTRAIN_WITH_CUDA (LazytrainCuda.cmake)

# GLOBAL: a project that adds this one as a subfolder links what was found here.
if(NOT TARGET Eigen3::Eigen)
  find_package(Eigen3 3.4 REQUIRED NO_MODULE GLOBAL)
endif()
find_package(Threads REQUIRED GLOBAL)

set(lazytrain_include "${PROJECT_SOURCE_DIR}/include")
file(GLOB_RECURSE lazytrain_headers CONFIGURE_DEPENDS "${lazytrain_include}/lazytrain/*.hpp")
set(lazytrain_report_headers ${lazytrain_headers})
list(FILTER lazytrain_report_headers INCLUDE REGEX "/lazytrain/report/")
set(lazytrain_data_headers ${lazytrain_headers})
list(FILTER lazytrain_data_headers INCLUDE REGEX "/lazytrain/data/gzip[^/]*$")
file(GLOB lazytrain_cuda_headers CONFIGURE_DEPENDS "${lazytrain_include}/lazytrain/backend/cuda/*")
set(lazytrain_core_headers ${lazytrain_headers})
list(REMOVE_ITEM lazytrain_core_headers ${lazytrain_report_headers} ${lazytrain_data_headers} ${lazytrain_cuda_headers})

# lazytrain_component(<target> <name> <headers>...) makes the target lazytrain::<name>.
function(lazytrain_component target name)
  add_library(${target} INTERFACE)
  add_library(lazytrain::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS "${lazytrain_include}" FILES ${ARGN})
endfunction()

lazytrain_component(lazytrain lazytrain ${lazytrain_core_headers})
target_compile_features(lazytrain INTERFACE cxx_std_20)
target_link_libraries(lazytrain INTERFACE Eigen3::Eigen Threads::Threads)
# The library has threads of its own; with OpenMP's, Eigen's products would depend on their number.
target_compile_definitions(lazytrain INTERFACE EIGEN_DONT_PARALLELIZE)
set(lazytrain_components data)

lazytrain_component(lazytrain_data data ${lazytrain_data_headers})
target_link_libraries(lazytrain_data INTERFACE lazytrain)
set(lazytrain_has_zlib FALSE)
if(LAZYTRAIN_WITH_ZLIB STREQUAL "AUTO")
  find_package(ZLIB QUIET GLOBAL)
elseif(LAZYTRAIN_WITH_ZLIB)
  find_package(ZLIB REQUIRED GLOBAL)
endif()
if(LAZYTRAIN_WITH_ZLIB AND TARGET ZLIB::ZLIB)
  set(lazytrain_has_zlib TRUE)
  target_link_libraries(lazytrain_data INTERFACE ZLIB::ZLIB)
  target_compile_definitions(lazytrain_data INTERFACE LAZYTRAIN_WITH_ZLIB=1)
else()
  message(STATUS "lazytrain::data does not read gzip (LAZYTRAIN_WITH_ZLIB=${LAZYTRAIN_WITH_ZLIB}, zlib not used)")
endif()

if(NOT TARGET nlohmann_json::nlohmann_json)
  find_package(nlohmann_json 3.9 QUIET GLOBAL)
endif()
if(TARGET nlohmann_json::nlohmann_json)
  lazytrain_component(lazytrain_report report ${lazytrain_report_headers})
  target_link_libraries(lazytrain_report INTERFACE lazytrain nlohmann_json::nlohmann_json)
  list(APPEND lazytrain_components report)
else()
  message(STATUS "no target lazytrain::report: nlohmann_json >= 3.9 not found")
endif()
