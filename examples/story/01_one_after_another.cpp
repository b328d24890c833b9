// SPDX-License-Identifier: Apache-2.0
// Two requests, one after the other. Nothing goes on at the same time, and nothing has to.
#include <cstdio>

void page() {
    std::puts("page starts");
    std::puts("page ends");
}

void ping() {
    std::puts("ping starts");
    std::puts("ping ends");
}

int main() {
    page();
    ping();
}
