// SPDX-License-Identifier: Apache-2.0
#include "weft/debug_info.hpp"

#include "weft/debug_units.hpp"
#include "weft/dwarf_die.hpp"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <stdexcept>
#include <system_error>

struct debug_info::state {
    explicit state(const std::string& path);

    std::string path_;
    std::unique_ptr<Dwfl, decltype(&dwfl_end)> session_{nullptr, &dwfl_end};
    Dwfl_Module* module_ = nullptr;
    Elf* program_ = nullptr;
    unsigned machine_ = 0;
    std::vector<function_symbol> functions_;                        // by name
    std::map<std::uint64_t, const function_symbol*> by_address_;    // one of each address
    std::unique_ptr<debug_units> units_;

private:
    void open();
    void read_symbols();
    [[noreturn]] void refuse(const std::string& why) const { throw std::runtime_error(path_ + ": " + why); }
    std::string separate_file() const;
};

namespace {

/// @throws std::system_error, std::runtime_error  `path` is no file that could have debug information
void check_is_program(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) throw std::system_error(errno, std::system_category(), path);
    Elf64_Ehdr head{};
    const ssize_t got = ::read(file, &head, sizeof head);
    const int error = errno;
    ::close(file);
    if (got < 0) throw std::system_error(error, std::system_category(), path);
    if (got < EI_NIDENT || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
        throw std::runtime_error(path + " is not an ELF file: a program or shared library is wanted");
    }
    if (head.e_ident[EI_CLASS] != ELFCLASS64) throw std::runtime_error(path + " is not for a 64-bit machine");
    if (head.e_type == ET_REL) throw std::runtime_error(path + " is an object file: give what it is linked into");
    if (head.e_type == ET_CORE) throw std::runtime_error(path + " is a core file: give the program that left it");
}

bool has_symbol_table(Elf* program) {
    for (Elf_Scn* each = nullptr; (each = elf_nextscn(program, each));) {
        GElf_Shdr head;
        if (gelf_getshdr(each, &head) && head.sh_type == SHT_SYMTAB) return true;
    }
    return false;
}

}  // namespace

debug_info::state::state(const std::string& path) : path_(path) {
    check_is_program(path);
    open();
    read_symbols();
}

/// The separate file that would have the debug information, as far as the program names one.
std::string debug_info::state::separate_file() const {
    const unsigned char* bits = nullptr;
    GElf_Addr address = 0;
    const int count = dwfl_module_build_id(module_, &bits, &address);
    if (count <= 1) return "";
    static constexpr char digits[] = "0123456789abcdef";
    std::string id;
    for (int i = 0; i < count; ++i) {
        if (i == 1) id += '/';
        id += digits[bits[i] >> 4];
        id += digits[bits[i] & 15];
    }
    return "/usr/lib/debug/.build-id/" + id + ".debug";
}

void debug_info::state::open() {
    static char* no_path = nullptr;
    static const Dwfl_Callbacks callbacks{.find_elf = dwfl_build_id_find_elf,
                                          .find_debuginfo = dwfl_standard_find_debuginfo,
                                          .section_address = dwfl_offline_section_address,
                                          .debuginfo_path = &no_path};
    session_.reset(dwfl_begin(&callbacks));
    if (!session_) refuse(dwfl_errmsg(-1));
    dwfl_report_begin(session_.get());
    module_ = dwfl_report_offline(session_.get(), path_.c_str(), path_.c_str(), -1);
    if (!module_ || dwfl_report_end(session_.get(), nullptr, nullptr) != 0) refuse(dwfl_errmsg(-1));

    GElf_Addr load_bias = 0;
    Dwarf_Addr bias = 0;
    program_ = dwfl_module_getelf(module_, &load_bias);
    if (!program_) refuse(dwfl_errmsg(-1));
    GElf_Ehdr head;
    machine_ = gelf_getehdr(program_, &head) ? head.e_machine : 0;
    Dwarf* const dwarf = dwfl_module_getdwarf(module_, &bias);
    if (!dwarf) {
        const std::string other = separate_file();
        refuse(!has_symbol_table(program_)
                   ? "no debug information: it was stripped, and what was taken from it is not here" +
                         (other.empty() ? "" : " (" + other + ")")
                   : "no debug information: it was built without -g");
    }
    units_ = std::make_unique<debug_units>(dwarf);
    if (units_->are_split()) refuse("built with -gsplit-dwarf, which this command does not read: build it without");
}

void debug_info::state::read_symbols() {
    GElf_Addr load_bias = 0;
    dwfl_module_getelf(module_, &load_bias);
    const int count = dwfl_module_getsymtab(module_);
    for (int i = 1; i < count; ++i) {
        GElf_Sym symbol;
        GElf_Addr address = 0;
        const char* const name = dwfl_module_getsym_info(module_, i, &symbol, &address, nullptr, nullptr, nullptr);
        if (!name || GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) continue;
        functions_.push_back({name, address - load_bias, symbol.st_size});
    }
    std::ranges::sort(functions_, {}, &function_symbol::name);
    for (const function_symbol& each : functions_) by_address_.try_emplace(each.address, &each);
}

debug_info::debug_info(const std::string& path) : state_(std::make_unique<state>(path)) {}
debug_info::~debug_info() = default;
debug_info::debug_info(debug_info&&) noexcept = default;

const std::string& debug_info::path() const noexcept { return state_->path_; }
const std::vector<function_symbol>& debug_info::functions() const noexcept { return state_->functions_; }
unsigned debug_info::machine() const noexcept { return state_->machine_; }

const function_symbol* debug_info::function_named(std::string_view mangled) const noexcept {
    const auto at = std::ranges::lower_bound(state_->functions_, mangled, {}, &function_symbol::name);
    return at != state_->functions_.end() && at->name == mangled ? &*at : nullptr;
}

const function_symbol* debug_info::function_around(std::uint64_t address) const noexcept {
    auto at = state_->by_address_.upper_bound(address);
    if (at == state_->by_address_.begin()) return nullptr;
    --at;
    return address - at->first < std::max<std::uint64_t>(at->second->size, 1) ? at->second : nullptr;
}

std::optional<dwarf_die> debug_info::function_at(std::uint64_t address) const {
    return state_->units_->function_at(address);
}

std::optional<source_place> debug_info::place_of(std::uint64_t address) const {
    return state_->units_->place_of(address);
}

std::vector<called_function> debug_info::functions_around(std::uint64_t address) const {
    return state_->units_->functions_around(address);
}

std::string debug_info::qualified_name(const dwarf_die& die) const { return state_->units_->qualified_name(die); }
dwarf_die debug_info::definition_of(const dwarf_die& type) const { return state_->units_->definition_of(type); }

std::vector<std::byte> debug_info::code(std::uint64_t address, std::uint64_t size) const {
    std::size_t count = 0;
    elf_getphdrnum(state_->program_, &count);
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr segment;
        if (!gelf_getphdr(state_->program_, static_cast<int>(i), &segment) || segment.p_type != PT_LOAD) continue;
        if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) continue;
        const std::uint64_t begin = address - segment.p_vaddr;
        size = std::min(size, segment.p_filesz - begin);
        Elf_Data* const data = elf_getdata_rawchunk(
            state_->program_, static_cast<std::int64_t>(segment.p_offset + begin), size, ELF_T_BYTE);
        if (!data || !data->d_buf) return {};
        const auto* const bytes = static_cast<const std::byte*>(data->d_buf);
        return {bytes, bytes + data->d_size};
    }
    return {};
}
