#include "coupond/http/shape.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "coupond/core/time_text.h"

namespace coupon::http {
namespace {

constexpr std::size_t kProblemsMax = 20;  // Enough to mend a form by; bounds the reply.

std::string between(std::int64_t min, std::int64_t max, std::string_view one,
                    std::string_view many) {
  const auto count = [&](std::int64_t n) {
    return std::to_string(n) + " " + std::string(n == 1 ? one : many);
  };
  if (min == max) return "exactly " + count(min);
  if (min == 0) return "at most " + count(max);
  return "between " + std::to_string(min) + " and " + count(max);
}

std::string integer_predicate(const ValueSpec& spec) {
  if (spec.max < kMaxJsonInteger) {
    return "must be an integer between " + std::to_string(spec.min) + " and " +
           std::to_string(spec.max);
  }
  return "must be an integer of at least " + std::to_string(spec.min);
}

std::string choice_predicate(const ValueSpec& spec) {
  std::string list;
  for (const std::string& choice : spec.choices) {
    if (!list.empty()) list += ", ";
    list += '"' + choice + '"';
  }
  return "must be one of " + list;
}

// The integer in `json`, where there is one that fits 64 bits with a sign. 3.9, 3.0, 1e3 and true
// are not integers here.
std::optional<std::int64_t> exact_integer(const Json& json) {
  if (!json.is_number_integer()) return std::nullopt;
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
    return std::nullopt;
  }
  return json.get<std::int64_t>();
}

void read_text(const ValueSpec& spec, const Json& json, std::string& value, Reader& reader) {
  const auto integer = spec.or_integer ? exact_integer(json) : std::nullopt;
  if (integer) {
    value = std::to_string(*integer);
  } else if (json.is_string()) {
    value = json.get_ref<const std::string&>();
  } else {
    return reader.complain(spec.or_integer ? "must be a string or an integer" : "must be a string");
  }
  const auto length = static_cast<std::int64_t>(utf8_length(value));
  if (length == 0 && spec.min > 0) return reader.complain("must not be empty");
  if (length < spec.min || length > spec.max) {
    return reader.complain("must have " + between(spec.min, spec.max, "character", "characters"));
  }
  if (spec.check != nullptr && !spec.check(value)) reader.complain("must be " + spec.expected);
}

void read_free(const ValueSpec& spec, const Json& json, std::string& value, Reader& reader) {
  if (!spec.any_json && !json.is_object()) return reader.complain("must be an object");
  value = json.dump();
  if (value.size() > static_cast<std::size_t>(spec.max)) {
    reader.complain("must have at most " + std::to_string(spec.max) + " bytes as JSON");
  }
}

// The member of `json` that `field` is read from; null where there is none. Two names of one field
// with different values contradict each other.
const Json* find_member(const FieldSpec& field, const Json& json, Reader& reader) {
  const auto& members = json.get_ref<const Json::object_t&>();
  const auto place = members.find(field.name);
  const Json* found = place == members.end() ? nullptr : &place->second;
  for (const std::string& alias : field.aliases) {
    const auto other = members.find(alias);
    if (other == members.end()) continue;
    if (found != nullptr && *found != other->second) reader.complain_twice();
    found = &other->second;
  }
  return found;
}

void refuse_unknown(const Shape& shape, const Json& json, Reader& reader) {
  for (const auto& member : json.get_ref<const Json::object_t&>()) {
    if (shape.find(member.first) != nullptr) continue;
    const Reader::Scope scope(reader, member.first);
    reader.complain("is not a field of this request");
  }
}

}  // namespace

// --- Reader ------------------------------------------------------------------------------------

Reader::Scope::Scope(Reader& reader, std::string_view step, const FieldSpec* field)
    : reader_(reader), outer_length_(reader.path_.size()), outer_field_(reader.field_) {
  if (!reader.path_.empty() && !step.starts_with('[')) reader.path_ += '.';
  reader.path_ += step;
  if (field != nullptr) reader.field_ = field;
}

