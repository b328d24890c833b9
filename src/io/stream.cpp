// SPDX-License-Identifier: Apache-2.0
#include "io/stream_core.hpp"

#include <weft/io/stream.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace weft::inline v0 {

// Waiting for input

const wait_kind input_awaiter::kind_ = {
    .name = "stream read",
    .cancel =
        [](waiter& w) {
            static_cast<input_awaiter&>(w).stream_->wake_reader();
            return false;
        },
    .subject = stream_core::as_subject(offsetof(input_awaiter, stream_)),
};

void input_awaiter::abandon() noexcept {
    if (stream_) stream_->remove_reader(*this);
}

bool input_awaiter::await_ready() {
    if (!stream_) throw invalid_state_error("read: this read was awaited before");
    if (stream_->has_reader())
        throw invalid_state_error("read: another task is already waiting to read from this stream");
    stream_->settle_lent();
    return satisfied();
}

void input_awaiter::start() { stream_->set_reader(this); }

namespace {

struct found_delimiter {
    std::size_t begin = std::string_view::npos, end = std::string_view::npos;
    explicit operator bool() const noexcept { return begin != std::string_view::npos; }
};

std::span<const std::string_view> delimiters_of(const input_request& r) noexcept {
    return r.what == input_request::until::delimiter ? std::span(&r.delimiter, 1) : r.delimiters;
}

/// The one that ends first, that begins at `from` or later; of two that end there, the shorter.
found_delimiter find_delimiter(const input_request& r, std::string_view text, std::size_t from) noexcept {
    found_delimiter first;
    for (const std::string_view d : delimiters_of(r)) {
        const std::size_t begin = text.find(d, from);
        if (begin == std::string_view::npos) continue;
        const std::size_t end = begin + d.size();
        if (end < first.end || (end == first.end && begin > first.begin)) first = {begin, end};
    }
    return first;
}

std::size_t longest_delimiter(const input_request& r) noexcept {
    std::size_t longest = 0;
    for (const std::string_view d : delimiters_of(r)) longest = std::max(longest, d.size());
    return longest;
}

}  // namespace

/// Enough is buffered, or more will never be.
bool input_awaiter::satisfied() {
    const std::string_view text = stream_->input().text();
    if (request_.what == input_request::until::count && text.size() >= request_.count) return true;
    if (request_.what == input_request::until::delimiter || request_.what == input_request::until::any_delimiter) {
        if (const found_delimiter found = find_delimiter(request_, text, searched_)) {
            searched_ = found.begin;
            return true;
        }
        const std::size_t longest = longest_delimiter(request_);
        searched_ = text.size() < longest ? 0 : text.size() - longest + 1;
        if (searched_ > stream_->limit()) return true;
    }
    return !stream_->receives() || stream_->is_closing();
}

void input_awaiter::finish() {
    this->resumed();
    if (!stream_) stream_link::throw_destroyed();
    stream_->remove_reader(*this);
}

/// How each kind of read takes its result out of the buffer.
struct stream_takes {
    static stream_core& core(input_awaiter& a) noexcept { return *a.stream_; }

