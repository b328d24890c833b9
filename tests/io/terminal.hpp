// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

namespace weft_test {

/// A raw pseudo-terminal; without a slave if there is none to be had.
struct terminal {
    terminal() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        if (::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) return;
        char name[128];
        if (::ptsname_r(master.get(), name, sizeof name) != 0) return;
        slave.reset(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
        termios raw{};
        ::tcgetattr(slave.get(), &raw);
        ::cfmakeraw(&raw);
        ::tcsetattr(slave.get(), TCSANOW, &raw);
    }
    weft::unique_fd master, slave;
};

}  // namespace weft_test
