// SPDX-License-Identifier: Apache-2.0
#include <weft/base/describe_exception.hpp>
#include <weft/base/errors.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>

namespace weft::inline v0 {

namespace {

std::string type_name(const std::type_info* type) {
    if (!type) return "unknown exception";
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                      std::free);
    std::string text = name ? name.get() : type->name();
    constexpr std::string_view inner = "weft::v0::";
    for (auto at = text.find(inner); at != std::string::npos; at = text.find(inner)) {
        text.replace(at, inner.size(), "weft::");
    }
    return text;
}

}  // namespace

std::string describe_exception(const std::exception_ptr& error) {
    if (!error) return "no exception";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return type_name(&typeid(e)) + ": " + e.what();
    } catch (const cancelled_error& e) {
        const std::string type = type_name(abi::__cxa_current_exception_type());
        return e.message().empty() ? type : type + ": " + e.message();
    } catch (...) {
        return type_name(abi::__cxa_current_exception_type());
    }
}

}  // namespace weft::inline v0
