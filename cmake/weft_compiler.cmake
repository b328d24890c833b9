# SPDX-License-Identifier: Apache-2.0
# Which compilers may build weft and programs that use it; installed beside the package, whose users need it as much.

# Sets `result` to the reason why this compiler cannot be used, or to nothing.
function(weft_compiler_problem result)
    set(problem "")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
        string(CONCAT problem
            "weft needs GCC 14 or Clang 18: GCC ${CMAKE_CXX_COMPILER_VERSION} destroys aggregate temporaries of "
            "co_await expressions twice (as in `co_await connect({.host = h})`), or fails to compile them; the first "
            "is memory corruption in ordinary code. Choose another compiler with -DCMAKE_CXX_COMPILER=clang++-19")
    elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 18)
        string(CONCAT problem
            "weft needs Clang 18 or GCC 14: Clang ${CMAKE_CXX_COMPILER_VERSION} lacks parts of C++23 that weft's "
            "coroutines are written in. Choose another compiler with -DCMAKE_CXX_COMPILER=clang++-19")
    elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
        set(problem "weft needs GCC 14 or Clang 18, and knows nothing about ${CMAKE_CXX_COMPILER_ID}")
    endif()
    set(${result} "${problem}" PARENT_SCOPE)
endfunction()

# Sets `result` to what the user should know about a compiler that is allowed, or to nothing.
function(weft_compiler_caution result)
    set(caution "")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 15)
        string(CONCAT caution
            "weft is untested with GCC ${CMAKE_CXX_COMPILER_VERSION}; GCC 15 is known to crash or leak when a suspended "
            "coroutine is destroyed (GCC PR 121961)")
    endif()
    set(${result} "${caution}" PARENT_SCOPE)
endfunction()
