// SPDX-License-Identifier: Apache-2.0
// Precompiled for the sources of the library where WEFT_PRECOMPILE says so: the standard headers that most of them include.
// Each includes what it needs all the same: the release preset builds them without this.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <coroutine>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
