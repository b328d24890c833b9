// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/frame_layout.hpp"
#include "weft/terminal.hpp"

#include <span>
#include <string>

// How `weft frames` says what it has found.

/// A line each: size, name, place, and what takes most of it.
std::string frames_table(std::span<const coroutine_layout> all, const terminal& t);
/// All of one: what the frame holds, byte by byte, and where it is suspended.
std::string frame_in_full(const coroutine_layout& one, const terminal& t);
/// The same for programs: an object, with an array of functions.
std::string frames_json(const std::string& path, std::span<const coroutine_layout> all);
