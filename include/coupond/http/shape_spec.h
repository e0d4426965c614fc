// What a shape is once its C++ types are forgotten: the list of fields that reading, writing and
// the OpenAPI document all go through. People who declare shapes want shape.h; this is for the
// code below it. Constant after construction: safe on any thread. Reader: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/core/time_text.h"
#include "coupond/http/json.h"

namespace coupon::http {

struct Shape;
struct FieldSpec;

enum class Type { kText, kInteger, kBoolean, kTime, kChoice, kObject, kList, kFree };

// What one JSON value may be.
struct ValueSpec {
  Type type = Type::kText;
  // kText: characters. kInteger: the number. kList: items. kFree: `max` bytes of JSON text.
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::string format = {};                    // kText: OpenAPI's word for it, if it has one.
  std::string pattern = {};                   // kText: what `check` accepts, for the document.
  bool (*check)(std::string_view) = nullptr;  // kText: further rule; called on valid lengths only.
  std::string expected = {};                  // kText: "must be …" where check says no.
  bool or_integer = false;                    // kText: an integer is taken as its digits.
  std::vector<std::string> choices = {};      // kChoice: names, and the enumerators they stand
  std::vector<std::int64_t> choice_values = {};            // for, in the same order.
  bool any_json = false;                                   // kFree: any value, not only an object.
  const Shape* shape = nullptr;                            // kObject.
  std::shared_ptr<const ValueSpec> items = {};             // kList.
  core::TimeStyle time_style = core::TimeStyle::kRfc3339;  // kTime: how it is written,
  core::DateMeans date_means = core::DateMeans::kFirstMoment;  // and what a date alone is.
};

// Collects every complaint about one request while it is read.
class Reader {
 public:
  // Strict refuses unknown fields and tells null from absent. Lenient ignores unknown fields, takes
  // a null for an absent field, and a date alone as its midnight in UTC.
  enum class Mode { kStrict, kLenient };
  explicit Reader(Mode mode) : mode_(mode) {}

  bool strict() const { return mode_ == Mode::kStrict; }
  bool ok() const { return problems_.empty(); }

  // `predicate` goes on from the field's name: "must be an integer between 1 and 10".
  void complain(std::string predicate);
  // The same for a number beyond its maximum, for which some fields have a sentence of their own.
  void complain_beyond(std::string predicate);
  // A sentence that stands for itself; becomes the whole message.
  void complain_sentence(std::string sentence);
  // The value contradicts one given for the same field elsewhere.
  void complain_twice();
  bool contradictory() const { return contradictory_; }
  // All complaints as one kInvalidRequest, the first in its message. Call only when !ok().
  core::Error error() &&;

  // While it lives, complaints are about the value at `step` ("codes", "[3]") of the one outside.
  class Scope {
   public:
    Scope(Reader& reader, std::string_view step, const FieldSpec* field = nullptr);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Reader& reader_;
    const std::size_t outer_length_;
    const FieldSpec* const outer_field_;
  };

 private:
  void add(std::string message, std::string sentence);

  const Mode mode_;
  std::string path_;
  const FieldSpec* field_ = nullptr;  // Whose own sentences to use, if it has any.
  std::vector<core::FieldProblem> problems_;
  std::string first_sentence_;
  bool contradictory_ = false;
};

// One field of an object.
struct FieldSpec {
  std::string name;
  std::string doc;
  ValueSpec value;
  std::vector<std::string> aliases = {};  // Other names it is read under; never written.
  std::string example = {};               // JSON text.
  std::string initial = {};               // JSON text of the value an absent field has.
  bool required = true;                   // In a request.
  bool nullable = false;                  // In a request and in a reply.
  bool omit_empty = false;                // In a reply: left out where it would be null.
  std::string missing = {};               // Whole sentences in place of ours.
  std::string invalid = {};
  std::string beyond = {};
  std::string key = {};  // "name": as it is written.

  std::size_t offset = 0;  // Of the member within its struct.
  // Reads `json` (null pointer: absent) into the member.
  void (*read)(const FieldSpec&, const Json* json, void* member, Reader&) = nullptr;
  // Appends the member; false when it has to be left out.
  bool (*write)(const FieldSpec&, std::string& out, const void* member) = nullptr;

  bool answers_to(std::string_view word) const;
};

struct Shape {
  std::string name;  // Of the schema in the document; unique.
  std::string doc;
  std::vector<FieldSpec> fields;

  // The field read under that name or alias; null where there is none.
  const FieldSpec* find(std::string_view word) const;
};

void read_object(const Shape& shape, const Json& json, void* object, Reader& reader);
void write_object(const Shape& shape, std::string& out, const void* object);

}  // namespace coupon::http
