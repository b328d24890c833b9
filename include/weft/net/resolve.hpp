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

/// A name has no address, or an address no name, or could not be asked for. Its code is of resolver_category(), or an errno.
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

struct name_options {
    /// The host as a number, and nobody is asked for its name. @see NI_NUMERICHOST
    bool numeric_host = false;
    /// The service as a number. @see NI_NUMERICSERV
    bool numeric_service = false;
    /// A host without a name is an error; else it is given as a number. @see NI_NAMEREQD
    bool name_required = false;
    /// The service is UDP's; there are a few whose ports have another name there. @see NI_DGRAM
    bool datagram = false;
    /// Of a host of this machine's own domain the first part of the name. @see NI_NOFQDN
    bool short_name = false;
};

/// What an address is called.
struct host_and_service {
    std::string host, service;
    bool operator==(const host_and_service&) const = default;
};

/// The names of an address, by getnameinfo(3): resolve() the other way round. Asked on the same threads, shared and given
/// up in the same way; what is to be numeric in both parts needs no thread.
///
///     auto [host, service] = co_await weft::getnameinfo(s.peer());  // "localhost", "http"
///
/// @param of  an IPv4 or IPv6 address with its port
/// @throws awaited: resolve_error; std::invalid_argument  a name, or the path of a Unix socket; numeric_host and
///         name_required at once
/// @cancel the wait ends at once; a call that runs goes on, for the others and for whoever asks the same meanwhile
/// @thread the loop's  @see loop.getnameinfo
task<host_and_service> getnameinfo(address of, name_options options = {});

}  // namespace weft::inline v0
