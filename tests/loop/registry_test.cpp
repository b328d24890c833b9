// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/task.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/registry.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

/// The slots in use of the root that belongs to `loop`, as another process would find them.
std::vector<weft::registry_slot*> used_slots(const weft::event_loop& loop) {
    std::vector<weft::registry_slot*> used;
    for (auto* root = weft::weft_registry_head.roots.load(); root; root = root->next.load()) {
        if (root->loop.load() != &loop) continue;
        for (auto* page = root->pages.load(); page; page = page->next.load()) {
            for (weft::registry_slot& s : page->slots) {
                if (weft::registry_slot::is_used(s.word.load())) used.push_back(&s);
            }
        }
    }
    return used;
}

std::size_t roots() {
    std::size_t count = 0;
    for (auto* root = weft::weft_registry_head.roots.load(); root; root = root->next.load()) ++count;
    return count;
}

weft::task<> waits() { co_await weft::sleep(std::chrono::hours(1)); }

TEST(registry, a_task_has_a_slot_until_it_ends) {
    const auto loop = weft::testing::make_virtual_loop();
    EXPECT_TRUE(used_slots(*loop).empty());
    const auto h = weft::create_task_on(*loop, waits());
    ASSERT_EQ(used_slots(*loop).size(), 1u);
    EXPECT_EQ(weft::registry_slot::pointer_in(used_slots(*loop)[0]->word.load()), &h.core());
    EXPECT_EQ(h.core().state_code(), weft::task_state_code::ready);
    loop->run_once();
    EXPECT_EQ(h.core().state_code(), weft::task_state_code::waiting);
    loop->run_until(h.state());
    EXPECT_TRUE(used_slots(*loop).empty());
    EXPECT_EQ(loop->tasks().size(), 0u);
}

/// What the root that belongs to `loop` names as the task that runs.
void* current_task_of(const weft::event_loop& loop) {
    for (auto* root = weft::weft_registry_head.roots.load(); root; root = root->next.load()) {
        if (root->loop.load() == &loop) return root->current.load();
    }
    return nullptr;
}

TEST(registry, names_the_task_that_runs) {
    const auto loop = weft::testing::make_virtual_loop();
    weft::task_core* seen = nullptr;
    const auto main = [&]() -> weft::task<weft::task_state_code> {
        seen = static_cast<weft::task_core*>(current_task_of(*loop));
        co_return seen->state_code();
    };
    const auto h = weft::create_task_on(*loop, main());
    EXPECT_EQ(current_task_of(*loop), nullptr);
    loop->run_until(h.state());
    EXPECT_EQ(seen, &h.core());
    EXPECT_EQ(h.result(), weft::task_state_code::running);
    EXPECT_EQ(current_task_of(*loop), nullptr);
}

TEST(registry, a_slot_is_one_word_of_a_pointer_and_a_generation_that_comes_round) {
    int object = 0;
    for (const unsigned generation : {0u, 1u, 0xfffeu, 0xffffu, 0x10000u}) {
        const std::uint64_t word = weft::registry_slot::word_of(&object, generation);
        EXPECT_EQ(weft::registry_slot::pointer_in(word), &object);
        EXPECT_EQ(weft::registry_slot::generation_in(word), generation & 0xffff);
        EXPECT_EQ(weft::registry_slot::is_used(word), generation % 2 == 1);
    }
    EXPECT_EQ(sizeof(weft::registry_slot), 8u);
    EXPECT_LE(sizeof(weft::registry_page), 4096u - 8);  // with what malloc adds
}

TEST(registry, a_slot_is_used_again_with_the_next_odd_generation) {
    const auto loop = weft::testing::make_virtual_loop();
    weft::registry_slot* slot = nullptr;
    const auto generation_of = [](const weft::registry_slot& s) {
        return weft::registry_slot::generation_in(s.word.load());
    };
    unsigned generation = 0;
    for (int i = 0; i < 10; ++i) {
        const auto h = weft::create_task_on(*loop, waits());
        ASSERT_EQ(used_slots(*loop).size(), 1u);
        if (slot) {
            EXPECT_EQ(used_slots(*loop)[0], slot);
            EXPECT_EQ(generation_of(*slot), generation + 2);
        }
        slot = used_slots(*loop)[0];
        generation = generation_of(*slot);
        EXPECT_EQ(generation % 2, 1u);
        h.cancel();
        loop->run_until(h.state());
        EXPECT_EQ(generation_of(*slot), generation + 1);
    }
}

TEST(registry, grows_by_pages_and_visits_every_task) {
    const auto loop = weft::testing::make_virtual_loop();
    std::vector<weft::task_handle<>> handles;
    for (int i = 0; i < 1000; ++i) handles.push_back(weft::create_task_on(*loop, waits()));
    EXPECT_EQ(loop->tasks().size(), 1000u);
    EXPECT_EQ(used_slots(*loop).size(), 1000u);
    int visited = 0;
    loop->tasks().for_each([&](weft::task_core& t) {
        ++visited;
        EXPECT_TRUE(t.cancel());
    });
    EXPECT_EQ(visited, 1000);
    loop->run_once();
    EXPECT_EQ(loop->tasks().size(), 0u);
}

