// Random requests made from an OpenAPI document: for each operation it declares, values that fit
// its schemas and values that nearly do. What replies contain (ids, codes, cursors, tokens) goes
// into later requests, so that they get somewhere. The same seed and replies make the same
// requests. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace coupon::test {

struct RandomRequest {
  std::string operation;  // its operationId
  std::string method;     // "GET"
  std::string target;     // with its query, percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<int> statuses;  // those the document names for it
};

class RandomRequests {
 public:
  using Json = nlohmann::json;

  // Throws where the document lacks something a reader of it would need.
  RandomRequests(Json document, std::uint64_t seed);

  RandomRequest next();
  // What a reply has told.
  void learn(const Json& reply);

  std::size_t operations() const { return operations_.size(); }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  struct Operation {
    std::string path;
    std::string method;
    Json declared;
  };

  const Json& resolved(const Json& schema) const;
  bool once_in(std::uint64_t times) { return below(times) == 0; }

  Json value(const std::string& name, const Json& schema, int depth);
  Json object(const Json& schema, int depth);
  Json known(const std::string& name);
  Json number(const std::string& name, const Json& schema);
  std::string text(const Json& schema);
  Json nonsense();
  void spoil(Json& body);
  std::string word(std::size_t length);

  void add_parameter(const Json& parameter, RandomRequest& request, std::string& query);
  void add_body(const Json& content, RandomRequest& request);

  const Json document_;
  std::mt19937_64 random_;
  std::vector<Operation> operations_;
  std::map<std::string, std::vector<Json>> known_;  // by the field's name
};

}  // namespace coupon::test
