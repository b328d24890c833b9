// SPDX-License-Identifier: Apache-2.0
#include <weft/http/websocket_error.hpp>

namespace weft::inline v0::http {

namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "websocket"; }
    std::string message(int code) const override {
        switch (code) {
            case close_code::normal: return "1000 normal closure";
            case close_code::going_away: return "1001 going away";
            case close_code::protocol_error: return "1002 protocol error";
            case close_code::unsupported_data: return "1003 unsupported data";
            case close_code::no_code: return "1005 no code";
            case close_code::lost: return "1006 connection lost";
            case close_code::invalid_data: return "1007 invalid data";
            case close_code::policy_violation: return "1008 policy violation";
            case close_code::too_big: return "1009 message too big";
            case close_code::internal_error: return "1011 internal error";
            case close_code::try_again_later: return "1013 try again later";
            default: return std::to_string(code);
        }
    }
};

}  // namespace

const std::error_category& websocket_category() noexcept {
    static const category only;
    return only;
}

}  // namespace weft::inline v0::http
