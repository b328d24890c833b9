// SPDX-License-Identifier: Apache-2.0
// In place of signer.cpp where weft is built with WEFT_WITH_TLS=OFF, and so without OpenSSL.
#include <weft/http/signer.hpp>

#include <cerrno>
#include <system_error>

namespace weft::inline v0::http {

signer::signer(std::vector<std::string>) {
    throw std::system_error(ENOSYS, std::generic_category(),
                            "http: signer: weft was built without TLS (WEFT_WITH_TLS=OFF)");
}
std::string signer::sign(std::string_view, std::string_view, time_point) const { return {}; }
std::optional<std::string> signer::verify(std::string_view, std::string_view, std::chrono::seconds, time_point) const {
    return std::nullopt;
}

}  // namespace weft::inline v0::http
