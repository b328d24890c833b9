// SPDX-License-Identifier: Apache-2.0
#include "weft/stack_unwinder.hpp"

#include <elf.h>
#include <elfutils/libdwfl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>

namespace {

constexpr pid_t the_thread =
    1;  // a number, as libdw wants one: the only thread there is has the stack that is asked for
constexpr std::size_t deepest = 256, piece = 4096;

/// What DWARF calls the register of the stack pointer.
int stack_pointer_of(unsigned machine) {
    switch (machine) {
        case EM_X86_64: return 7;
        case EM_AARCH64: return 31;
        default: return -1;
    }
}

}  // namespace

struct stack_unwinder::state {
    explicit state(const weft::target_memory& m);

    const weft::target_memory& memory_;
    std::unique_ptr<Dwfl, decltype(&dwfl_end)> session_{nullptr, &dwfl_end};
    std::map<Dwfl_Module*, std::pair<std::string, std::uint64_t>> files_;  // with what they were loaded at
    int stack_register_ = -1;

    // Of the stack that is being unwound
    std::uint64_t stack_pointer_ = 0, program_counter_ = 0;
    std::map<std::uint64_t, std::string> pieces_;  // of its memory, by where they begin
    std::vector<place> found_;

    std::optional<std::uint64_t> word_at(std::uint64_t address);
    static bool is_registers(Dwfl_Thread* thread, void* self);
    static int on_frame(Dwfl_Frame* frame, void* self);
};

stack_unwinder::state::state(const weft::target_memory& m) : memory_(m) {
    static char* no_path = nullptr;
    static const Dwfl_Callbacks callbacks{.find_elf = dwfl_build_id_find_elf,
                                          .find_debuginfo = dwfl_standard_find_debuginfo,
                                          .section_address = dwfl_offline_section_address,
                                          .debuginfo_path = &no_path};
    session_.reset(dwfl_begin(&callbacks));
    if (!session_) return;
    dwfl_report_begin(session_.get());
    for (const weft::mapped_file& f : m.files()) {
        const auto bias = m.load_bias(f);
        if (!bias) continue;
        Dwfl_Module* const module = dwfl_report_elf(session_.get(), f.path.c_str(), f.path.c_str(), -1, *bias, true);
        if (module) files_.emplace(module, std::pair(f.path, *bias));
    }
    dwfl_report_end(session_.get(), nullptr, nullptr);
    if (files_.empty()) return;
    if (const auto machine = m.read<Elf64_Ehdr>(m.files().front().begin))
        stack_register_ = stack_pointer_of(machine->e_machine);
    static const Dwfl_Thread_Callbacks threads{
        .next_thread =
            [](Dwfl*, void* self, void** seen) {
                *seen = *seen ? nullptr : self;
                return *seen ? the_thread : 0;
            },
        .get_thread = nullptr,
        .memory_read =
            [](Dwfl*, Dwarf_Addr address, Dwarf_Word* word, void* self) {
                const auto there = static_cast<state*>(self)->word_at(address);
                if (there) *word = *there;
                return there.has_value();
            },
        .set_initial_registers = &is_registers,
        .detach = nullptr,
        .thread_detach = nullptr,
    };
    if (!dwfl_attach_state(session_.get(), nullptr, the_thread, &threads, this)) stack_register_ = -1;
}

/// Stacks are read by the page, for each reading is a system call.
std::optional<std::uint64_t> stack_unwinder::state::word_at(std::uint64_t address) {
    const std::uint64_t begin = address - address % piece;
    const auto [at, is_new] = pieces_.try_emplace(begin);
    if (is_new) at->second = memory_.read_bytes(begin, piece);
    std::uint64_t word = 0;
    if (at->second.size() != piece || address - begin > piece - sizeof word)
        return memory_.read<std::uint64_t>(address);
    std::memcpy(&word, at->second.data() + (address - begin), sizeof word);
    return word;
}

bool stack_unwinder::state::is_registers(Dwfl_Thread* thread, void* arg) {
    auto* const self = static_cast<state*>(arg);
    const Dwarf_Word stack_pointer = self->stack_pointer_;
    dwfl_thread_state_register_pc(thread, self->program_counter_);
    return dwfl_thread_state_registers(thread, self->stack_register_, 1, &stack_pointer);
}

int stack_unwinder::state::on_frame(Dwfl_Frame* frame, void* arg) {
    auto* const self = static_cast<state*>(arg);
    Dwarf_Addr address = 0;
    bool is_exact = false;  // else it is where a call returns to
    if (!dwfl_frame_pc(frame, &address, &is_exact) || address == 0 || self->found_.size() == deepest)
        return DWARF_CB_ABORT;
    if (!is_exact) --address;
    const auto file = self->files_.find(dwfl_addrmodule(self->session_.get(), address));
    if (file == self->files_.end()) {
        self->found_.push_back({address, address, nullptr});
    } else {
        self->found_.push_back({address, address - file->second.second, &file->second.first});
    }
    return DWARF_CB_OK;
}

stack_unwinder::stack_unwinder(const weft::target_memory& memory) : state_(std::make_unique<state>(memory)) {}
stack_unwinder::~stack_unwinder() = default;

std::vector<stack_unwinder::place> stack_unwinder::unwind(std::uint64_t stack_pointer, std::uint64_t program_counter) {
    state& s = *state_;
    s.found_.clear();
    if (s.stack_register_ < 0) return {};
    s.pieces_.clear();
    s.stack_pointer_ = stack_pointer;
    s.program_counter_ = program_counter;
    dwfl_getthread_frames(s.session_.get(), the_thread, &state::on_frame, &s);  // what it cannot do ends the stack
    return std::move(s.found_);
}

std::string stack_unwinder::symbol_at(const place& p) const {
    Dwfl_Module* const module = dwfl_addrmodule(state_->session_.get(), p.address);
    GElf_Off offset = 0;
    GElf_Sym symbol;
    const char* const name =
        module ? dwfl_module_addrinfo(module, p.address, &offset, &symbol, nullptr, nullptr, nullptr) : nullptr;
    return name && offset < std::max<GElf_Xword>(symbol.st_size, 1) ? name : "";
}
