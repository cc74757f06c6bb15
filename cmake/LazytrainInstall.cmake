# find_package(lazytrain COMPONENTS data report): one exported set of targets a component, so that a user of
# the core needs neither zlib nor nlohmann_json.

include(CMakePackageConfigHelpers)

set(lazytrain_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/lazytrain")

# AUTO is settled at this point: the package says what was found.
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/lazytrainConfig.cmake.in" "${PROJECT_BINARY_DIR}/lazytrainConfig.cmake"
  INSTALL_DESTINATION "${lazytrain_cmake_dir}"
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/lazytrainConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(
  FILES "${PROJECT_BINARY_DIR}/lazytrainConfig.cmake" "${PROJECT_BINARY_DIR}/lazytrainConfigVersion.cmake"
  DESTINATION "${lazytrain_cmake_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(TARGETS lazytrain EXPORT lazytrainTargets FILE_SET HEADERS)
install(EXPORT lazytrainTargets NAMESPACE lazytrain:: DESTINATION "${lazytrain_cmake_dir}")
foreach(component IN LISTS lazytrain_components)
  install(TARGETS lazytrain_${component} EXPORT lazytrain_${component}Targets FILE_SET HEADERS)
  install(EXPORT lazytrain_${component}Targets NAMESPACE lazytrain:: DESTINATION "${lazytrain_cmake_dir}")
endforeach()
