// How each type a shape's member can have is read and written. Part of shape.h; include that.
#pragma once

#include "coupond/http/shape.h"

namespace coupon::http {

// --- Values. Each complains to `reader` where `json` is not what `spec` allows. ------------------

void read_value(const ValueSpec& spec, const Json& json, std::string& value, Reader& reader);
void read_value(const ValueSpec& spec, const Json& json, bool& value, Reader& reader);
void read_value(const ValueSpec& spec, const Json& json, core::UnixMs& value, Reader& reader);
void write_value(const ValueSpec& spec, std::string& out, const std::string& value);
void write_value(const ValueSpec& spec, std::string& out, const bool& value);
void write_value(const ValueSpec& spec, std::string& out, const core::UnixMs& value);

// The parts of templates below that need not be templates. On a complaint they give 0.
std::int64_t read_integer(const ValueSpec& spec, const Json& json, Reader& reader);
std::int64_t read_choice(const ValueSpec& spec, const Json& json, Reader& reader);
void write_choice(const ValueSpec& spec, std::string& out, std::int64_t value);
std::size_t read_list_size(const ValueSpec& spec, const Json& json, Reader& reader);
const Json& list_item(const Json& json, std::size_t index);
bool is_null(const Json& json);
// Whether there is something to read; complains where something is required and there is not.
bool is_present(const FieldSpec& field, const Json* json, Reader& reader);

// An integer type, or one of core's, which hold one in `value`.
template <class V>
concept Number = (std::integral<V> && !std::same_as<V, bool>) || (requires(V v) {
                   { v.value } -> std::same_as<std::int64_t&>;
                 } && !Shaped<V>);

template <Number V>
void read_value(const ValueSpec& spec, const Json& json, V& value, Reader& reader) {
  const std::int64_t number = read_integer(spec, json, reader);
  if constexpr (std::integral<V>) {
    value = static_cast<V>(number);  // describe_for() cut the limits to what V holds.
  } else {
    value.value = number;
  }
}
template <Number V>
void write_value(const ValueSpec&, std::string& out, const V& value) {
  if constexpr (std::integral<V>) {
    append_json_integer(out, static_cast<std::int64_t>(value));
  } else {
    append_json_integer(out, value.value);
  }
}

template <class E>
requires std::is_enum_v<E>
void read_value(const ValueSpec& spec, const Json& json, E& value, Reader& reader) {
  value = static_cast<E>(read_choice(spec, json, reader));
}
template <class E>
requires std::is_enum_v<E>
void write_value(const ValueSpec& spec, std::string& out, const E& value) {
  write_choice(spec, out, static_cast<std::int64_t>(value));
}

template <Shaped T>
void read_value(const ValueSpec& spec, const Json& json, T& value, Reader& reader) {
  read_object(*spec.shape, json, &value, reader);
}
template <Shaped T>
void write_value(const ValueSpec& spec, std::string& out, const T& value) {
  write_object(*spec.shape, out, &value);
}

template <class V>
void read_value(const ValueSpec& spec, const Json& json, std::vector<V>& values, Reader& reader) {
  const std::size_t size = read_list_size(spec, json, reader);
  values.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    const Reader::Scope scope(reader, "[" + std::to_string(i) + "]");
    read_value(*spec.items, list_item(json, i), values[i], reader);
  }
}
template <class V>
void write_value(const ValueSpec& spec, std::string& out, const std::vector<V>& values) {
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    write_value(*spec.items, out, values[i]);
  }
  out += ']';
}

// --- Members: a value that may be missing --------------------------------------------------------

template <class M>
struct MemberTraits {
  using Value = M;
  static constexpr bool kRequired = true;
  static constexpr bool kNullable = false;
};
template <class V>
struct MemberTraits<std::optional<V>> {
  using Value = V;
  static constexpr bool kRequired = false;
  static constexpr bool kNullable = true;
};
template <class V>
struct MemberTraits<Patch<V>> : MemberTraits<std::optional<V>> {};

template <class M>
using ValueOf = typename MemberTraits<M>::Value;

