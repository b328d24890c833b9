// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything of weft: coroutines, tasks and the loop they run on, streams and servers.

#include <weft/base/clock.hpp>
#include <weft/base/describe_exception.hpp>
#include <weft/base/errors.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/base/version.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/coro/awaitable.hpp>
#include <weft/coro/function_concepts.hpp>
#include <weft/coro/generator.hpp>
#include <weft/coro/outcome.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/flow/as_completed.hpp>
#include <weft/flow/as_task.hpp>
#include <weft/flow/closing.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/move_on_after.hpp>
#include <weft/flow/race.hpp>
#include <weft/flow/select.hpp>
#include <weft/flow/shield.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/task_group.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/try.hpp>
#include <weft/flow/wait.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/flow/with.hpp>
#include <weft/io/address.hpp>
#include <weft/io/read_errors.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/loop/cancel_scope.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/run.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/net/connection.hpp>
#include <weft/net/server.hpp>
