// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace showcase {

/// What runs in this program, as JSON: of each loop its tasks, what each waits for, and where; and what is wrong, such as
/// tasks that wait for one another. @cost some system calls, and some microseconds a task
std::string program_to_json();

}  // namespace showcase
