// Shapes: a plain struct says once, field by field, what it is as JSON. Reading with limits and the
// list of all bad fields, writing, and the schema in /openapi.json all come from that.
//
//   struct RedeemRequest {
//     std::string order_id = {};  // An initialiser each, or {.order_id = …} does not compile.
//     std::optional<std::string> hold_token = {};
//
//     static Object<RedeemRequest> shape() {
//       return {"RedeemRequest", "What to redeem.", {
//           text("order_id", &RedeemRequest::order_id, "Your own order id.", {.min = 1, .max = 64})
//               .example("order-1"),
//           text("hold_token", &RedeemRequest::hold_token, "Needed where a hold is.", {.max = 64}),
//       }};
//     }
//   };
//
// The member's type says what may be missing:
//   V                 required in a request; .optional() keeps the struct's initial value instead.
//   std::optional<V>  may be absent or null in a request; null in a reply, or .omit_empty().
//   Patch<V>          for PATCH: absent, null and a value are told apart.
// V is std::string, bool, an integer, a core type such as UserId or UnixMs, an enum, a struct with
// a shape(), or a std::vector of these.
// Shapes are built once and constant: safe on any thread.
#pragma once

#include <concepts>
#include <initializer_list>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "coupond/http/shape_spec.h"

namespace coupon::http {

// 2^53 - 1: the largest integer every JSON client keeps exact.
constexpr std::int64_t kMaxJsonInteger = 9'007'199'254'740'991;

template <class V>
struct Patch {
  enum class State { kAbsent, kNull, kValue };
  State state = State::kAbsent;
  V value = {};

  bool absent() const { return state == State::kAbsent; }
  bool is_null() const { return state == State::kNull; }
  bool has_value() const { return state == State::kValue; }
};

// --- Limits of a value -------------------------------------------------------------------------

struct Text {
  std::int64_t min = 0;    // Characters.
  std::int64_t max = 256;  // Characters.
  const char* format = "";
  const char* pattern = "";                   // Only documents: `check` does the work.
  bool (*check)(std::string_view) = nullptr;  // Called where the length is right.
  const char* expected = "";                  // "must be …" where check says no.
};
struct Integer {
  std::int64_t min = 0;
  std::int64_t max = kMaxJsonInteger;
};
struct List {
  std::int64_t min = 0;  // Items.
  std::int64_t max = 1000;
};
template <class E>
using Choices = std::vector<std::pair<const char*, E>>;

// --- Fields ------------------------------------------------------------------------------------

template <class T>
class Field {
 public:
  explicit Field(FieldSpec made) : spec(std::move(made)) {}

  // A request may leave it out; the member then keeps the value T{} gives it.
  Field optional() && {
    spec.required = false;
    return std::move(*this);
  }
  // A reply leaves it out where it is empty, instead of saying null.
  Field omit_empty() && {
    spec.omit_empty = true;
    return std::move(*this);
  }
  // A Patch that cannot be cleared: null is refused.
  Field not_null() && {
    spec.nullable = false;
    return std::move(*this);
  }
  // Another name for it in requests.
  Field alias(std::string name) && {
    spec.aliases.push_back(std::move(name));
    return std::move(*this);
  }
  // A text that is also taken as an integer: 7 is read as "7".
  Field or_integer() && {
    spec.value.or_integer = true;
    return std::move(*this);
  }
  // A time that ends something: a date alone is its last moment.
  Field ends() && {
    spec.value.date_means = core::DateMeans::kLastMoment;
    return std::move(*this);
  }
  Field example(std::string_view text) && {
    spec.example.clear();
    append_json_string(spec.example, text);
    return std::move(*this);
  }
  Field example(const char* text) && { return std::move(*this).example(std::string_view(text)); }
  Field example(std::int64_t number) && {
    spec.example = std::to_string(number);
    return std::move(*this);
  }
  Field example(int number) && { return std::move(*this).example(std::int64_t{number}); }
  Field example(bool value) && {
    spec.example = value ? "true" : "false";
    return std::move(*this);
  }
  // Example of anything else, as JSON text.
  Field example_json(std::string json) && {
    spec.example = std::move(json);
    return std::move(*this);
  }
  // Sentences that clients know word for word: for an absent value, a wrong one, and (integers
  // only) one beyond the maximum.
  Field says(std::string missing, std::string invalid = {}, std::string beyond = {}) && {
    spec.missing = std::move(missing);
    spec.invalid = std::move(invalid);
    spec.beyond = std::move(beyond);
    return std::move(*this);
  }

  FieldSpec spec;
};

// One or more fields: what an Object's list is made of.
template <class T>
struct Fields {
  Fields(Field<T> one) : list{std::move(one.spec)} {}
  explicit Fields(std::vector<FieldSpec> several) : list(std::move(several)) {}
  std::vector<FieldSpec> list;
};

template <class T>
struct Object : Shape {
  Object(std::string shape_name, std::string shape_doc, std::initializer_list<Fields<T>> parts);
};

// The one Object of T, made by T::shape() on first use.
template <class T>
const Object<T>& shape_of() {
  static const Object<T> shape = T::shape();
  return shape;
}

template <class T>
concept Shaped = requires {
  { T::shape() } -> std::same_as<Object<T>>;
};

}  // namespace coupon::http

