// SPDX-License-Identifier: Apache-2.0
// What compilers call a function, and what a person calls it.
#include <weft/coro/traceback.hpp>

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace weft::inline v0 {

namespace {

/// Reads a function's name out of a signature, from left to right.
///
/// Clang gives the signature as it was written, `weft::task<int> app::(anonymous namespace)::compute(int) const [T = int]`;
/// GCC, inside a coroutine, the actor's, `void app::{anonymous}::compute(app::{anonymous}::compute(int)::_ZN…Frame*) [with
/// T = int]`. In both the name is the last thing, outside all brackets, before the parameters that end it. It consists of
/// parts between `::`; one with parameters is a function around this one, and a lambda goes by that function's name.
class signature {
public:
    explicit signature(std::string_view text) noexcept : rest_(text) {}

    std::string name() {
        while (!rest_.empty() && !ended_) step();
        finish_part();
        return std::move(name_);
    }

private:
    void step() {
        if (skip("::")) return finish_part();
        const char next = rest_.front();
        if (part_ == "operator" && !std::isalnum(static_cast<unsigned char>(next)) && next != '_')
            return read_operator();
        switch (next) {
            case ' ': return space();
            case '(': return parenthesis();
            case '<': return angle();
            case '{':  // {anonymous}, {lambda(int)#1}
                if (take_group().starts_with("{lambda")) enter_lambda();
                return;
            case '[': ended_ = true; return;
            case '*':
            case '&':
                if (part_.empty()) return (void)take(1);  // of the return type
                break;
            default: break;
        }
        part_ += take(1);
    }

    /// What came before was a return type, or `static`, or the like; behind a lambda there is nothing more.
    void space() {
        take(1);
        if (in_lambda_ && part_.empty()) {
            ended_ = true;
            return;
        }
        name_.clear();
        part_.clear();
        in_function_ = false;
    }

    void parenthesis() {
        if (part_.empty()) {  // (anonymous namespace), (anonymous class), (lambda at x.cpp:1:2)
            const std::string_view unnamed = take_group();
            if (unnamed == "(anonymous class)" || unnamed.starts_with("(lambda")) enter_lambda();
            return;
        }
        const bool is_type = part_ == "decltype" || part_ == "__attribute__" || part_ == "noexcept";
        (void)take_group();
        if (is_type) return;
        for (const std::string_view qualifier : {" const", " volatile", " &&", " &", " noexcept"})
            (void)skip(qualifier);
        if (!skip("::")) {
            ended_ = true;
            return;
        }
        const bool of_lambda = std::exchange(in_lambda_, false);
        finish_part(of_lambda);
        in_function_ = true;
    }

    void angle() {
        const std::string_view group = take_group();
        if (!part_.empty()) {
            part_ += group;
        } else if (group.starts_with("<lambda")) {  // <lambda(int)>
            enter_lambda();
        }
    }

    void read_operator() {
        if (skip("()")) {
            part_ += "()";
        } else if (skip(" ")) {  // co_await, new, a conversion
            part_ += ' ';
        } else {
            do part_ += take(1);  // one at least, for a text that was cut off behind `operator(`
            while (!rest_.empty() && rest_.front() != '(');
        }
    }

    void enter_lambda() {
        if (!in_function_) add("<lambda>");
        in_lambda_ = true;
    }

    /// @param of_lambda  it is a lambda's operator(), which nobody wrote
    void finish_part(bool of_lambda = false) {
        const std::string part = std::exchange(part_, std::string());
        if (part.empty()) return;
        if (part.starts_with("$_")) return enter_lambda();  // Clang's symbol of one
        if ((of_lambda || in_lambda_) && part == "operator()") {
            in_lambda_ = false;
            return;
        }
        in_lambda_ = in_function_ = false;
        add(part);
    }

    void add(std::string_view part) {
        if (!name_.empty()) name_ += "::";
        name_ += part;
    }

    bool skip(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    std::string_view take(std::size_t count) {
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    /// A pair of brackets, with what is in it. Inside round ones `<` may be a comparison.
    std::string_view take_group() {
        std::string open;
        std::size_t i = 0;
        for (; i < rest_.size(); ++i) {
            const char c = rest_[i];
            const bool angles_count = open.find('(') == std::string::npos;
            if (c == '(' || c == '{' || c == '[' || (c == '<' && angles_count)) {
                open += c;
            } else if (c == ')' || c == '}' || c == ']') {
                const char opened = c == ')' ? '(' : c == '}' ? '{' : '[';
                while (!open.empty() && open.back() != opened) open.pop_back();
                if (!open.empty()) open.pop_back();
            } else if (c == '>' && open.ends_with('<') && i > 0 && rest_[i - 1] != '-') {
                open.pop_back();
            }
            if (open.empty()) return take(i + 1);
        }
        return take(i);
    }

    std::string_view rest_;
    std::string name_;  // its parts so far
    std::string part_;
    bool in_function_ = false;  // the last part has parameters
    bool in_lambda_ = false;
    bool ended_ = false;
};

void erase_all(std::string& text, std::string_view what) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at)) text.erase(at, what.size());
}

}  // namespace

std::string readable_function(const char* source_location_name) {
    std::string name = signature(source_location_name).name();
    if (name.empty()) return source_location_name;
    erase_all(name, "(anonymous namespace)::");  // those in template arguments
    erase_all(name, "{anonymous}::");
    erase_all(name, "__cxx11::");
    for (auto at = name.find("weft::v0::"); at != std::string::npos; at = name.find("weft::v0::", at))
        name.erase(at + 6, 4);
    return name;
}

}  // namespace weft::inline v0
