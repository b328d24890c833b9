// SPDX-License-Identifier: Apache-2.0
#include "inspect/flight_recording.hpp"
#include "inspect/flight_trace.hpp"

#include <weft/inspect/flight_recorder.hpp>

#include <utility>

namespace weft::inline v0 {

flight_recorder::flight_recorder(std::size_t bytes) : flight_recorder(get_running_loop(), bytes) {}
flight_recorder::flight_recorder(event_loop& loop, std::size_t bytes)
    : recording_(std::make_unique<flight_recording>(loop, bytes)) {}
flight_recorder::flight_recorder(flight_recorder&&) noexcept = default;
flight_recorder& flight_recorder::operator=(flight_recorder&&) noexcept = default;
flight_recorder::~flight_recorder() = default;

void flight_recorder::write(std::ostream& out, clock::duration last) const { write_trace(out, *recording_, last); }
void flight_recorder::write_file(const std::string& path, clock::duration last) const {
    recording_->write_file(path, last);
}
void flight_recorder::write_on_signal(int signal, std::string path) {
    recording_->write_on_signal(signal, std::move(path));
}
void flight_recorder::write_when_slow(std::string path, clock::duration pause) {
    recording_->write_when_slow(std::move(path), pause);
}

std::size_t flight_recorder::capacity() const noexcept { return recording_->records().capacity(); }
std::uint64_t flight_recorder::recorded() const noexcept { return recording_->records().count(); }

}  // namespace weft::inline v0
