#include "coupond/store/schema_check.h"

#include <map>
#include <utility>

#include "coupond_schema.h"

namespace coupon::store {
namespace {

// Enough to know whose work it is.
constexpr int kNamesMost = 8;

constexpr char kNamedObjects[] = R"(
  SELECT type || ' ' || name, sql FROM sqlite_schema
   WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\')";

using Objects = std::map<std::string, std::string>;  // text by kind and name

Objects objects_in(Connection& connection) {
  Objects objects;
  Query query(connection, kNamedObjects);
  while (query.next()) objects.emplace(query.text(0), query.text(1));
  return objects;
}

Objects our_objects() {
  Connection ours(":memory:", Connection::Access::kReadWrite);
  ours.exec(std::string(kSchemaSql));
  return objects_in(ours);
}

class List {
 public:
  void add(const std::string& name, const char* what) {
    if (++count_ > kNamesMost) return;
    text_ += (text_.empty() ? "" : ", ") + name + what;
  }
  std::string text() && {
    if (count_ > kNamesMost) text_ += " and " + std::to_string(count_ - kNamesMost) + " more";
    return std::move(text_);
  }

 private:
  std::string text_;
  int count_ = 0;
};

}  // namespace

std::string schema_differences(Connection& connection) {
  const Objects ours = our_objects();
  const Objects found = objects_in(connection);
  List list;
  for (const auto& [name, sql] : found) {
    const auto known = ours.find(name);
    if (known == ours.end())
      list.add(name, " was added");
    else if (known->second != sql)
      list.add(name, " was changed");
  }
  for (const auto& [name, sql] : ours) {
    if (!found.contains(name)) list.add(name, " is missing");
  }
  return std::move(list).text();
}

}  // namespace coupon::store
