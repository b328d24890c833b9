// SPDX-License-Identifier: Apache-2.0
#include "weft/native_frames.hpp"

#include "weft/debug_info.hpp"
#include "weft/stack_unwinder.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using weft::stack_frame;

constexpr std::size_t most_fibers = 10'000;

std::string demangled(const std::string& symbol) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
    return text ? text.get() : "";
}

/// @param name  for want of a better one
std::string as_written(const std::string& symbol, const std::string& name) {
    std::string text = demangled(symbol);
    // Of a constrained member compilers write the constraint last, which demanglers do not know.
    for (auto at = symbol.rfind('Q'); text.empty() && at != std::string::npos && at > 0; at = symbol.rfind('Q', at - 1))
        text = demangled(symbol.substr(0, at));
    return text.empty() ? name : weft::readable_function(text.c_str());
}

/// The functions at an address: several, if they are inlined into one another.
class function_names {
public:
    explicit function_names(const stack_unwinder& unwinder) : unwinder_(unwinder) {}

    /// Innermost first.
    const std::vector<stack_frame>& at(const stack_unwinder::place& p) {
        const auto [found, is_new] = known_.try_emplace(p.address);
        if (is_new) found->second = look_at(p);
        return found->second;
    }

private:
    std::vector<stack_frame> look_at(const stack_unwinder::place& p) {
        if (const debug_info* const info = p.file ? info_of(*p.file) : nullptr) {
            std::vector<stack_frame> frames;
            for (const called_function& f : info->functions_around(p.in_file))
                frames.push_back({as_written(f.symbol, f.name), f.at.file, f.at.line});
            if (!frames.empty()) return frames;
        }
        if (const std::string symbol = unwinder_.symbol_at(p); !symbol.empty())
            return {{as_written(symbol, symbol), p.file ? *p.file : "", 0}};
        char offset[32];
        std::snprintf(offset, sizeof offset, "+0x%llx", static_cast<unsigned long long>(p.in_file));
        if (!p.file) return {{offset + 1, "", 0}};
        return {{p.file->substr(p.file->rfind('/') + 1) + offset, *p.file, 0}};
    }
    const debug_info* info_of(const std::string& file) {
        const auto [found, is_new] = infos_.try_emplace(file);
        if (is_new) {
            try {
                found->second = std::make_unique<debug_info>(file);
            } catch (const std::exception&) {  // then there are symbols, perhaps
            }
        }
        return found->second.get();
    }

    const stack_unwinder& unwinder_;
    std::unordered_map<std::string, std::unique_ptr<debug_info>> infos_;
    std::unordered_map<std::uint64_t, std::vector<stack_frame>> known_;
};

/// What stands between a fiber and the function that it was made for, and between that one's await() and the switch. Likewise in
/// src/coro, where symbols always say whose a lambda is.
bool is_machinery(const stack_frame& f) {
    const std::string_view name = f.function;
    for (const std::string_view begin : {"weft::", "std::", "_ZN4weft", "_ZNK4weft", "_ZNSt"}) {
        if (name.starts_with(begin)) return true;
    }
    if (f.file.ends_with("/weft/fiber/create_fiber.hpp")) return true;  // a lambda of weft's may not say whose it is
    return name == "weft_switch_stack" || name == "weft_begin_stack" || name == "weft_left_stack";
}

bool is_of_hooks(const stack_unwinder::place& p) {
    return p.file && std::string_view(*p.file).substr(p.file->rfind('/') + 1).starts_with("libweft_hook.so");
}

struct native_stack {
    std::vector<stack_frame> frames;  // outermost first
    std::string blocking_call;  // of libc, that the library of hooks has taken over; empty: none
};

native_stack stack_of(const std::vector<stack_unwinder::place>& places, function_names& names) {
    native_stack stack;
    auto& frames = stack.frames;
    auto innermost = places.begin();
    const auto hook = std::ranges::find_if(places.rbegin(), places.rend(), is_of_hooks);
    if (hook != places.rend()) {
        innermost = hook.base();
        stack.blocking_call = names.at(*hook).back().function;
    }
    for (; innermost != places.end(); ++innermost) std::ranges::copy(names.at(*innermost), std::back_inserter(frames));
    // Not all debug information says in which namespace each function is: nothing outside of this one is wanted.
    const auto begins_call = [](const stack_frame& f) { return f.function.starts_with("weft::fiber_call<"); };
    frames.erase(std::ranges::find_if(frames, begins_call), frames.end());
    frames.erase(frames.begin(), std::ranges::find_if_not(frames, is_machinery));
    frames.erase(std::ranges::find_if_not(frames.rbegin(), frames.rend(), is_machinery).base(), frames.end());
    std::ranges::reverse(frames);
    return stack;
}

/// Whether the two are one function: an instance of a template may or may not say of what.
bool same_function(const stack_frame& a, const stack_frame& b) {
    const auto plain = [](std::string_view name) {
        return name.ends_with('>') ? name.substr(0, name.find('<')) : name;
    };
    return plain(a.function) == plain(b.function);
}

/// @param is_innermost  of the stacks that the fiber at `at` has
void put_in(weft::task_snapshot& t, std::size_t at, native_stack stack, bool is_innermost) {
    std::vector<stack_frame>& native = stack.frames;
    if (is_innermost) {
        if (t.wait.kind == "blocking call" && at + 1 == t.stack.size() && !stack.blocking_call.empty())
            t.wait.kind = stack.blocking_call;
        // Of the innermost function the fiber itself knows the place, also where there is no debug information.
        if (!native.empty() && same_function(native.back(), t.stack[at])) native.pop_back();
    }
    t.frames.insert(t.frames.begin() + static_cast<std::ptrdiff_t>(at), native.size(), 0);
    t.stack.insert(t.stack.begin() + static_cast<std::ptrdiff_t>(at), native.begin(), native.end());
}

}  // namespace

void add_native_frames(weft::process_snapshot& p, const weft::target_memory& memory) {
    std::optional<stack_unwinder> unwinder;
    std::optional<function_names> names;
    std::size_t left = most_fibers;
    for (weft::loop_snapshot& loop : p.loops) {
        for (weft::task_snapshot& t : loop.tasks) {
            if (t.is_changing) continue;
            // Those further in first, so that what is put in moves nobody; of one place the inner stack first.
            std::map<std::size_t, std::vector<weft::parked_stack>, std::greater<>> by_place;
            for (const weft::parked_stack& f : t.fibers) by_place[f.at].push_back(f);
            for (const auto& [at, stacks] : by_place) {
                if (at >= t.stack.size() || left < stacks.size()) continue;
                left -= stacks.size();
                for (const weft::parked_stack& f : stacks) {
                    if (!unwinder) names.emplace(unwinder.emplace(memory));
                    const auto places = unwinder->unwind(f.stack_pointer, f.program_counter);
                    if (memory.read<std::uint64_t>(f.kept_at) != f.stack_pointer) continue;
                    put_in(t, at, stack_of(places, *names), &f == &stacks.front());
                }
            }
        }
    }
}