Reader::Scope::~Scope() {
  reader_.path_.resize(outer_length_);
  reader_.field_ = outer_field_;
}

void Reader::complain(std::string predicate) {
  if (field_ != nullptr && !field_->invalid.empty()) return complain_sentence(field_->invalid);
  std::string sentence = path_.empty() ? "The body " : path_ + " ";
  sentence += predicate;
  add(std::move(predicate), std::move(sentence));
}

void Reader::complain_beyond(std::string predicate) {
  if (field_ == nullptr || field_->beyond.empty()) return complain(std::move(predicate));
  complain_sentence(field_->beyond);
}

void Reader::complain_twice() {
  contradictory_ = true;
  const std::string predicate = "is given twice, differently";
  add(predicate, path_ + " " + predicate);
}

void Reader::complain_sentence(std::string sentence) { add(sentence, sentence); }

void Reader::add(std::string message, std::string sentence) {
  if (problems_.empty()) first_sentence_ = std::move(sentence);
  if (problems_.size() < kProblemsMax) problems_.push_back({path_, std::move(message)});
}

core::Error Reader::error() && {
  return {.reason = core::Reason::kInvalidRequest,
          .message = std::move(first_sentence_),
          .fields = std::move(problems_)};
}

// --- Values ------------------------------------------------------------------------------------

void read_value(const ValueSpec& spec, const Json& json, std::string& value, Reader& reader) {
  return spec.type == Type::kFree ? read_free(spec, json, value, reader)
                                  : read_text(spec, json, value, reader);
}

void read_value(const ValueSpec&, const Json& json, bool& value, Reader& reader) {
  if (!json.is_boolean()) return reader.complain("must be true or false");
  value = json.get<bool>();
}

void read_value(const ValueSpec& spec, const Json& json, core::UnixMs& value, Reader& reader) {
  const auto complain = [&](const std::string& more) {
    reader.complain("must be a time like 2026-01-31T12:00:00Z or a date, from 1970 on" + more);
  };
  if (!json.is_string()) return complain("");
  const auto& text = json.get_ref<const std::string&>();
  const auto time =
      reader.strict() ? core::parse_local_time(text, spec.date_means) : core::parse_time(text);
  if (time) {
    value = *time;
  } else {
    const std::string& why = time.error().message;
    complain(why.starts_with("Which zone?") ? ". " + why : "");
  }
}

std::int64_t read_integer(const ValueSpec& spec, const Json& json, Reader& reader) {
  const auto number = exact_integer(json);
  if (number && *number >= spec.min && *number <= spec.max) return *number;
  if (number && *number > spec.max) {
    reader.complain_beyond(integer_predicate(spec));
  } else {
    reader.complain(integer_predicate(spec));
  }
  return 0;
}

std::int64_t read_choice(const ValueSpec& spec, const Json& json, Reader& reader) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    const auto place = std::find(spec.choices.begin(), spec.choices.end(), text);
    const auto index = static_cast<std::size_t>(place - spec.choices.begin());
    if (place != spec.choices.end()) return spec.choice_values[index];
  }
  reader.complain(choice_predicate(spec));
  return 0;
}

std::size_t read_list_size(const ValueSpec& spec, const Json& json, Reader& reader) {
  if (!json.is_array()) return reader.complain("must be a list"), 0;
  const auto size = static_cast<std::int64_t>(json.size());
  if (size >= spec.min && size <= spec.max) return json.size();
  reader.complain("must have " + between(spec.min, spec.max, "item", "items"));
  return 0;
}

const Json& list_item(const Json& json, std::size_t index) { return json[index]; }

bool is_null(const Json& json) { return json.is_null(); }

