# SPDX-License-Identifier: Apache-2.0
# What the folders' CMakeLists.txt share: compiler checks that only weft's own build needs, warnings, ccache.

# Stops unless the compiler is fit for coroutines, and exceptions and RTTI are on.
function(weft_require_compiler)
    weft_compiler_problem(problem)
    if(problem)
        message(FATAL_ERROR "${problem}")
    endif()
    weft_compiler_caution(caution)
    if(caution)
        message(WARNING "${caution}")
    endif()
    include(CheckCXXSourceCompiles)
    check_cxx_source_compiles([[
        #if !defined(__cpp_exceptions) || !defined(__cpp_rtti)
        #error
        #endif
        int main() {}]] WEFT_EXCEPTIONS_AND_RTTI)
    if(NOT WEFT_EXCEPTIONS_AND_RTTI)
        message(FATAL_ERROR "weft needs exceptions and RTTI: remove -fno-exceptions and -fno-rtti from CMAKE_CXX_FLAGS")
    endif()
endfunction()

# Gives `target` the warnings weft is developed under. Always private: whoever uses weft chooses their own.
function(weft_warnings target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow> -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
        -Wno-missing-field-initializers) # {.name = "x"} is how options are passed
endfunction()

# Compiles through ccache where it is installed. A macro, because the variable must be set in the caller's scope.
macro(weft_use_ccache)
    find_program(WEFT_CCACHE ccache DOC "ccache, if compiled objects are to be cached")
    if(WEFT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
        # What the manual asks for with precompiled headers; weft_cacheable_pch() does the compiler's part. By the files that
        # were read (CCACHE_DEPEND), not by what the preprocessor leaves of them: a precompiled header knows its headers by
        # all their bytes, and one made before a comment was changed makes g++ read the header a second time.
        set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_DEPEND=1
            CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime "${WEFT_CCACHE}")
    endif()
endmacro()

# Lets ccache see through the precompiled header of `target`, which would otherwise carry its time of birth.
function(weft_cacheable_pch target)
    target_compile_options(${target} PRIVATE
        "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>" $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()
