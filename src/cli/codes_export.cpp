#include "src/cli/codes_export.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>

#include "coupond/core/count_text.h"
#include "coupond/core/descriptor.h"
#include "src/cli/code_filter.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

struct ExportInput {
  std::string data = "./coupond-data";
  std::string campaign;
  CodeFilterInput filter;
  std::string sheet = "cards", file, shop, worth, until;
  std::int64_t start = 1;
  bool dry_run = false;
};

std::string path_of(const ExportInput& input, const char* what) {
  return "/api/v1/campaigns/" + http::percent_encode(input.campaign) + what;
}

// How many codes the filter has.
core::Result<std::int64_t> count(ControlChannel& channel, const ExportInput& input,
                                 const Json& filter) {
  const auto counted = channel.get(path_of(input, "/codes/count") + query_of(filter));
  if (!counted.ok()) return counted.error();
  return counted->at("count").get<std::int64_t>();
}

int write_csv(ControlChannel& channel, const std::string& target, std::int64_t total) {
  Progress progress("Exporting");
  Output output;
  std::int64_t lines = 0;
  bool good = true;
  const auto done = channel.send({.target = target, .receive = [&](std::string_view text) {
                                    good = output.write(text);
                                    lines += std::count(text.begin(), text.end(), '\n');
                                    // A bar would stand between lines on the same terminal.
                                    if (::isatty(STDOUT_FILENO) == 0) progress.show(lines, total);
                                    return good;
                                  }});
  progress.clear();
  if (!good || !output.finish()) return fail(output.problem());
  return done.ok() ? kDone : fail("What was printed is not everything. " + done.error().message);
}

int export_codes(const ExportInput& input) {
  if (const std::string problem = Output::missing(); !problem.empty()) return fail(problem);
  const auto filter = filter_fields(input.filter);
  if (!filter.ok()) return fail(filter.error(), kUsage);
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto total = count(channel, input, *filter);
    if (!total.ok()) return fail(total.error());
    if (input.dry_run) {
      std::cout << core::count_text(*total, "code") << " to export. Nothing is written.\n";
      return printed();
    }
    return write_csv(channel, path_of(input, "/codes/export") + query_of(*filter), *total);
  });
}

// What the API prints, from the same options: numbers are from and to there.
Json print_body(const ExportInput& input, Json filter, std::int64_t issued) {
  Json body = std::move(filter);
  body["from"] = body.value("first_number", std::int64_t{1});
  body["to"] = body.value("last_number", std::max<std::int64_t>(issued, 1));
  body.erase("first_number");
  body.erase("last_number");
  body["sheet"] = input.sheet;
  body["start"] = input.start;
  if (!input.shop.empty()) body["shop"] = input.shop;
  if (!input.worth.empty()) body["worth"] = input.worth;
  if (!input.until.empty()) body["until"] = input.until;
  return body;
}

core::Error cannot_write(const std::string& file) {
  return {.reason = core::Reason::kInternal,
          .message = "The file " + file + " cannot be written: " + std::strerror(errno) + "."};
}

// A new file: who prints twice shall not lose the first.
core::Result<core::Done> write_new(const std::string& file, const std::string& text) {
  const core::Descriptor made(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made.is_open()) return cannot_write(file);
  std::ofstream out(file, std::ios::binary);
  if (!out.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) {
    return cannot_write(file);
  }
  return core::Done{};
}

int print_cards(const ExportInput& input) {
  const auto filter = filter_fields(input.filter);
  if (!filter.ok()) return fail(filter.error(), kUsage);
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto campaign = channel.get(path_of(input, ""));
    if (!campaign.ok()) return fail(campaign.error());
    const auto total = count(channel, input, *filter);
    if (!total.ok()) return fail(total.error());
    if (input.dry_run) {
      std::cout << core::count_text(*total, "code") << " to print. Nothing is written.\n";
      return printed();
    }
    std::string pdf;
    const Json body = print_body(input, *filter, campaign->at("issued").get<std::int64_t>());
    const auto done = channel.send({.method = "POST",
                                    .target = path_of(input, "/print"),
                                    .body = body.dump(),
                                    .receive = [&](std::string_view piece) {
                                      pdf += piece;
                                      return true;
                                    }});
    if (!done.ok()) return fail(done.error());
    const auto written = write_new(input.file, pdf);
    if (!written.ok()) return fail(written.error());
    std::cout << core::count_text(*total, "code") << " in " << printable(input.file)
              << ". Print it at 100 %.\n";
    return printed();
  });
}

}  // namespace

void add_codes_export(const Command& codes) {
  const auto input = std::make_shared<ExportInput>();
  const auto add = [&](const char* name, const char* about, int (*run)(const ExportInput&)) {
    const Command command = add_data_command(codes, name, about, input, run);
    command
        .add_option("campaign", input->campaign, "Slug, id or UUID; id:7 is an id, slug:7 a slug")
        .required();
    add_code_filter(command, input->filter);
    command.add_flag("--dry-run", input->dry_run, "Say how many match, and write nothing");
    return command;
  };
  add("export", "Print codes of a campaign as CSV, with all that is known of each", export_codes)
      .footer("Example: coupond codes export members-2027 --state available > left.csv");
  const Command cards = add("print", "Write codes as cards or labels into a PDF", print_cards);
  cards.add_option("file", input->file, "The PDF, which must not be there yet").required();
  cards.add_option("--sheet", input->sheet, "Which labels, as L7160").shows_default();
  cards.add_option("--start", input->start, "The first label to use of a sheet that is partly used")
      .whole_number(1, 1000);
  cards.add_option("--shop", input->shop, "The shop's name");
  cards.add_option("--worth", input->worth,
                   "In the largest letters; the campaign's name unless "
                   "said");
  cards.add_option("--until", input->until, "A line below the code");
  cards.footer("Example: coupond codes print members-2027 cards.pdf --sheet L7160 --job 12");
}

}  // namespace coupon::cli