#include "coupond/http/shape_values.h"  // How each V is read and written; uses the above.

namespace coupon::http {

// --- The makers: name on the wire, member, one line for the reader of the document, limits ------

template <class T, class M>
Field<T> text(std::string name, M T::*member, std::string doc, Text limits = {}) {
  return make_field(std::move(name), member, std::move(doc), describe(limits));
}

template <class T, class M>
Field<T> integer(std::string name, M T::*member, std::string doc, Integer limits = {}) {
  return make_field(std::move(name), member, std::move(doc), describe_for<M>(limits));
}

template <class T, class M>
Field<T> boolean(std::string name, M T::*member, std::string doc) {
  return make_field(std::move(name), member, std::move(doc), ValueSpec{.type = Type::kBoolean});
}

// A core::UnixMs. It is read as RFC 3339 and written in `style`.
template <class T, class M>
Field<T> timestamp(std::string name, M T::*member, std::string doc,
                   core::TimeStyle style = core::TimeStyle::kRfc3339) {
  return make_field(std::move(name), member, std::move(doc),
                    ValueSpec{.type = Type::kTime, .time_style = style});
}

// An enum by name: choice("state", &T::state, "…", {{"active", State::kActive}, …}).
template <class T, class M>
Field<T> choice(std::string name, M T::*member, std::string doc, Choices<ValueOf<M>> names) {
  return make_field(std::move(name), member, std::move(doc), describe(names));
}

// A struct with a shape() of its own.
template <class T, class M>
Field<T> object(std::string name, M T::*member, std::string doc) {
  return make_field(std::move(name), member, std::move(doc), describe_object<ValueOf<M>>());
}

// A std::vector: of structs with a shape(), or of what `item` (Text, Integer, Choices<E>) says.
template <class T, class M>
Field<T> list(std::string name, M T::*member, std::string doc, List limits = {}) {
  using Item = typename ValueOf<M>::value_type;
  return make_field(std::move(name), member, std::move(doc),
                    describe_list(limits, describe_object<Item>()));
}
template <class T, class M, class Rule>
Field<T> list(std::string name, M T::*member, std::string doc, List limits, const Rule& item) {
  return make_field(std::move(name), member, std::move(doc), describe_list(limits, describe(item)));
}

// A JSON object the client made up, kept as its text in a std::string.
template <class T, class M>
Field<T> free_object(std::string name, M T::*member, std::string doc,
                     std::int64_t max_bytes = 4096) {
  return make_field(std::move(name), member, std::move(doc),
                    ValueSpec{.type = Type::kFree, .max = max_bytes});
}
// Any JSON value at all, as its text. A reply writes the member as it is: it must be JSON.
template <class T, class M>
Field<T> any_json(std::string name, M T::*member, std::string doc, std::int64_t max_bytes = 65536) {
  return make_field(std::move(name), member, std::move(doc),
                    ValueSpec{.type = Type::kFree, .max = max_bytes, .any_json = true});
}

// All fields of the struct `member`, as if they were T's own.
template <class T, Shaped Part>
Fields<T> include(Part T::*member) {
  return Fields<T>(included_fields(member));
}

// --- Use ---------------------------------------------------------------------------------------

// The value in `json`, or kInvalidRequest with all bad fields.
template <Shaped T>
core::Result<T> read(const Json& json, Reader::Mode mode = Reader::Mode::kStrict) {
  Reader reader(mode);
  T value{};
  read_object(shape_of<T>(), json, &value, reader);
  if (!reader.ok()) return std::move(reader).error();
  return value;
}

// Appends `value` as JSON text, fields in declared order.
template <class T>
requires Shaped<T>
void write(std::string& out, const T& value) { write_object(shape_of<T>(), out, &value); }
template <Shaped T>
void write(std::string& out, const std::vector<T>& values) {
  out += '[';
  for (const T& value : values) {
    if (&value != &values.front()) out += ',';
    write(out, value);
  }
  out += ']';
}
template <class T>
std::string to_json(const T& value) {
  std::string out;
  out.reserve(512);  // Most replies fit: one allocation.
  write(out, value);
  return out;
}

// One page of a list: `next_cursor` is null on the last one.
template <Shaped T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_cursor;

  static Object<Page> shape() {
    const std::string& item = shape_of<T>().name;
    return {item + "Page",
            "One page of a list of " + item + ".",
            {
                list("items", &Page::items, "The items, in the list's order."),
                text("next_cursor", &Page::next_cursor,
                     "Pass it as `cursor` for the next page; null on the last.", {.max = 512}),
            }};
  }
};

}  // namespace coupon::http
