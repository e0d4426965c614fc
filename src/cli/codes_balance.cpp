#include "src/cli/codes_balance.h"

#include <iostream>
#include <memory>

#include "coupond/domain/money.h"

namespace coupon::cli {
namespace {

struct BalanceInput {
  std::string data = "./coupond-data";
  std::string code;
  std::string to;
  std::string amount;
  std::string reason;
};

std::optional<std::string> currency_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<std::string>();
}

std::string path_of(const std::string& code, const char* verb = "") {
  return "/api/v1/coupons/" + http::percent_encode(code) + verb;
}

std::string balance_of(const Json& coupon) {
  return domain::money_text(coupon.at("balance").get<std::int64_t>(),
                            currency_of(coupon.at("currency")));
}

core::Result<Json> coupon_named(ControlChannel& channel, const std::string& code) {
  const auto explained = channel.get(path_of(code));
  if (!explained.ok()) return explained.error();
  return explained->at("coupon");
}

void print_line(const char* name, const std::string& value) {
  if (!value.empty()) std::cout << name << "\t" << value << "\n";
}

int show(const BalanceInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto coupon = coupon_named(channel, input.code);
    if (!coupon.ok()) return fail(coupon.error());
    print_line("code", text_of(*coupon, "code"));
    print_line("campaign", text_of(*coupon, "campaign"));
    print_line("number", text_of(*coupon, "number"));
    print_line("state", text_of(*coupon, "state"));
    print_line("owner", text_of(*coupon, "user_id"));
    print_line("uses", text_of(*coupon, "uses"));
    print_line("limit", text_of(*coupon, "max_uses"));
    print_line("expires", text_of(*coupon, "expires_at"));
    print_line("held until", text_of(*coupon, "held_until"));
    if (!coupon->at("balance").is_null()) print_line("balance", balance_of(*coupon));
    return printed();
  });
}

// The request's body: what was given, the amount in minor units.
core::Result<Json> body_of(const BalanceInput& input, const Json& coupon) {
  Json body = Json::object();
  if (!input.reason.empty()) body["reason"] = input.reason;
  if (!input.to.empty()) body["to"] = input.to;
  if (input.amount.empty()) return body;
  auto amount = amount_in(input.amount, coupon.at("currency"));
  if (!amount.ok()) return amount.error();
  if (*amount == 0) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message = "The amount must be more than " + input.amount + "."};
  }
  body["amount"] = *std::move(amount);
  return body;
}

int change(const BalanceInput& input, const char* verb,
           const std::function<void(const Json&)>& tell) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto coupon = coupon_named(channel, input.code);
    if (!coupon.ok()) return fail(coupon.error());
    const auto body = body_of(input, *coupon);
    if (!body.ok()) return fail(body.error(), kUsage);
    const auto done = channel.call("POST", path_of(input.code, verb), *body);
    if (!done.ok()) return fail(done.error());
    tell(*done);
    return printed();
  });
}

int top_up(const BalanceInput& input) {
  return change(input, "/top-up", [](const Json& done) {
    const Json& coupon = done.at("coupon");
    std::cout << text_of(coupon, "code") << " has " << balance_of(coupon) << " now.\n";
  });
}

int transfer(const BalanceInput& input) {
  return change(input, "/transfer", [](const Json& done) {
    const Json& from = done.at("from");
    const Json& to = done.at("to");
    std::cout << domain::money_text(done.at("amount").get<std::int64_t>(),
                                    currency_of(from.at("currency")))
              << " moved. " << text_of(from, "code") << " has " << balance_of(from) << " now, "
              << text_of(to, "code") << " has " << balance_of(to) << ".\n";
  });
}

}  // namespace

core::Result<Json> amount_in(const std::string& text, const Json& currency) {
  const auto amount = domain::parse_money(text, currency_of(currency));
  if (!amount.ok()) return amount.error();
  return Json(*amount);
}

void add_codes_balance(const Command& codes) {
  const auto input = std::make_shared<BalanceInput>();
  const auto add = [&](const char* name, const char* about, int (*run)(const BalanceInput&)) {
    const Command command = add_data_command(codes, name, about, input, run);
    command.add_option("code", input->code, "The code").required();
    return command;
  };
  add("show", "Where a code stands, and what is left on it", show);
  const Command more = add("top-up", "Put money on a code that has a balance", top_up);
  more.add_option("amount", input->amount, "How much, as in 25.00").required();
  more.add_option("--reason", input->reason, "Why; the ledger keeps it");
  more.footer("Example: coupond codes top-up 7ZK2M9QW4XTA-1BHC-E5N8RVD3 25.00");
  const Command moved = add("transfer", "Move what is left on a code to another", transfer);
  moved.add_option("to", input->to, "The code that gets it").required();
  moved.add_option("amount", input->amount, "How much, as in 25.00; unless said, all of it");
  moved.add_option("--reason", input->reason, "Why; the ledger keeps it");
}

}  // namespace coupon::cli
