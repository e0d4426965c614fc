// How long one request's input and one reply take in the shapes: microseconds of processor time an
// object, the median of several rounds. Not a test.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "coupond/http/shape.h"

namespace {

using namespace coupon;

enum class State { kAvailable, kRedeemed };

// Five fields of five types, about 140 bytes of JSON.
struct Coupon {
  std::string code;
  std::int64_t count = 0;
  State state = State::kAvailable;
  core::UnixMs at;
  std::optional<std::string> order_id;

  static http::Object<Coupon> shape() {
    const http::Choices<State> states = {{"available", State::kAvailable},
                                         {"redeemed", State::kRedeemed}};
    return {"Coupon",
            "A typical object.",
            {
                http::text("code", &Coupon::code, "Code.", {.min = 1, .max = 64}),
                http::integer("count", &Coupon::count, "Count.", {.min = 1, .max = 10'000}),
                http::choice("state", &Coupon::state, "State.", states),
                http::timestamp("at", &Coupon::at, "Time."),
                http::text("order_id", &Coupon::order_id, "Order.", {.max = 64}),
            }};
  }
};

constexpr std::string_view kText =
    R"({"code":"ABCDEFGHJKMN-PQRS-TVWXYZ23","count":17,"state":"redeemed",)"
    R"("at":"2026-11-20T14:16:08.123Z","order_id":"order-2026-11-20-000017"})";

double median_us(const std::function<bool()>& once) {
  constexpr int kRounds = 9;
  constexpr int kTimes = 20'000;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < kTimes; ++i) {
      if (!once()) return -1;
    }
    const auto took = static_cast<double>(std::clock() - start);
    rounds.push_back(took * 1e6 / CLOCKS_PER_SEC / kTimes);
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return rounds[kRounds / 2];
}

Coupon read_once() { return *http::read<Coupon>(*http::parse_json(kText)); }

}  // namespace

int main() {
  const Coupon coupon = read_once();
  std::printf("parse        %.2f us\n", median_us([] { return http::parse_json(kText).ok(); }));
  std::printf("parse + read %.2f us\n", median_us([] { return !read_once().code.empty(); }));
  std::printf("write        %.2f us\n", median_us([&] { return !http::to_json(coupon).empty(); }));
}
