// SPDX-License-Identifier: Apache-2.0
// Channels: what was sent is received once or left, what was not sent never comes, and what comes from one sender comes in order.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <cstdint>
#include <vector>

namespace stress {

namespace {

/// What is known of a value.
enum class fate : std::uint8_t {
    offered,  ///< a send is under way; it may have been received already
    sent,
    withdrawn  ///< the send was cancelled or destroyed: it must never come
};
struct parcel {
    fate is = fate::offered;
    bool received = false;
};

class channel_place final : public place {
public:
    channel_place(world& w, std::size_t capacity) noexcept : place(w), channel_(capacity) {}

    weft::task<> visit(visitor) override {
        switch (world_.chance().roll(7)) {
            case 0: {
                offer o(*this);
                if (channel_.try_send(o.value)) o.is_sent();
                break;
            }
            case 1:
                if (const auto value = channel_.try_receive()) was_received(*value);
                break;
            case 2: {
                auto first = co_await weft::select(channel_.receive(), weft::sleep(world_.a_while()));
                if (first.index() == 0) was_received(std::get<0>(first).value());
                break;
            }
            case 3: {
                offer o(*this);
                auto first = co_await weft::select(weft::sleep(world_.a_while()), channel_.send(o.value));
                if (first.index() == 1) o.is_sent();
                break;
            }
            case 4:
            case 5: {
                offer o(*this);
                const presence<> here(sending_);
                co_await channel_.send(o.value);
                o.is_sent();
                break;
            }
            default: {
                const presence<> here(receiving_);
                const auto value = co_await channel_.receive();
                was_received(value.value());
            }
        }
    }
    weft::task<> help() override {
        while (const auto value = channel_.try_receive()) was_received(*value);
        for (int i = receiving_; i > 0; --i) {
            offer o(*this);
            if (channel_.try_send(o.value)) o.is_sent();
        }
        co_return;
    }

    void check_at_rest() const override {
        require(receiving_ == 0 || channel_.empty(), "channel: there are values, and tasks that wait for one");
        require(sending_ == 0 || channel_.size() >= channel_.capacity(),
                "channel: there is room, and tasks wait for it");
        require(sending_ == 0 || receiving_ == 0, "channel: senders and receivers wait for each other");
    }
    void check_at_end() override {
        while (const auto value = channel_.try_receive()) was_received(*value);
        for (const parcel& p : parcels_)
            require(p.received || p.is != fate::sent, "channel: a value that was sent is lost");
        require_equal(sending_ + receiving_, 0, "channel: tasks that wait at the end");
    }

private:
    /// A value that its owner tries to send.
    struct offer {
        explicit offer(channel_place& p) : place(p), value(p.parcels_.size()) { p.parcels_.emplace_back(); }
        offer(const offer&) = delete;
        offer& operator=(const offer&) = delete;
        ~offer() {
            parcel& p = place.parcels_[value];
            if (p.is != fate::offered) return;
            require(!p.received || place.world_.is_torn_down(),
                    "channel: a send failed, and its value has been received");
            p.is = fate::withdrawn;
        }
        void is_sent() { place.parcels_[value].is = fate::sent; }

        channel_place& place;
        std::size_t value;
    };

    void was_received(std::size_t value) {
        parcel& p = parcels_.at(value);
        require(p.is != fate::withdrawn || world_.is_torn_down(),
                "channel: a value was received that had not been sent");
        require(!p.received, "channel: a value was received twice");
        p.received = true;
    }

    weft::channel<std::size_t> channel_;
    std::vector<parcel> parcels_;
    int sending_ = 0, receiving_ = 0;
};

}  // namespace

void add_channels(places& p, world& w) {
    p.push_back(std::make_unique<channel_place>(w, 0));
    p.push_back(std::make_unique<channel_place>(w, 2));
}

}  // namespace stress
