// coupond report and coupond redemptions list: what was redeemed.
#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include "coupond/domain/money.h"
#include "src/cli/channel_command.h"

namespace coupon::cli {
namespace {

struct ReportInput {
  std::string data = "./coupond-data";
  std::string by, from, to, campaign, till, customer, code, order;
  bool csv = false;
};

using Parameters = std::vector<std::pair<const char*, std::string>>;

// What was given, as a query behind `path`.
std::string target_of(std::string path, const Parameters& parameters) {
  char mark = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    path.append(1, mark).append(name).append("=").append(http::percent_encode(value));
    mark = '&';
  }
  return path;
}

std::string money_of(const Json& item, const char* name) {
  std::optional<std::string> currency;
  if (!item.at("currency").is_null()) currency = item.at("currency").get<std::string>();
  return domain::money_number(item.at(name).get<std::int64_t>(), currency);
}

// Tabs between the cells: columns on a terminal, and easy to cut.
void print_row(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) std::cout << (i == 0 ? "" : "\t") << cells[i];
  std::cout << "\n";
}

int print_csv(ControlChannel& channel, const std::string& target) {
  Output output;
  bool good = true;
  const auto done = channel.send({.target = target, .receive = [&](std::string_view text) {
                                    good = output.write(text);
                                    return good;
                                  }});
  if (!good || !output.finish()) return fail(output.problem());
  return done.ok() ? kDone : fail(done.error());
}

int report(const ReportInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const Parameters asked{{"by", input.by},
                           {"from", input.from},
                           {"to", input.to},
                           {"campaign", input.campaign},
                           {"till", input.till}};
    if (input.csv) return print_csv(channel, target_of("/api/v1/reports/export", asked));
    const auto made = channel.get(target_of("/api/v1/reports", asked));
    if (!made.ok()) return fail(made.error());
    print_row({"period", "campaign", "till", "reason", "redeemed", "rolled back", "taken",
               "returned", "credit"});
    for (const Json& line : made->at("lines")) {
      print_row({text_of(line, "period"), text_of(line, "campaign"), text_of(line, "till"),
                 text_of(line, "reason"), text_of(line, "redeemed"), text_of(line, "rolled_back"),
                 money_of(line, "taken"), money_of(line, "returned"), text_of(line, "credit")});
    }
    std::cerr << "Exact at ledger entry " << text_of(*made, "seq") << ".\n";
    return printed();
  });
}

int list(const ReportInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    Parameters asked{{"campaign", input.campaign},
                     {"from", input.from},
                     {"to", input.to},
                     {"code", input.code},
                     {"order_id", input.order}};
    const bool is_email = input.customer.find('@') != std::string::npos;
    asked.emplace_back(is_email ? "email" : "user_id", input.customer);
    if (input.csv) return print_csv(channel, target_of("/api/v1/redemptions/export", asked));
    print_row({"id", "redeemed", "campaign", "code", "customer", "order", "amount", "rolled back"});
    asked.emplace_back("limit", "1000");
    const auto done =
        each_item(channel, target_of("/api/v1/redemptions", asked), [](const Json& one) {
          print_row({text_of(one, "id"), text_of(one, "redeemed_at"), text_of(one, "campaign"),
                     text_of(one, "coupon"), text_of(one, "user_id"), text_of(one, "order_id"),
                     money_of(one, "amount"), text_of(one, "rolled_back_at")});
        });
    return done.ok() ? printed() : fail(done.error());
  });
}

void add_times(const Command& command, ReportInput& input) {
  command.add_option("--from", input.from,
                     "Since then: a date, or a time such as 2027-12-31T18:00:00+01:00");
  command.add_option("--to", input.to, "Up to then; a date alone is that day, too");
  command.add_option("--campaign", input.campaign, "Only of this campaign: slug, id or UUID");
  command.add_flag("--csv", input.csv, "For a spreadsheet");
}

}  // namespace

void add_report(const Command& root) {
  const auto input = std::make_shared<ReportInput>();
  const Command made = add_data_command(
      root, "report", "Totals by day or hour, campaign, till and reason", input, report);
  add_times(made, *input);
  made.add_option("--by", input->by, "A line for each day, or for each hour")
      .one_of({"day", "hour"});
  made.add_option("--till", input->till, "Only what this till did: its name, or key:3 or user:7");
  made.footer(
      "Without --from it begins with today. A rollback counts when it is made.\n"
      "Example: coupond report --from 2027-01-01 --to 2027-01-31 --csv > january.csv");
  const Command redemptions =
      root.add_subcommand("redemptions", "What was redeemed, one line each");
  redemptions.needs_subcommand();
  const Command listed =
      add_data_command(redemptions, "list", "Redemptions, newest first", input, list);
  add_times(listed, *input);
  listed.add_option("--customer", input->customer, "Only of this customer: address or id");
  listed.add_option("--code", input->code, "Only of this code");
  listed.add_option("--order", input->order, "Only of this order");
  listed.footer(
      "--csv has all columns: the code's number, state and balance, owner, till and cashier, too.\n"
      "Example: coupond redemptions list --from 2027-01-01 --csv > redemptions.csv");
}

}  // namespace coupon::cli
