// SPDX-License-Identifier: Apache-2.0
#pragma once

// format_exception, print_exception and traceback_of: where an exception came from, through awaits, tasks and threads.
#include <weft/coro/format_exception.hpp>  // IWYU pragma: export
