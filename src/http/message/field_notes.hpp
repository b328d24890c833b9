// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/refusal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::inline v0::http {

/// What the fields say that decide about a message: where it ends, whether another follows, whom it is for. Told of each
/// field as it is read, so that none of them is searched for.
///
/// Each of these fields may come once only, even where a second one says the same: readers differ in which of them counts,
/// and what one takes for content another takes for the next message.
class field_notes {
public:
    explicit field_notes(bool of_request) noexcept : of_request_(of_request) {}

    /// One more field. @param value  without the blanks around it  @param raw  all that follows the colon
    /// @return why the message is to be refused; empty: no reason
    std::optional<refusal> note(std::string_view name, std::string_view value, std::string_view raw,
                                std::size_t index) {
        switch (name.size()) {  // nearly all are of none of these
            case 4:
            case 6:
            case 7:
            case 10:
            case 14:
            case 17: return note_named(name, value, raw, index);
            default: return std::nullopt;
        }
    }

    static constexpr std::size_t none = ~std::size_t{0};
    std::size_t host = none;  // index of the field
    std::optional<std::uint64_t> length;
    bool is_chunked = false;
    bool says_close = false, says_keep_alive = false, says_upgrade = false;
    bool has_upgrade = false;
    bool expects_continue = false, expects_other = false;

private:
    std::optional<refusal> note_named(std::string_view name, std::string_view value, std::string_view raw,
                                      std::size_t index);
    std::optional<refusal> note_host(std::string_view value, std::size_t index);
    std::optional<refusal> note_length(std::string_view value, std::string_view raw);
    std::optional<refusal> note_coding(std::string_view value, std::string_view raw);
    void note_connection(std::string_view value) noexcept;
    bool is_plain(std::string_view value, std::string_view raw) const noexcept;

    bool of_request_;
};

}  // namespace weft::inline v0::http
