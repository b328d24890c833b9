// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0::http {

/// The fields of a message, in their order; names count without regard to case, and may come more than once. Kept in one
/// block, so that to receive them is to copy that.
///
/// Names and values given here are checked: a name is a token, a value has no CR, LF or NUL, so that no value can become
/// a field, or a response, of its own. What names and values are told of are views, until the next change.
/// Together less than 4 GiB. @see RFC 9110 5
class headers {
public:
    struct field {
        std::string_view name, value;
    };

    headers() noexcept = default;
    /// @throws std::invalid_argument
    headers(std::initializer_list<field> fields);

    bool empty() const noexcept { return places_.empty(); }
    std::size_t size() const noexcept { return places_.size(); }

    /// The value of the first field of that name. @cost a look at each
    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::vector<std::string_view> get_all(std::string_view name) const;
    bool contains(std::string_view name) const noexcept { return get(name).has_value(); }
    /// Whether a field that is a list, such as Connection, has `token` among its members, letters of either case.
    bool lists(std::string_view name, std::string_view token) const noexcept;

    /// One more. @throws std::invalid_argument  a name that is no token, a value with CR, LF or NUL
    void add(std::string_view name, std::string_view value);
    /// In place of all of that name. @throws as add()
    void set(std::string_view name, std::string_view value);
    /// set(), unless there is one. @throws as add()
    void set_default(std::string_view name, std::string_view value);
    /// @return how many there were  @cost their memory stays until clear()
    std::size_t remove(std::string_view name) noexcept;
    /// Keeps the memory.
    void clear() noexcept;

    class iterator {
    public:
        using value_type = field;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;
        iterator() noexcept = default;
        field operator*() const noexcept { return of_->at(index_); }
        iterator& operator++() noexcept {
            ++index_;
            return *this;
        }
        iterator operator++(int) noexcept { return std::exchange(*this, iterator(*of_, index_ + 1)); }
        bool operator==(const iterator& other) const noexcept { return index_ == other.index_; }

    private:
        friend class headers;
        iterator(const headers& of, std::size_t index) noexcept : of_(&of), index_(index) {}
        const headers* of_ = nullptr;
        std::size_t index_ = 0;
    };
    iterator begin() const noexcept { return {*this, 0}; }
    iterator end() const noexcept { return {*this, places_.size()}; }

private:
    friend class head_parser;
    /// Where a field lies in the text.
    struct place {
        std::uint32_t name, value;
        std::uint32_t value_size;
        std::uint16_t name_size;
    };
    field at(std::size_t index) const noexcept {
        const place& p = places_[index];
        const std::string_view text = text_;
        return {text.substr(p.name, p.name_size), text.substr(p.value, p.value_size)};
    }
    std::string text_;  // of what was received, the whole head; what was removed stays in it
    std::vector<place> places_;
};

/// Whether two names or tokens are the same but for the case of ASCII letters.
bool is_same_token(std::string_view a, std::string_view b) noexcept;
/// Letters, digits and !#$%&'*+-.^_`|~, at least one. @see RFC 9110 5.6.2
bool is_token(std::string_view text) noexcept;

}  // namespace weft::inline v0::http
