# SPDX-License-Identifier: Apache-2.0
# Runs PROGRAM; it must exit with 0, and print what the file EXPECTED holds if there is one.
execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE output RESULT_VARIABLE status)
message("${output}")
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM}: exit status ${status}")
endif()
if(EXISTS "${EXPECTED}")
    file(READ "${EXPECTED}" expected)
    if(NOT output STREQUAL expected)
        message(FATAL_ERROR "not what ${EXPECTED} says:\n${expected}")
    endif()
endif()