TEST(registry, a_root_is_used_again_by_the_next_loop) {
    weft::testing::make_virtual_loop();
    const std::size_t before = roots();
    for (int i = 0; i < 10; ++i) {
        const auto loop = weft::testing::make_virtual_loop();
        const auto h = weft::create_task_on(*loop, waits());
        EXPECT_EQ(used_slots(*loop).size(), 1u);
        loop->run_until(h.state());
    }
    EXPECT_EQ(roots(), before);
    std::vector<std::unique_ptr<weft::event_loop>> many;
    for (std::size_t i = 0; i <= before; ++i) many.push_back(weft::testing::make_virtual_loop());
    EXPECT_EQ(roots(), before + 1);  // one for each loop there is at the same time
}

TEST(registry, names_the_thread_that_runs_the_loop) {
    const auto loop = weft::testing::make_virtual_loop();
    const auto thread_of = [](const weft::event_loop& l) -> std::uint64_t {
        for (auto* root = weft::weft_registry_head.roots.load(); root; root = root->next.load()) {
            if (root->loop.load() == &l) return root->thread.load();
        }
        return ~std::uint64_t{0};
    };
    EXPECT_EQ(thread_of(*loop), 0u);
    loop->call_soon([&] { EXPECT_EQ(thread_of(*loop), static_cast<std::uint64_t>(::gettid())); });
    loop->run_once();
    EXPECT_EQ(thread_of(*loop), 0u);
}

// From outside: the note in the executable file.

class elf_file {
public:
    explicit elf_file(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
    }

    /// The address, as linked, of what the note of weft's points to.
    std::optional<std::uint64_t> head_by_note() const {
        for (const Elf64_Phdr& p : segments()) {
            if (p.p_type != PT_NOTE) continue;
            for (std::uint64_t at = 0; at + sizeof(Elf64_Nhdr) <= p.p_filesz;) {
                const auto note = read<Elf64_Nhdr>(p.p_offset + at);
                const std::uint64_t name = at + sizeof note;
                const std::uint64_t content = name + (note.n_namesz + 3) / 4 * 4;
                if (note.n_type == 1 && note.n_namesz == 5 && text(p.p_offset + name, 5) == std::string("weft\0", 5)) {
                    EXPECT_EQ(note.n_descsz, 8u);
                    return p.p_vaddr + content + read<std::uint64_t>(p.p_offset + content);
                }
                at = content + (note.n_descsz + 3) / 4 * 4;
            }
        }
        return std::nullopt;
    }

    std::string text_at_address(std::uint64_t address, std::size_t count) const {
        for (const Elf64_Phdr& p : segments()) {
            if (p.p_type == PT_LOAD && address >= p.p_vaddr && address + count <= p.p_vaddr + p.p_filesz) {
                return text(p.p_offset + address - p.p_vaddr, count);
            }
        }
        return "";
    }

private:
    template <class T>
    T read(std::uint64_t offset) const {
        T out{};
        if (offset + sizeof(T) <= bytes_.size()) std::memcpy(&out, bytes_.data() + offset, sizeof(T));
        return out;
    }
    std::string text(std::uint64_t offset, std::size_t count) const { return bytes_.substr(offset, count); }
    std::vector<Elf64_Phdr> segments() const {
        const auto header = read<Elf64_Ehdr>(0);
        std::vector<Elf64_Phdr> out;
        for (unsigned i = 0; i < header.e_phnum; ++i) {
            out.push_back(read<Elf64_Phdr>(header.e_phoff + std::uint64_t{i} * header.e_phentsize));
        }
        return out;
    }
    std::string bytes_;
};

std::uint64_t load_address_of_this_program() {
    std::uint64_t address = 0;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
            *static_cast<std::uint64_t*>(out) = info->dlpi_addr;
            return 1;  // the first one is the program
        },
        &address);
    return address;
}

TEST(registry, a_note_in_the_program_leads_to_it) {
    const auto head = elf_file("/proc/self/exe").head_by_note();
    ASSERT_TRUE(head);
    EXPECT_EQ(load_address_of_this_program() + *head, reinterpret_cast<std::uintptr_t>(&weft::weft_registry_head));
}

TEST(registry, the_note_survives_strip) {
    const auto copy = std::filesystem::temp_directory_path() / ("weft_stripped_" + std::to_string(::getpid()));
    std::filesystem::copy_file("/proc/self/exe", copy);
    ASSERT_EQ(std::system(("strip '" + copy.string() + "'").c_str()), 0);
    const elf_file stripped(copy.string());
    std::filesystem::remove(copy);
    const auto head = stripped.head_by_note();
    ASSERT_TRUE(head);
    EXPECT_EQ(head, elf_file("/proc/self/exe").head_by_note());
    EXPECT_EQ(stripped.text_at_address(*head, 8), std::string("weftreg\0", 8));
}

}  // namespace
