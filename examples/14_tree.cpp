// SPDX-License-Identifier: Apache-2.0
// Walking a tree by `from`, Python's `yield from`: the walk of a subtree is part of the walk of the tree. Whoever asks for
// an element resumes the innermost walk directly, so that an element costs the same at any depth; and what a walk returns,
// here the height of its subtree, is the value of the co_yield.
//
//     def walk(tree):
//         if tree is None:
//             return 0
//         left = yield from walk(tree.left)
//         yield tree.word
//         right = yield from walk(tree.right)
//         return 1 + max(left, right)
#include <weft/weft.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <string>

struct node {
    std::string word;
    const node* left = nullptr;
    const node* right = nullptr;
};

/// In order. It yields references: no string is copied.
weft::generator<const std::string&, void, int> walk(const node* tree) {
    if (!tree) co_return 0;
    const int left = co_yield weft::from(walk(tree->left));
    co_yield tree->word;
    const int right = co_yield weft::from(walk(tree->right));
    co_return 1 + std::max(left, right);
}

int main() {
    //         weft              over
    //        /    \            /    \.
    //     over    yarn       and    warp
    //    /    \                        \.
    //  and    warp                     weft – yarn
    const node and_{"and"}, warp{"warp"}, yarn{"yarn"};
    const node over{"over", &and_, &warp};
    const node root{"weft", &over, &yarn};

    auto words = walk(&root);
    for (const std::string& word : words) std::printf("%s ", word.c_str());
    std::printf("are the words; the tree is %d high\n", words.result());

    // Do two trees of different shape hold the same words? Two walks side by side stop at the first difference.
    const node weft_{"weft", nullptr, &yarn}, warp_weft{"warp", nullptr, &weft_};
    const node other{"over", &and_, &warp_weft}, smaller{"over", nullptr, &warp_weft};
    for (const node* tree : {&other, &smaller}) {
        std::puts(std::ranges::equal(walk(&root), walk(tree)) ? "the same words" : "not the same words");
    }

    // A tree that is a hundred thousand deep: as many walks are inside each other, on the stack of one.
    std::deque<node> chain;
    for (int i = 0; i < 100'000; ++i) chain.push_back({"x", i ? &chain.back() : nullptr});
    auto deep = walk(&chain.back());
    deep.next();
    std::printf("%zu generators wait for each other\n", deep.frames().size());
    std::size_t elements = 1;
    while (deep.next()) ++elements;
    std::printf("%zu elements, %d high\n", elements, deep.result());
}
