// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/address.hpp>

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace weft::inline v0 {

enum class address_family { any, ipv4, ipv6 };

struct resolve_options {
    address_family family = address_family::any;
    /// Addresses to listen on: an empty host is every address of the machine. @see AI_PASSIVE
    bool passive = false;
};

/// What the codes of resolve_error belong to: those of getaddrinfo(3), and its words.
const std::error_category& resolver_category() noexcept;

/// A name has no address, or could not be asked for. Its code is of resolver_category(), or an errno.
/// @see socket.gaierror
class resolve_error : public std::system_error {
public:
    resolve_error(std::error_code code, std::string host, std::string service);

    const std::string& host() const noexcept { return host_; }
    const std::string& service() const noexcept { return service_; }
    /// There is no such name, or it has no address of the family that was asked for.
    bool is_not_found() const noexcept;
    /// The servers gave no answer: later they may. @see EAI_AGAIN
    bool is_temporary() const noexcept;

private:
    std::string host_, service_;
};

/// The addresses of a host, in the order in which they are to be tried: what the system's resolver says (getaddrinfo(3):
/// /etc/hosts, DNS, whatever nsswitch.conf names), asked on one of at most four threads which the loop keeps for that.
///
/// Numeric addresses, with a numeric port, need no thread; neither does "localhost", which is 127.0.0.1 and ::1 (RFC
/// 6761). Tasks that ask the same at the same time share one call. A loop that closes does not wait for calls that have
/// not ended: their threads end by themselves.
/// @param host  a name, or an IPv4 or IPv6 address ("fe80::1%eth0"); empty only if `passive`
/// @param service  a port, or a name such as "http" (see services(5)); empty: port 0
/// @return at least one address, none twice
/// @throws awaited: resolve_error; std::invalid_argument  an empty host, a port above 65535, a NUL byte
/// @cancel the wait ends at once; a call that runs goes on, for the others and for whoever asks the same meanwhile
/// @thread the loop's  @see loop.getaddrinfo
task<std::vector<address>> resolve(std::string host, std::string service, resolve_options options = {});
task<std::vector<address>> resolve(std::string host, std::uint16_t port = 0, resolve_options options = {});

}  // namespace weft::inline v0
