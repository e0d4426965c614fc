// What an import would store, shown to the person who sent the file before anything is stored.
#pragma once

#include <string>
#include <vector>

#include "coupond/service/jobs.h"

namespace coupon::service {

struct ImportPreview {
  // The first rows as they are in the file, cell by cell; the header among them.
  std::vector<std::vector<std::string>> first_rows = {};
  // What somebody must say before the file can be stored; empty: nothing. `question_about` is the
  // option that says it: column, header, confirm or ignore.
  std::string question = {}, question_about = {};

  // All that follows is empty where there is a question.
  struct Row {
    std::int64_t line = 0;    // of the text, from 1
    std::string code = {};    // as it would be displayed
    std::string reason = {};  // why it would not be stored
    std::string ended = {};   // why it cannot be used any more
    std::optional<core::UnixMs> expires_at = {};
  };
  std::vector<Row> rows = {};      // the first ones
  std::vector<Row> problems = {};  // the first ones that would not be stored
  std::int64_t lines = 0, bad_lines = 0;
  bool has_header = false;
  std::size_t code_column = 0;  // from 0
  std::string layout = {};      // how the file was read, in a sentence
};

// Reads all of `text` and stores nothing. Refused as receive_import() is, but for what would have
// to be guessed: that is the question.
core::Result<ImportPreview> preview_import(Engine& engine, const Caller& caller,
                                           core::CampaignId campaign_id, std::string_view text,
                                           const ImportOptions& options);

}  // namespace coupon::service
