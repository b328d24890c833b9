// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

// Queues, as in queues.py.

namespace differential {

vocabulary queue_words() { return {}; }

}  // namespace differential
