#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "coupond/core/limits.h"
#include "src/cli/channel_command.h"
#include "src/cli/codes_balance.h"
#include "src/cli/codes_change.h"
#include "src/cli/codes_export.h"
#include "src/cli/codes_import.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

// Codes that come with one reply.
constexpr std::int64_t kAtOnce = core::limits::kCodesPerOperationMax;

struct CodesInput {
  std::string data = "./coupond-data";
  std::string campaign;
  std::int64_t count = 0;
  std::string value;  // on each code made, as in 25.00; empty: the campaign's
  std::string file = "-";
  std::string column;  // of the codes in an import; empty: found out
  std::vector<std::string> ignore;
  std::int64_t undo = 0;  // the job to take back in place of an import
  bool header = false, no_header = false, yes = false, dry_run = false;
};

std::string codes_path(const CodesInput& input) {
  return "/api/v1/campaigns/" + http::percent_encode(input.campaign) + "/codes";
}

// A bar would stand between the lines of an output that goes to the same terminal.
void show_beside_output(Progress& progress, std::int64_t done, std::int64_t total) {
  if (::isatty(STDOUT_FILENO) == 0) progress.show(done, total);
}

Json with_count(Json body, std::int64_t count) {
  body["count"] = count;
  return body;
}

// What each code is worth, where that was said, in the campaign's currency.
core::Result<Json> value_in(ControlChannel& channel, const CodesInput& input) {
  if (input.value.empty()) return Json::object();
  const auto campaign = channel.get("/api/v1/campaigns/" + http::percent_encode(input.campaign));
  if (!campaign.ok()) return campaign.error();
  auto amount = amount_in(input.value, campaign->at("currency"));
  if (!amount.ok()) return amount.error();
  return Json{{"value", *std::move(amount)}};
}

int generate(const CodesInput& input) {
  if (const std::string problem = Output::missing(); !problem.empty()) return fail(problem);
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto more = value_in(channel, input);
    if (!more.ok()) return fail(more.error());
    // Nothing is made when the campaign has no room for all.
    const auto room =
        channel.call("POST", codes_path(input) + "?dry_run=true", with_count(*more, input.count));
    if (!room.ok()) return fail(room.error());
    Progress progress("Generating");
    Output output;
    // The first alone: an output that takes nothing is noticed before more is made for it.
    for (std::int64_t done = 0, count = 1; done < input.count;) {
      const auto made = channel.call("POST", codes_path(input), with_count(*more, count));
      if (!made.ok()) return fail(made.error());
      done += count;
      std::string lines;
      for (const Json& code : made->at("codes")) lines += code.get<std::string>() + "\n";
      if (!output.write(lines)) {
        return fail(output.problem() + " " + std::to_string(done) + " of " +
                    std::to_string(input.count) + " codes were made before it failed. `coupond " +
                    "codes export` prints every code of the campaign.");
      }
      show_beside_output(progress, done, input.count);
      count = std::min(kAtOnce, input.count - done);
    }
    return kDone;
  });
}

int import(const CodesInput& input) {
  if (input.undo > 0) return undo_job(input.data, input.undo, input.dry_run);
  const auto text = read_codes(input.file);
  if (!text.ok()) return fail(text.error());
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    service::ImportOptions options{.ignore = input.ignore, .confirm = input.yes};
    if (!input.column.empty()) options.column = input.column;
    if (input.header || input.no_header) options.header = input.header;
    return import_codes(channel, codes_path(input) + "/import", *text, options, input.dry_run);
  });
}

}  // namespace

void add_codes(const Command& root) {
  const auto input = std::make_shared<CodesInput>();
  const Command codes = root.add_subcommand("codes", "Make, bring in and write out codes");
  codes.needs_subcommand();
  const auto add = [&](const char* name, const char* about, int (*run)(const CodesInput&)) {
    const Command command = add_data_command(codes, name, about, input, run);
    command
        .add_option("campaign", input->campaign, "Slug, id or UUID; id:7 is an id, slug:7 a slug")
        .required();
    return command;
  };
  const Command made = add("generate", "Make codes and print them, one a line", generate);
  made.footer("Example: coupond codes generate subscription-cards 100 > cards.txt");
  made.add_option("count", input->count, "How many")
      .required()
      .whole_number(1, core::limits::kJobCodesMax);
  made.add_option("--value", input->value,
                  "What each is worth, as in 25.00; the campaign's value unless said");
  const Command brought = add("import", "Store codes of your own, one a line or as CSV", import);
  brought.add_option("file", input->file, "Where they are; - is the standard input")
      .shows_default();
  brought.add_option("--column", input->column, "The column of the codes: its name or number");
  const Option header = brought.add_flag("--header", input->header, "The first row is a header");
  brought.add_flag("--no-header", input->no_header, "The first row is a code").excludes(header);
  brought.add_option("--ignore", input->ignore, "Columns to leave out although they change a code")
      .delimiter(',');
  brought.add_flag("--yes", input->yes, "Codes of one or two characters are right");
  brought
      .add_option("--undo", input->undo,
                  "In place of an import: end and free the unused codes of this job")
      .whole_number(1, core::limits::kCountMax);
  brought.add_flag("--dry-run", input->dry_run, "Say what would be stored, and store nothing");
  brought.footer(
      "Names each line that is refused. Exit code 1 when there was one. When the command is\n"
      "stopped, lines that the database has received are still stored.\n"
      "Example: coupond codes import members-2027 codes.csv");
  add_codes_balance(codes);
  add_codes_change(codes);
  add_codes_export(codes);
}

}  // namespace coupon::cli
