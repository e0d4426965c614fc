#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "coupond/core/csv.h"
#include "coupond/core/limits.h"
#include "coupond/service/export.h"
#include "src/cli/desk_command.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

// Codes brought to the desk at once: one operation of the writer.
constexpr std::int64_t kAtOnce = core::limits::kCodesPerOperationMax;
constexpr std::size_t kRecordMaxBytes = 4096;

struct CodesInput {
  std::string data = "./coupond-data";
  std::string campaign;
  std::int64_t count = 0;
  std::string file = "-";
};

// A bar would stand between the lines of an output that goes to the same terminal.
void show_beside_output(Progress& progress, std::int64_t done, std::int64_t total) {
  if (::isatty(STDOUT_FILENO) == 0) progress.show(done, total);
}

// The codes are stored, whatever became of the output.
int written() {
  if (std::cout.flush()) return kDone;
  return fail("The output cannot be written. `coupond codes export` prints the codes again.");
}

int generate(const CodesInput& input) {
  return at_desk(input.data, [&](Desk& desk) -> int {
    Progress progress("Generating");
    for (std::int64_t done = 0; done < input.count;) {
      const std::int64_t count = std::min(kAtOnce, input.count - done);
      const auto made =
          desk.call("codes.generate", {{"campaign", input.campaign}, {"count", count}});
      if (!made.ok()) return fail(made.error());
      for (const Json& code : made->at("codes")) std::cout << code.get<std::string>() << "\n";
      done += count;
      show_beside_output(progress, done, input.count);
    }
    return written();
  });
}

// What an import reads and how far it got.
struct Import {
  Desk& desk;
  const std::string& campaign;
  Progress& progress;
  std::int64_t total_lines = 0;
  std::vector<std::string> codes = {};  // of the lot being gathered
  std::vector<std::int64_t> lines = {};
  std::int64_t stored = 0;
  std::int64_t refused = 0;

  void refuse(std::int64_t line, const std::string& why) {
    progress.clear();
    std::cerr << "line " << line << ": " << why << "\n";
    ++refused;
  }
  // Stores the lot and tells of each line that was refused.
  std::optional<core::Error> flush();
};

std::optional<core::Error> Import::flush() {
  if (codes.empty()) return std::nullopt;
  const auto done = desk.call("codes.import", {{"campaign", campaign}, {"codes", codes}});
  if (!done.ok()) return done.error();
  for (const Json& row : done->at("refused")) {
    const auto index = row.at("index").get<std::size_t>();
    refuse(lines[index], codes[index] + " " + text_of(row, "reason"));
  }
  stored += done->at("stored").get<std::int64_t>();
  progress.show(lines.back(), total_lines);
  codes.clear();
  lines.clear();
  return std::nullopt;
}

// Where the codes are: the column that the header calls so, or the first one without a header.
std::optional<std::size_t> column_of_code(const core::CsvRecord& header) {
  const auto found = std::find(header.fields.begin(), header.fields.end(), "code");
  if (found == header.fields.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.fields.begin());
}

std::optional<core::Error> import_text(Import& work, std::string_view text) {
  core::CsvReader reader(text, kRecordMaxBytes);
  core::CsvRecord record;
  std::size_t column = 0;
  for (bool first = true; reader.next(record); first = false) {
    const auto named = first && record.well_formed ? column_of_code(record) : std::nullopt;
    if (named) {
      column = *named;
    } else if (!record.well_formed || record.fields.size() <= column) {
      work.refuse(record.line, "is not CSV");
    } else {
      work.codes.emplace_back(core::csv_value(record.fields[column]));
      work.lines.push_back(record.line);
    }
    if (work.codes.size() < static_cast<std::size_t>(kAtOnce)) continue;
    if (auto error = work.flush()) return error;
  }
  return work.flush();
}

int import(const CodesInput& input) {
  std::ifstream file;
  if (input.file != "-") {
    file.open(input.file, std::ios::binary);
    if (!file)
      return fail("The file " + input.file + " cannot be read: " + std::strerror(errno) + ".");
    if (std::filesystem::is_directory(input.file)) {
      return fail("The file " + input.file + " cannot be read: it is a directory.");
    }
  }
  std::istream& source = input.file == "-" ? std::cin : file;
  const std::string text((std::istreambuf_iterator<char>(source)), {});
  return at_desk(input.data, [&](Desk& desk) -> int {
    Progress progress("Importing");
    Import work{.desk = desk,
                .campaign = input.campaign,
                .progress = progress,
                .total_lines = std::count(text.begin(), text.end(), '\n')};
    const auto error = import_text(work, text);
    progress.clear();
    if (error) return fail(*error);
    std::cout << work.stored << " codes stored, " << work.refused << " refused.\n";
    return work.refused == 0 ? kDone : kFailed;
  });
}

int export_all(const CodesInput& input) {
  return at_desk(input.data, [&](Desk& desk) -> int {
    Progress progress("Exporting");
    std::cout << service::CodeExport::header();
    for (std::int64_t after = 0;;) {
      const auto page = desk.call("codes.export", {{"campaign", input.campaign}, {"after", after}});
      if (!page.ok()) return fail(page.error());
      const std::string text = text_of(*page, "text");
      if (text.empty()) return written();
      std::cout << text;
      after = page->at("after").get<std::int64_t>();
      show_beside_output(progress, after, page->at("total").get<std::int64_t>());
    }
  });
}

}  // namespace

void add_codes(CommandLine& line) {
  const auto input = std::make_shared<CodesInput>();
  CLI::App& codes = *line.root.add_subcommand("codes", "Make, bring in and write out codes");
  codes.require_subcommand(1);
  const auto add = [&](const char* name, const char* about, int (*run)(const CodesInput&)) {
    CLI::App* command = add_desk_command(line, codes, name, about, input, run);
    command
        ->add_option("campaign", input->campaign, "Slug, id or UUID; id:7 is an id, slug:7 a slug")
        ->required();
    return command;
  };
  CLI::App* made = add("generate", "Make codes and print them, one a line", generate);
  made->footer("Example: coupond codes generate subscription-cards 100 > cards.txt");
  made->add_option("count", input->count, "How many")
      ->required()
      ->check(whole_number(1, core::limits::kJobCodesMax));
  CLI::App* brought = add("import", "Store codes of your own, one a line or as CSV", import);
  brought->add_option("file", input->file, "Where they are; - is the standard input")
      ->capture_default_str();
  brought->footer(
      "Tells of each line that is refused. Exit code 1 when there was one.\n"
      "Example: coupond codes import members-2027 codes.csv");
  add("export", "Print every code of a campaign as CSV, with its state", export_all);
}

}  // namespace coupon::cli
