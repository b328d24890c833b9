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

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

std::string type_name(const std::type_info* type) {
    if (!type) return "unknown exception";
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                      std::free);
    std::string text = name ? name.get() : type->name();
    replace_all(text, "weft::v0::", "weft::");
    replace_all(text, "__cxx11::", "");
    replace_all(text, "(anonymous namespace)::", "");
    for (const std::string_view wrapper : {"std::_Nested_exception<", "std::__1::__nested<"}) {
        if (!text.starts_with(wrapper)) continue;
        text = text.substr(wrapper.size(), text.rfind('>') - wrapper.size());
        while (text.ends_with(' ')) text.pop_back();
    }
    return text;
}

std::string type_and_words(const std::type_info* type, std::string_view words) {
    std::string text = type_name(type);
    if (!words.empty()) text.append(": ").append(words);
    return text;
}

}  // namespace

std::string exception_type_name(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (...) {
        return type_name(abi::__cxa_current_exception_type());
    }
}

std::string describe_exception(const std::exception_ptr& error) {
    if (!error) return "no exception";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return type_and_words(&typeid(e), e.what());
    } catch (const cancelled_error& e) {
        return type_and_words(abi::__cxa_current_exception_type(), e.message());
    } catch (...) {
        return type_name(abi::__cxa_current_exception_type());
    }
}

}  // namespace weft::inline v0
