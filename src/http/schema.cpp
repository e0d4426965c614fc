#include "src/http/schema.h"

#include <algorithm>
#include <stdexcept>

namespace coupon::http {
namespace {

constexpr core::UnixMs kExampleTime{1'769'860'800'000};  // 2026-01-31T12:00:00Z

OrderedJson text_schema(const ValueSpec& spec, SchemaUse use) {
  OrderedJson schema{{"type", "string"}};
  if (spec.or_integer && use.request) schema["type"] = {"string", "integer"};
  if (!spec.format.empty()) schema["format"] = spec.format;
  if (!spec.pattern.empty()) schema["pattern"] = spec.pattern;
  if (!use.request) return schema;
  if (spec.min > 0) schema["minLength"] = spec.min;
  schema["maxLength"] = spec.max;
  return schema;
}

OrderedJson integer_schema(const ValueSpec& spec) {
  return {{"type", "integer"}, {"format", "int64"}, {"minimum", spec.min}, {"maximum", spec.max}};
}

// By the names of the OpenAPI registry of formats.
const char* time_format(core::TimeStyle style) {
  if (style == core::TimeStyle::kNaiveMicros) return "date-time-local";
  return style == core::TimeStyle::kRfc822 ? "http-date" : "date-time";
}

OrderedJson free_schema(const ValueSpec& spec) {
  if (spec.any_json) return OrderedJson::object();
  return {{"type", "object"}, {"additionalProperties", true}};
}

OrderedJson example_of_text(const ValueSpec& spec) {
  if (spec.format == "uuid") return "123e4567-e89b-42d3-a456-426614174000";
  if (spec.format == "email") return "ada@example.com";
  std::string text = "text";
  text.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(4, spec.min, spec.max)), 'x');
  return text;
}

OrderedJson example_of_value(const ValueSpec& spec, bool request) {
  switch (spec.type) {
    case Type::kText:
      return example_of_text(spec);
    case Type::kInteger:
      return std::clamp<std::int64_t>(1, spec.min, spec.max);
    case Type::kBoolean:
      return true;
    case Type::kTime:
      return core::to_text(kExampleTime, spec.time_style);
    case Type::kChoice:
      return spec.choices.empty() ? "" : spec.choices.front();
    case Type::kObject:
      return example_of(*spec.shape, request);
    case Type::kList:
      return OrderedJson::array({example_of_value(*spec.items, request)});
    case Type::kFree:
      return OrderedJson::object();
  }
  return nullptr;
}

}  // namespace

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

OrderedJson example_of(const FieldSpec& field, bool request) {
  if (!field.example.empty()) return OrderedJson::parse(field.example);
  return example_of_value(field.value, request);
}

OrderedJson example_of(const Shape& shape, bool request, const std::vector<std::string>& without) {
  OrderedJson example = OrderedJson::object();
  for (const FieldSpec& field : shape.fields) {
    const bool shown = !request || field.required || !field.example.empty();
    if (shown && !contains(without, field.name)) example[field.name] = example_of(field, request);
  }
  return example;
}

OrderedJson SchemaBook::value(const ValueSpec& spec, SchemaUse use) {
  switch (spec.type) {
    case Type::kText:
      return text_schema(spec, use);
    case Type::kInteger:
      return integer_schema(spec);
    case Type::kBoolean:
      return {{"type", "boolean"}};
    case Type::kTime:
      return {{"type", "string"}, {"format", time_format(spec.time_style)}};
    case Type::kChoice:
      return {{"type", "string"}, {"enum", spec.choices}};
    case Type::kObject:
      return object(*spec.shape, use);
    case Type::kFree:
      return free_schema(spec);
    case Type::kList:
      break;
  }
  OrderedJson schema{{"type", "array"}, {"items", value(*spec.items, use)}};
  if (!use.request) return schema;
  if (spec.min > 0) schema["minItems"] = spec.min;
  schema["maxItems"] = spec.max;
  return schema;
}

OrderedJson SchemaBook::with_null(OrderedJson schema) const {
  if (schema.contains("$ref")) return {{"oneOf", {std::move(schema), {{"type", "null"}}}}};
  if (!schema.contains("type")) return schema;
  OrderedJson types = schema["type"];
  if (!types.is_array()) types = OrderedJson::array({types});
  types.push_back("null");
  schema["type"] = std::move(types);
  if (schema.contains("enum")) schema["enum"].push_back(nullptr);
  return schema;
}

OrderedJson SchemaBook::field(const FieldSpec& spec, SchemaUse use) {
  OrderedJson schema = value(spec.value, use);
  const bool nullable = spec.nullable && (use.request || !spec.omit_empty);
  if (nullable) schema = with_null(std::move(schema));
  std::string doc = spec.doc;
  // In words: of a property with `default`, generators make one that must be given.
  if (use.request && !spec.initial.empty()) doc += " " + spec.initial + " where it is left out.";
  if (!doc.empty()) schema["description"] = doc;
  if (!spec.example.empty())
    schema["examples"] = OrderedJson::array({OrderedJson::parse(spec.example)});
  return schema;
}

OrderedJson SchemaBook::whole_object(const Shape& shape, SchemaUse use,
                                     const std::vector<std::string>& without) {
  OrderedJson schema{{"type", "object"}};
  if (!shape.doc.empty()) schema["description"] = shape.doc;
  OrderedJson properties = OrderedJson::object();
  OrderedJson required = OrderedJson::array();
  for (const FieldSpec& spec : shape.fields) {
    if (contains(without, spec.name)) continue;
    properties[spec.name] = field(spec, use);
    if (use.request ? spec.required : !spec.omit_empty) required.push_back(spec.name);
  }
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  if (use.request && use.strict) schema["additionalProperties"] = false;
  return schema;
}

OrderedJson SchemaBook::object(const Shape& shape, SchemaUse use,
                               const std::vector<std::string>& without) {
  OrderedJson schema = whole_object(shape, use, without);
  for (const char* suffix : {"", "Input"}) {
    const std::string name = shape.name + suffix;
    const auto place = schemas_.try_emplace(name, schema).first;
    if (place->second == schema) return {{"$ref", "#/components/schemas/" + name}};
    if (!use.request) throw std::logic_error("two shapes are named " + shape.name);
  }
  return schema;
}

}  // namespace coupon::http