    static std::string take(stream_core& s, std::size_t count) {
        std::string out(s.input().text().substr(0, count));
        s.consume(count);
        return out;
    }
    /// What is there of `wanted`; at the end of the stream that may be less. After an error, only what is whole.
    static std::size_t available(stream_core& s, std::size_t wanted) {
        const std::size_t count = std::min(wanted, s.input().size());
        if (count == 0 && wanted > 0 && !s.ended()) s.throw_read_error();
        return count;
    }
    static void require(stream_core& s, std::size_t count) {
        if (s.input().size() >= count) return;
        if (!s.ended()) s.throw_read_error();
        throw incomplete_read_error(take(s, s.input().size()), count);
    }
    /// Where the delimiter ends. At the end of the stream without one: empty.
    static std::optional<std::size_t> end_of_delimited(input_awaiter& a) {
        stream_core& s = core(a);
        const std::string_view text = s.input().text();
        const found_delimiter found = find_delimiter(a.request_, text, a.searched_);
        if (const std::size_t before = found ? found.begin : a.searched_; before > s.limit()) {
            throw limit_overrun_error((found ? "the delimiter is found, but beyond" : "no delimiter within") +
                                          (" the stream's limit of " + std::to_string(s.limit()) + " bytes"),
                                      before);
        }
        if (found) return found.end;
        if (!s.ended()) s.throw_read_error();
        return std::nullopt;
    }
    static std::size_t end_of_line(input_awaiter& a) { return end_of_delimited(a).value_or(core(a).input().size()); }
    static std::size_t end_of_until(input_awaiter& a) {
        if (const auto end = end_of_delimited(a)) return *end;
        throw incomplete_read_error(take(core(a), core(a).input().size()), std::nullopt);
    }
    static std::string_view strip(std::string_view line) {
        if (!line.ends_with('\n')) return line;
        line.remove_suffix(1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }
    static std::size_t copy(input_awaiter& a, std::size_t count) {
        stream_core& s = core(a);
        std::memcpy(a.request_.into.data(), s.input().bytes().data(), count);
        s.consume(count);
        return count;
    }

    static std::size_t some_into(input_awaiter& a) {
        const std::size_t count = available(core(a), a.request_.into.size());
        return count ? copy(a, count) : 0;
    }
    static std::size_t exactly_into(input_awaiter& a) {
        require(core(a), a.request_.into.size());
        return a.request_.into.empty() ? 0 : copy(a, a.request_.into.size());
    }
    static std::string some(input_awaiter& a) { return take(core(a), available(core(a), a.request_.max)); }
    static std::string exactly(input_awaiter& a) {
        require(core(a), a.request_.count);
        return take(core(a), a.request_.count);
    }
    static std::string until(input_awaiter& a) { return take(core(a), end_of_until(a)); }
    static std::string_view until_view(input_awaiter& a) { return core(a).lend(end_of_until(a)); }
    static std::optional<std::string> line(input_awaiter& a) {
        const std::size_t end = end_of_line(a);
        if (end == 0) return std::nullopt;
        std::string out(strip(core(a).input().text().substr(0, end)));
        core(a).consume(end);
        return out;
    }
    static std::optional<std::string_view> line_view(input_awaiter& a) {
        const std::size_t end = end_of_line(a);
        if (end == 0) return std::nullopt;
        return strip(core(a).lend(end));
    }
    static std::string all(input_awaiter& a) {
        if (!core(a).ended()) core(a).throw_read_error();
        return take(core(a), core(a).input().size());
    }
    static chunk whole(input_awaiter& a) {
        available(core(a), 1);
        return core(a).take_chunk();
    }
    static std::string_view peek(input_awaiter& a) {
        if (core(a).input().size() < a.request_.count && !core(a).ended()) core(a).throw_read_error();
        return core(a).view();
    }
};

// Waiting for output

const wait_kind output_awaiter::kind_ = {
    .name = "stream write",
    .cancel =
        [](waiter& w) {
            static_cast<output_awaiter&>(w).wake();
            return false;
        },
    .subject = stream_core::as_subject(offsetof(output_awaiter, stream_)),
};

output_awaiter::output_awaiter(stream_core& s, purpose p, kept) noexcept : output_awaiter(s, p) { s.add(*this); }
bool output_awaiter::await_ready() { return core().reached(purpose_); }
void output_awaiter::start() { stream_->wait(*this); }
void output_awaiter::await_resume() {
    this->resumed();
    stream_core& s = core();
    unlink();
    s.throw_write_error_if_any();
}

// The stream

stream::stream(std::unique_ptr<stream_core> core) noexcept : core_(core.release()) {}
stream::stream(stream&&) noexcept = default;
stream& stream::operator=(stream&&) noexcept = default;
stream::~stream() = default;
void stream::release::operator()(stream_core* core) const noexcept { core->release(); }

stream_core& stream::core() const {
    if (!core_)
        throw invalid_state_error(
            "there is no stream: it was moved from, or is that of a child that was given no pipe");
    return *core_;
}

using enum input_request::until;

read_awaiter<std::size_t> stream::read_some(std::span<std::byte> buffer) {
    return {core(), {.what = count, .count = buffer.empty() ? 0u : 1u, .into = buffer}, &stream_takes::some_into};
}
read_awaiter<std::size_t> stream::read_exactly(std::span<std::byte> buffer) {
    return {core(), {.what = count, .count = buffer.size(), .into = buffer}, &stream_takes::exactly_into};
}
read_awaiter<std::string> stream::read(std::size_t max) {
    return {core(), {.what = count, .count = max ? 1u : 0u, .max = max}, &stream_takes::some};
}
read_awaiter<std::string> stream::read_exactly(std::size_t size) {
    return {core(), {.what = count, .count = size}, &stream_takes::exactly};
}
read_awaiter<std::string> stream::read_until(std::string_view d) {
    if (d.empty()) throw std::invalid_argument("read_until: the delimiter is empty");
    return {core(), {.what = delimiter, .delimiter = d}, &stream_takes::until};
}
read_awaiter<std::string> stream::read_until(std::span<const std::string_view> all) {
    if (all.empty()) throw std::invalid_argument("read_until: no delimiter");
    for (const std::string_view d : all) {
        if (d.empty()) throw std::invalid_argument("read_until: a delimiter is empty");
    }
    return {core(), {.what = any_delimiter, .delimiters = all}, &stream_takes::until};
}
read_awaiter<std::string_view> stream::read_until_view(std::string_view d) {
    if (d.empty()) throw std::invalid_argument("read_until_view: the delimiter is empty");
    return {core(), {.what = delimiter, .delimiter = d}, &stream_takes::until_view};
}
read_awaiter<std::optional<std::string>> stream::read_line() {
    return {core(), {.what = delimiter, .delimiter = "\n"}, &stream_takes::line};
}
read_awaiter<std::optional<std::string_view>> stream::read_line_view() {
    return {core(), {.what = delimiter, .delimiter = "\n"}, &stream_takes::line_view};
}
read_awaiter<std::string> stream::read_all() { return {core(), {.what = end}, &stream_takes::all}; }
read_awaiter<chunk> stream::read_chunk() {
    return {core(), {.what = count, .whole = true, .count = 1}, &stream_takes::whole};
}
read_awaiter<std::string_view> stream::peek(std::size_t at_least) {
    return {core(), {.what = count, .count = at_least}, &stream_takes::peek};
}

std::string_view stream::buffered() const noexcept {
    if (!core_) return {};
    core_->settle_lent();
    return core_->view();
}
void stream::consume(std::size_t size) {
    core().settle_lent();
    if (size > core().input().size()) throw invalid_state_error("consume: fewer bytes are buffered");
    core().consume(size);
}
bool stream::at_eof() const noexcept { return !core_ || (core_->ended() && core_->unread() == 0); }

output_awaiter stream::write(std::span<const std::byte> bytes) {
    core().write(bytes);
    return {core(), output_awaiter::purpose::writable};
}
output_awaiter stream::write(chunk bytes) {
    core().write(std::move(bytes));
    return {core(), output_awaiter::purpose::writable};
}
output_awaiter stream::write(std::span<const std::span<const std::byte>> pieces) {
    core().write_pieces(pieces);
    return {core(), output_awaiter::purpose::writable};
}
bool stream::try_write(std::string_view text) {
    core().require_writable();
    if (!core().reached(output_awaiter::purpose::writable)) return false;
    core().write(std::as_bytes(std::span(text)));
    return true;
}
output_awaiter stream::drain() { return {core(), output_awaiter::purpose::writable}; }
std::size_t stream::write_buffer_size() const noexcept { return core_ ? core_->unsent() : 0; }
std::uint64_t stream::unsent_bytes() const noexcept { return core_ ? core_->unsent_bytes() : 0; }
void stream::set_write_buffer_limits(std::size_t high_bytes, std::optional<std::size_t> low_bytes) {
    const std::size_t low = low_bytes.value_or(high_bytes / 4);
    if (low > high_bytes) throw std::invalid_argument("set_write_buffer_limits: low is above high");
    core().set_write_limits(high_bytes, low);
}

output_awaiter stream::write_eof() {
    core().write_eof();
    return {core(), output_awaiter::purpose::flushed, output_awaiter::kept()};
}
output_awaiter stream::close() {
    core().close();
    return {core(), output_awaiter::purpose::closed, output_awaiter::kept()};
}
void stream::abort() noexcept {
    if (core_) core_->abort(ECONNABORTED);
}
bool stream::is_closing() const noexcept { return !core_ || core_->is_closing(); }
address stream::peer() const { return core().peer(); }
address stream::local() const { return core().local(); }
native_handle stream::descriptor() const noexcept { return core_ ? core_->descriptor() : -1; }

// Errors

namespace {
std::string describe_incomplete(std::size_t partial, std::optional<std::size_t> expected) {
    return "the stream ended after " + std::to_string(partial) + " bytes" +
           (expected ? " of " + std::to_string(*expected) : ", before the delimiter");
}
}  // namespace

incomplete_read_error::incomplete_read_error(std::string partial, std::optional<std::size_t> expected)
    : std::runtime_error(describe_incomplete(partial.size(), expected)),
      partial_(std::move(partial)),
      expected_(expected) {}

}  // namespace weft::inline v0
