// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unwind.h>

#include <cstring>
#include <exception>
#include <typeinfo>

namespace weft::inline v0 {

using object_destructor = void (*)(void*);

/// What the C++ runtime keeps in front of an exception object, from its type on: the `__cxa_exception` of the Itanium C++
/// ABI (2.2.1), in which libstdc++ and libc++abi agree, but for what they keep further in front.
struct thrown_object_header {
    const std::type_info* type;
    object_destructor destructor;  // null: it has none
    void (*unexpected_handler)();
    void (*terminate_handler)();
    void* next;
    int handler_count;
    int handler_switch_value;
    const unsigned char* action_record;
    const unsigned char* language_specific_data;
    void* catch_temp;
    void* adjusted_pointer;
    _Unwind_Exception unwind_header;
};

/// Where the runtime will look for the destructor of an exception object when the last owner lets go of it.
/// @param type  as the runtime gives it: if it is not found where it should be, neither is the destructor
/// @return null on a runtime that keeps it elsewhere
inline object_destructor* destructor_of(void* object, const std::type_info* type) noexcept {
    auto* const header = static_cast<thrown_object_header*>(object) - 1;
    return type && header->type == type ? &header->destructor : nullptr;
}

/// The exception object: what makes two exception pointers the same.
inline void* object_of(const std::exception_ptr& error) noexcept {
    static_assert(sizeof error == sizeof(void*));
    void* object = nullptr;
    std::memcpy(&object, &error, sizeof object);
    return object;
}

}  // namespace weft::inline v0
