// Every SQL statement in src/store, read from the sources: tests can then hold each to the schema
// without a list that somebody forgets to extend.
#pragma once

#include <string>
#include <vector>

namespace coupon::test {

struct SqlConstant {
  std::string file;  // name only
  std::string name;
  std::string sql;
  // Reads, changes or deletes rows: something to plan.
  bool is_query() const;
};

// `constexpr char kName[] = …;` whose text begins with a word of SQL. Literals, raw literals and
// macros that stand for literals are put together as the compiler does.
std::vector<SqlConstant> sql_constants();

}  // namespace coupon::test
