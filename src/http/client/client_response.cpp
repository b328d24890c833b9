// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client_response.hpp>

#include "http/client/client_exchange.hpp"

#include <weft/io/file.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace weft::inline v0::http {

namespace {

/// Of a body that is read as a whole, or saved, so much at a time.
constexpr std::size_t piece_bytes = 64 * 1024;

}  // namespace

client_response::client_response(std::unique_ptr<client_exchange> exchange) noexcept : exchange_(std::move(exchange)) {}
client_response::client_response(client_response&&) noexcept = default;
client_response& client_response::operator=(client_response&&) noexcept = default;
client_response::~client_response() = default;

http::status client_response::status() const noexcept { return exchange_->head().status; }
std::string_view client_response::reason() const noexcept { return exchange_->head().reason(); }
const http::headers& client_response::headers() const noexcept { return exchange_->head().fields; }
const http::url& client_response::url() const noexcept { return exchange_->to(); }
const std::vector<http::url>& client_response::history() const noexcept { return exchange_->history(); }
std::optional<std::uint64_t> client_response::content_length() const noexcept { return exchange_->content_length(); }
task<std::size_t> client_response::read_some(std::span<std::byte> buffer) { return exchange_->read_some(buffer); }
void client_response::close() noexcept { exchange_->close(); }
stream client_response::take_stream() { return exchange_->take_stream(); }

void client_response::raise_for_status() const {
    if (ok()) return;
    const std::string_view known = reason_phrase(status());
    throw response_error(status(),
                         std::to_string(to_number(status())) + " " + std::string(known.empty() ? "(unknown)" : known) +
                             " for " + exchange_->deadline().what(),
                         headers());
}

task<std::string> client_response::read(std::size_t max) {
    std::string bytes(std::min(max, piece_bytes), '\0');
    bytes.resize(co_await exchange_->read_some(std::as_writable_bytes(std::span(bytes))));
    co_return bytes;
}

task<std::string> client_response::text() {
    client_exchange& from = *exchange_;
    const std::uint64_t most = from.limits().body_bytes;
    const auto refuse = [&] {
        from.close();
        throw client_error(client_errc::too_large,
                           from.deadline().what() + ": the body is larger than " + std::to_string(most) + " bytes");
    };
    const auto known = from.content_length();
    if (known && *known > most) refuse();
    std::string all;
    std::size_t size = 0;
    for (;;) {
        // Room for what is known to come, and for a look whether it is over; else for as much again.
        const std::size_t wanted = known ? static_cast<std::size_t>(*known) + 1 : std::max(2 * size, piece_bytes);
        if (all.size() == size) all.resize(std::min(std::max(wanted, size + 1), size + std::max(size, piece_bytes)));
        const std::size_t count = co_await from.read_some(std::as_writable_bytes(std::span(all)).subspan(size));
        size += count;
        if (size > most) refuse();
        if (count == 0) break;
    }
    all.resize(size);
    co_return all;
}

task<std::uint64_t> client_response::save(std::string path) {
    client_exchange& from = *exchange_;
    file to = co_await file::open(std::move(path), open_mode::write | open_mode::create | open_mode::truncate);
    std::string buffer(piece_bytes, '\0');
    std::uint64_t saved = 0;
    while (const std::size_t count = co_await from.read_some(std::as_writable_bytes(std::span(buffer)))) {
        co_await to.write(std::string_view(buffer).substr(0, count));
        saved += count;
    }
    co_await to.close();
    co_return saved;
}

}  // namespace weft::inline v0::http
