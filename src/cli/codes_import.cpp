#include "src/cli/codes_import.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>
#include <vector>

#include "coupond/core/count_text.h"
#include "coupond/core/csv.h"
#include "coupond/core/limits.h"
#include "src/cli/channel_command.h"
#include "src/cli/progress.h"

namespace coupon::cli {
namespace {

using core::refuse;
using core::limits::kImportLineMaxBytes;

// Of one part, so that it is within the API's limits together with a header.
constexpr std::size_t kPartBytes = core::limits::kImportBodyMaxBytes / 2;
constexpr std::int64_t kPartLines = core::limits::kImportLinesMax / 2;

// The text's first part: whole records. One that a stray quote made longer than any may be is cut.
std::string_view first_part(std::string_view text, bool is_json) {
  std::size_t end = 0;  // of the last whole record
  std::int64_t lines = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size() && i < kPartBytes && lines < kPartLines; ++i) {
    if (text[i] == '"' && !is_json) quoted = !quoted;
    if (text[i] != '\n') continue;
    ++lines;
    if (i - end > kImportLineMaxBytes) quoted = false;
    if (!quoted) end = i + 1;
  }
  const bool all = text.size() <= kPartBytes && lines < kPartLines;
  return all || end == 0 ? text : text.substr(0, end);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class Import {
 public:
  Import(ControlChannel& channel, std::string target, const service::ImportShape& shape)
      : channel_(channel), target_(std::move(target)), shape_(shape), text_(shape.utf8) {
    if (!shape.has_header) return;
    header_ = text_.substr(0, std::min(text_.find('\n'), text_.size() - 1) + 1);
  }

  core::Result<core::Done> run() {
    while (at_ < text_.size()) {
      const std::string_view part = first_part(text_.substr(at_), shape_.is_json);
      const bool repeated = at_ > 0 && !header_.empty();
      if (repeated && shape_.comments > 0) {
        return refuse("The file is too long to have lines of comment before its header. Stored: " +
                      core::count_text(stored_, "code") + ".");
      }
      std::string body = repeated ? std::string(header_) : std::string();
      body += part;
      if (auto done = run_part(std::move(body), repeated ? 1 : 0, part); !done.ok()) return done;
      at_ += part.size();
      line_ += std::count(part.begin(), part.end(), '\n');
    }
    return core::Done{};
  }

  // Names lines of the whole text, and why they would be refused.
  void tell_all(const Json& problems) {
    if (problems.empty()) return;
    const auto lines = lines_of(text_);
    for (const Json& row : problems) {
      const auto line = row.at("line").get<std::int64_t>();
      tell(line, lines.at(static_cast<std::size_t>(line - 1)), text_of(row, "reason"));
    }
  }

  std::string_view text() const { return text_; }
  std::int64_t stored() const { return stored_; }
  std::int64_t refused() const { return refused_; }
  const std::string& jobs() const { return jobs_; }

 private:
  core::Result<core::Done> run_part(std::string body, std::int64_t added, std::string_view part) {
    const auto queued = channel_.send(
        {.method = "POST", .target = target_, .body = std::move(body), .content_type = "text/csv"});
    if (!queued.ok()) return queued.error();
    const auto id = queued->at("job").at("id").get<std::int64_t>();
    const std::string path = "/api/v1/jobs/" + std::to_string(id);
    jobs_ += (jobs_.empty() ? "" : ", ") + std::to_string(id);
    const auto job = wait_for(path);
    if (!job.ok()) return job.error();
    stored_ += job->at("done").get<std::int64_t>() - job->at("errors").get<std::int64_t>();
    progress_.clear();
    const auto lines = lines_of(part);
    auto told = each_item(channel_, path + "/errors?limit=1000", [&](const Json& error) {
      const auto line = error.at("line").get<std::int64_t>() - added;
      tell(line_ + line, lines.at(static_cast<std::size_t>(line - 1)),
           error.at("reason").get<std::string>());
    });
    if (!told.ok()) return told.error();
    if (job->at("state") == "done") return core::Done{};
    return refuse("The import ended after " + core::count_text(stored_, "code") + ": " +
                  text_of(*job, "message"));
  }

  core::Result<Json> wait_for(const std::string& path) {
    using std::chrono::milliseconds;
    for (milliseconds pause{2};; pause = std::min(pause * 2, milliseconds(200))) {
      auto job = channel_.get(path);
      if (!job.ok()) return job;
      const std::string state = job->at("state").get<std::string>();
      if (state != "queued" && state != "running") return job;
      progress_.show(line_ + job->at("done").get<std::int64_t>(), lines_);
      std::this_thread::sleep_for(pause);
    }
  }

  // "line 4: SUMMER-1 is not stored again: it is in campaign summer"
  void tell(std::int64_t line, std::string_view text, const std::string& reason) {
    const std::size_t colon = std::min(reason.find(':'), reason.size());
    const std::string name = reason.substr(0, colon);
    const std::string more = printable(reason.substr(colon));
    std::cerr << "line " << line << ": ";
    if (name == "malformed_line") {
      std::cerr << why_malformed(text) << more;
    } else if (name == "duplicate_code") {
      std::cerr << code_in(text) << " is not stored again" << more;
    } else if (name == "invalid_code") {
      std::cerr << code_in(text) << " is no code" << more;
    } else {
      std::cerr << code_in(text) << " is refused: " << printable(reason);
    }
    std::cerr << "\n";
    ++refused_;
  }

  std::string_view why_malformed(std::string_view line) const {
    if (shape_.is_json) return "it is not one JSON object with a text as its code";
    if (line.find('\0') != std::string_view::npos)
      return "it has a character that is no text (NUL)";
    if (line.find('"') != std::string_view::npos) return "a quote in it does not go around a cell";
    return "its cells are not separated like those of the other rows";
  }

  std::string code_in(std::string_view line) const {
    if (shape_.is_json) return printable(line);
    core::CsvRecord record;
    core::CsvReader(line, kImportLineMaxBytes, shape_.separator).next(record);
    const std::size_t column = shape_.code_column;
    if (!record.well_formed || record.fields.size() <= column) return printable(line);
    return printable(core::csv_value(record.fields[column]));
  }

  ControlChannel& channel_;
  const std::string target_;
  const service::ImportShape& shape_;
  const std::string_view text_;
  const std::int64_t lines_ = std::count(text_.begin(), text_.end(), '\n');
  std::string_view header_;  // with its line end; empty when there is none
  std::size_t at_ = 0;       // where the current part begins
  std::int64_t line_ = 0;    // lines before it
  std::int64_t stored_ = 0;
  std::int64_t refused_ = 0;
  std::string jobs_;
  Progress progress_{"Importing"};
};

// The options as the API takes them.
std::string query_of(const service::ImportOptions& options) {
  std::string query = options.confirm ? "?confirm=true" : "?confirm=false";
  if (options.header) query += *options.header ? "&header=true" : "&header=false";
  if (options.column) query += "&column=" + http::percent_encode(*options.column);
  std::string ignored;
  for (const std::string& name : options.ignore) ignored += (ignored.empty() ? "" : ",") + name;
  if (!ignored.empty()) query += "&ignore=" + http::percent_encode(ignored);
  return query;
}

// Says what an import would do, and stores nothing.
int try_import(ControlChannel& channel, const std::string& target, const std::string& query,
               Import& import) {
  const auto seen = channel.send({.method = "POST",
                                  .target = target + "/preview" + query,
                                  .body = std::string(import.text()),
                                  .content_type = "text/csv"});
  if (!seen.ok()) return fail(seen.error());
  if (const std::string question = text_of(*seen, "question"); !question.empty()) {
    return fail(refuse(question));
  }
  import.tell_all(seen->at("problems"));
  const auto refused = seen->at("bad_lines").get<std::int64_t>();
  if (refused > import.refused()) {
    std::cerr << "and " << core::count_text(refused - import.refused(), "line") << " more\n";
  }
  const auto lines = seen->at("lines").get<std::int64_t>();
  std::cout << core::count_text(lines - refused, "code") << " would be stored, " << refused
            << " refused. Nothing is stored.\n";
  const int written = printed();
  return refused == 0 ? written : kFailed;
}

}  // namespace

core::Result<std::string> read_codes(const std::string& name) {
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) return refuse("The file " + name + " cannot be read: " + std::strerror(errno) + ".");
    if (std::filesystem::is_directory(name)) {
      return refuse("The file " + name + " cannot be read: it is a directory.");
    }
  }
  std::istream& source = name == "-" ? std::cin : file;
  return std::string((std::istreambuf_iterator<char>(source)), {});
}

int import_codes(ControlChannel& channel, const std::string& target, const std::string& text,
                 const service::ImportOptions& options, bool dry_run) {
  const auto shape = service::shape_of_import(text, options);
  if (!shape.ok()) return fail(shape.error());
  std::cerr << printable(shape->sentence) << "\n";
  const std::string query = query_of(options);
  Import import(channel, target + query, *shape);
  if (dry_run) return try_import(channel, target, query, import);
  const auto done = import.run();
  if (!done.ok()) return fail(done.error());
  std::cout << core::count_text(import.stored(), "code") << " stored, " << import.refused()
            << " refused.\n";
  std::cerr << "Job " << import.jobs() << "; --undo takes one back.\n";
  const int written = printed();
  return import.refused() == 0 ? written : kFailed;
}

}  // namespace coupon::cli
