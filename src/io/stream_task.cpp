// SPDX-License-Identifier: Apache-2.0
// What refers to a stream and may outlive it: reads and waits that are made tasks, and who hears of its input's end.
#include "io/stream_core.hpp"

#include <weft/io/stream.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace weft::inline v0 {

stream_link::stream_link(stream_core& s) noexcept : stream_link(s, purpose::reference) { s.add(*this); }

stream_link::stream_link(stream_link&& other) noexcept
    : stream_(std::exchange(other.stream_, nullptr)), purpose_(other.purpose_) {
    if (stream_) stream_->add(*this);
    other.unlink();
}

void stream_link::throw_destroyed() {
    throw std::system_error(ECONNABORTED, std::generic_category(),
                            "the stream was destroyed while a task waited for it");
}

end_watch::end_watch(const stream& s, std::move_only_function<void()> ended)
    : stream_link(s.core(), purpose::input_end), ended_(std::move(ended)) {
    s.core().add(*this);
}

// Reads

stream_link input_awaiter::link() const {
    if (!stream_) throw invalid_state_error("read: this read was awaited before");
    return stream_link(*stream_);
}

template <class R>
task<R> read_awaiter<R>::as_task() && {
    const input_request& r = this->request();
    std::vector<std::string> delimiters;
    if (r.what == input_request::until::delimiter) delimiters.emplace_back(r.delimiter);
    if (r.what == input_request::until::any_delimiter) delimiters.assign(r.delimiters.begin(), r.delimiters.end());
    auto made = reading(this->link(), r, std::move(delimiters), take_);
    this->let_go();  // in co_await wait_for(s.read_line(), 5s) this lives as long as the wait, and the stream perhaps not
    return made;
}

template <class R>
task<R> read_awaiter<R>::reading(stream_link s, input_request request, std::vector<std::string> delimiters,
                                 take_function take) {
    const std::vector<std::string_view> views(delimiters.begin(), delimiters.end());
    if (request.what == input_request::until::delimiter) request.delimiter = views.front();
    if (request.what == input_request::until::any_delimiter) request.delimiters = views;
    co_return co_await read_awaiter(s.core(), request, take);
}

template task<std::size_t> read_awaiter<std::size_t>::as_task() &&;
template task<std::string> read_awaiter<std::string>::as_task() &&;
template task<std::string_view> read_awaiter<std::string_view>::as_task() &&;
template task<std::optional<std::string>> read_awaiter<std::optional<std::string>>::as_task() &&;
template task<std::optional<std::string_view>> read_awaiter<std::optional<std::string_view>>::as_task() &&;
template task<chunk> read_awaiter<chunk>::as_task() &&;

// Waits for output

task<> output_awaiter::waiting(stream_link s, purpose p) { co_await output_awaiter(s.core(), p); }

task<> to_task(output_awaiter&& w) { return output_awaiter::waiting(stream_link(w.core()), w.purpose_); }

}  // namespace weft::inline v0
