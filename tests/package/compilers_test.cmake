# SPDX-License-Identifier: Apache-2.0
# Which compilers are refused, and which draw a warning; run by cmake -P.
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/weft_compiler.cmake")

# With the compiler `id` `version`, the problem and the caution must match these expressions.
function(expect id version problem_like caution_like)
    set(CMAKE_CXX_COMPILER_ID ${id})
    set(CMAKE_CXX_COMPILER_VERSION ${version})
    weft_compiler_problem(problem)
    weft_compiler_caution(caution)
    foreach(kind IN ITEMS problem caution)
        if(NOT "${${kind}}" MATCHES "${${kind}_like}")
            message(SEND_ERROR "${id} ${version}: the ${kind} is \"${${kind}}\", and not like \"${${kind}_like}\"")
        endif()
    endforeach()
endfunction()

expect(GNU 11.4.0 "GCC 11.4.0 destroys aggregate temporaries.*twice" "^$")
expect(GNU 12.2.0 "memory corruption" "^$")
expect(GNU 13.3.0 "needs GCC 14" "^$")
expect(GNU 14.2.0 "^$" "^$")
expect(GNU 15.2.0 "^$" "untested")
expect(GNU 16.0.0 "^$" "untested")
expect(Clang 17.0.6 "needs Clang 18" "^$")
expect(Clang 18.1.0 "^$" "^$")
expect(Clang 19.1.7 "^$" "^$")
expect(MSVC 19.40 "knows nothing about MSVC" "^$")