bool is_present(const FieldSpec& field, const Json* json, Reader& reader) {
  const bool null = json != nullptr && json->is_null();
  if (json != nullptr && !null) return true;
  if (null && field.nullable) return false;
  if (null && reader.strict()) {
    reader.complain("must not be null");
  } else if (field.required) {
    field.missing.empty() ? reader.complain("is required")
                          : reader.complain_sentence(field.missing);
  }
  return false;
}

void write_value(const ValueSpec& spec, std::string& out, const std::string& value) {
  if (spec.type != Type::kFree) return append_json_string(out, value);
  out += value.empty() ? (spec.any_json ? "null" : "{}") : value;
}

void write_value(const ValueSpec&, std::string& out, const bool& value) {
  out += value ? "true" : "false";
}

void write_value(const ValueSpec& spec, std::string& out, const core::UnixMs& value) {
  out += '"';
  out += core::to_text(value, spec.time_style);
  out += '"';
}

void write_choice(const ValueSpec& spec, std::string& out, std::int64_t value) {
  const auto& values = spec.choice_values;
  const auto place = std::find(values.begin(), values.end(), value);
  if (place == values.end()) throw std::logic_error("a choice lacks an enumerator");
  append_json_string(out, spec.choices[static_cast<std::size_t>(place - values.begin())]);
}

// --- Objects -----------------------------------------------------------------------------------

namespace {

const void* member_of(const FieldSpec& field, const void* object) {
  return static_cast<const char*>(object) + field.offset;
}

}  // namespace

bool FieldSpec::answers_to(std::string_view word) const {
  return name == word || std::find(aliases.begin(), aliases.end(), word) != aliases.end();
}

const FieldSpec* Shape::find(std::string_view word) const {
  for (const FieldSpec& field : fields) {
    if (field.answers_to(word)) return &field;
  }
  return nullptr;
}

void read_object(const Shape& shape, const Json& json, void* object, Reader& reader) {
  if (!json.is_object()) return reader.complain("must be an object");
  for (const FieldSpec& field : shape.fields) {
    const Reader::Scope scope(reader, field.name, &field);
    field.read(field, find_member(field, json, reader), static_cast<char*>(object) + field.offset,
               reader);
  }
  if (reader.strict()) refuse_unknown(shape, json, reader);
}

void write_object(const Shape& shape, std::string& out, const void* object) {
  out += '{';
  bool first = true;
  for (const FieldSpec& field : shape.fields) {
    const std::size_t before = out.size();
    if (!first) out += ',';
    out += field.key;
    if (field.write(field, out, member_of(field, object))) {
      first = false;
    } else {
      out.resize(before);
    }
  }
  out += '}';
}

// --- Descriptions ------------------------------------------------------------------------------

FieldSpec named_field(std::string name, std::string doc, ValueSpec value) {
  FieldSpec field{.name = std::move(name), .doc = std::move(doc), .value = std::move(value)};
  append_json_string(field.key, field.name);
  field.key += ':';
  return field;
}

void append_fields(std::vector<FieldSpec>& fields, const std::vector<FieldSpec>& more,
                   const void* initial) {
  for (const FieldSpec& field : more) {
    FieldSpec& added = fields.emplace_back(field);
    if (field.required || field.nullable) continue;
    const bool written = field.write(field, added.initial, member_of(field, initial));
    if (!written || added.initial == "null") added.initial.clear();
  }
}

ValueSpec describe(const Text& limits) {
  return {.type = Type::kText,
          .min = limits.min,
          .max = limits.max,
          .format = limits.format,
          .pattern = limits.pattern,
          .check = limits.check,
          .expected = limits.expected};
}

ValueSpec describe(const Integer& limits) {
  return {.type = Type::kInteger, .min = limits.min, .max = limits.max};
}

ValueSpec describe_list(List limits, ValueSpec item) {
  return {.type = Type::kList,
          .min = limits.min,
          .max = limits.max,
          .items = std::make_shared<const ValueSpec>(std::move(item))};
}

}  // namespace coupon::http
