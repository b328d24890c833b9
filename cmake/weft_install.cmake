# SPDX-License-Identifier: Apache-2.0
# Install rules: the library, its headers, the CMake package and the pkg-config file.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/weft")
install(TARGETS weft EXPORT weft FILE_SET HEADERS)
if(TARGET weft_hook)
    set_target_properties(weft_hook PROPERTIES EXPORT_NAME hook)
    install(TARGETS weft_hook EXPORT weft)
endif()
install(EXPORT weft NAMESPACE weft:: FILE weft-targets.cmake DESTINATION "${package_dir}")

get_target_property(library_type weft TYPE)
configure_package_config_file(cmake/weft-config.cmake.in weft-config.cmake INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a new minor version may break its users (semantic versioning, clause 4).
write_basic_package_version_file(weft-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/weft-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/weft-config-version.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/weft_compiler.cmake"
    DESTINATION "${package_dir}")

# How gdb shows tasks; it reads this of itself when it loads a shared library, where it looks below the prefix.
set(gdb_dir "${PROJECT_SOURCE_DIR}/tools/gdb")
set(auto_load_dir "${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR}")
install(FILES "${gdb_dir}/weft_gdb.py" DESTINATION "${CMAKE_INSTALL_DATADIR}/weft/gdb")
install(DIRECTORY "${gdb_dir}/weft_in_gdb" DESTINATION "${CMAKE_INSTALL_DATADIR}/weft/gdb" FILES_MATCHING PATTERN "*.py")
if(library_type STREQUAL "SHARED_LIBRARY")
    install(FILES "${gdb_dir}/weft_gdb.py" DESTINATION "${auto_load_dir}" RENAME "libweft.so.${PROJECT_VERSION}-gdb.py")
    install(DIRECTORY "${gdb_dir}/weft_in_gdb" DESTINATION "${auto_load_dir}" FILES_MATCHING PATTERN "*.py")
endif()

# A static library hands its private needs on to whoever links it; a shared one has them inside.
set(pc_requires "")
if(library_type STREQUAL "STATIC_LIBRARY")
    set(needs "")
    if(WEFT_WITH_IO_URING)
        list(APPEND needs "liburing >= 2.3")
    endif()
    if(WEFT_WITH_TLS)
        list(APPEND needs "openssl >= 3.0")
    endif()
    if(WEFT_WITH_ZLIB)
        list(APPEND needs "zlib >= 1.2.11")
    endif()
    if(needs)
        list(JOIN needs ", " needs)
        set(pc_requires "Requires: ${needs}\n")
    endif()
endif()
file(RELATIVE_PATH pc_to_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file(cmake/weft.pc.in weft.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/weft.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