template <class V>
void read_member(const FieldSpec& field, const Json* json, V& member, Reader& reader) {
  if (is_present(field, json, reader)) read_value(field.value, *json, member, reader);
}
template <class V>
void read_member(const FieldSpec& field, const Json* json, std::optional<V>& member,
                 Reader& reader) {
  member.reset();
  if (is_present(field, json, reader)) read_value(field.value, *json, member.emplace(), reader);
}
template <class V>
void read_member(const FieldSpec& field, const Json* json, Patch<V>& member, Reader& reader) {
  using State = typename Patch<V>::State;
  member.state = State::kAbsent;
  if (is_present(field, json, reader)) {
    member.state = State::kValue;
    read_value(field.value, *json, member.value, reader);
  } else if (json != nullptr && field.nullable) {
    member.state = State::kNull;
  }
}

template <class V>
bool write_member(const FieldSpec& field, std::string& out, const V& member) {
  write_value(field.value, out, member);
  return true;
}
template <class V>
bool write_member(const FieldSpec& field, std::string& out, const std::optional<V>& member) {
  if (!member && field.omit_empty) return false;
  if (member) {
    write_value(field.value, out, *member);
  } else {
    out += "null";
  }
  return true;
}
template <class V>
bool write_member(const FieldSpec& field, std::string& out, const Patch<V>& member) {
  if (member.has_value()) {
    write_value(field.value, out, member.value);
  } else {
    out += "null";
  }
  return !member.absent();
}

// --- Descriptions --------------------------------------------------------------------------------

ValueSpec describe(const Text& limits);
ValueSpec describe(const Integer& limits);
ValueSpec describe_list(List limits, ValueSpec item);

FieldSpec named_field(std::string name, std::string doc, ValueSpec value);
// Appends `more` to `fields`, with the value that an optional one has in `initial`, a new object.
void append_fields(std::vector<FieldSpec>& fields, const std::vector<FieldSpec>& more,
                   const void* initial);

// Integer limits that fit what member type M holds.
template <class M>
ValueSpec describe_for(Integer limits) {
  using V = ValueOf<M>;
  if constexpr (std::integral<V> && sizeof(V) < sizeof(std::int64_t)) {
    limits.min = std::max<std::int64_t>(limits.min, std::numeric_limits<V>::min());
    limits.max = std::min<std::int64_t>(limits.max, std::numeric_limits<V>::max());
  }
  return describe(limits);
}

template <class E>
requires std::is_enum_v<E> ValueSpec describe(const Choices<E>& names) {
  ValueSpec spec{.type = Type::kChoice};
  for (const auto& [name, value] : names) {
    spec.choices.emplace_back(name);
    spec.choice_values.push_back(static_cast<std::int64_t>(value));
  }
  return spec;
}

template <Shaped T>
ValueSpec describe_object() {
  return {.type = Type::kObject, .shape = &shape_of<T>()};
}

template <class M>
void read_erased(const FieldSpec& spec, const Json* json, void* member, Reader& reader) {
  read_member(spec, json, *static_cast<M*>(member), reader);
}
template <class M>
bool write_erased(const FieldSpec& spec, std::string& out, const void* member) {
  return write_member(spec, out, *static_cast<const M*>(member));
}

// Where `member` lies within T.
template <class T, class M>
std::size_t offset_of(M T::*member) {
  static const T object{};
  return static_cast<std::size_t>(reinterpret_cast<const char*>(&(object.*member)) -
                                  reinterpret_cast<const char*>(&object));
}

// The part of make_field() that depends on the member's type alone; FieldSpec has no templates.
template <class M>
FieldSpec field_for(std::string name, std::string doc, ValueSpec value, std::size_t offset) {
  FieldSpec field = named_field(std::move(name), std::move(doc), std::move(value));
  field.required = MemberTraits<M>::kRequired;
  field.nullable = MemberTraits<M>::kNullable;
  field.offset = offset;
  field.read = read_erased<M>;
  field.write = write_erased<M>;
  return field;
}

template <class T, class M>
Field<T> make_field(std::string name, M T::*member, std::string doc, ValueSpec value) {
  return Field<T>(
      field_for<M>(std::move(name), std::move(doc), std::move(value), offset_of(member)));
}

template <class T, class Part>
std::vector<FieldSpec> included_fields(Part T::*member) {
  std::vector<FieldSpec> fields = shape_of<Part>().fields;
  for (FieldSpec& field : fields) field.offset += offset_of(member);
  return fields;
}

template <class T>
Object<T>::Object(std::string shape_name, std::string shape_doc,
                  std::initializer_list<Fields<T>> parts)
    : Shape{std::move(shape_name), std::move(shape_doc), {}} {
  const T initial{};
  for (const Fields<T>& part : parts) append_fields(fields, part.list, &initial);
}

}  // namespace coupon::http
