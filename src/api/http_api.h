// HttpApi: everything coupond serves over HTTP. Every family of endpoints, behind one gate, routed.
// Built once at start-up; after that constant, and handle() is safe on any thread.
#pragma once

#include <atomic>
#include <functional>

#include "coupond/http/endpoint.h"
#include "coupond/http/router.h"
#include "coupond/service/engine.h"
#include "coupond/service/jobs.h"
#include "coupond/service/upkeep.h"
#include "src/api/gate/gate.h"
#include "src/api/native/system_api.h"

namespace coupon::api {

class HttpApi {
 public:
  // `engine` and `jobs` must outlive this.
  HttpApi(service::Engine& engine, service::JobRunner& jobs, Gate::Options options,
          SystemSources sources = {});
  HttpApi(const HttpApi&) = delete;
  HttpApi& operator=(const HttpApi&) = delete;

  http::Reply handle(http::Request& request) const;
  // How large the body of a request with this head may be, where that is more than usual: an import
  // by somebody who may. A stranger must not make us take 64 MiB before we say no. 0: as usual.
  std::size_t body_limit(const http::Request& head) const;
  // From now on no request waits for news: a server that stops must not wait for those who do.
  // Safe on any thread.
  void end_waits() noexcept { stopping_ = true; }
  // Somebody who is no trusted proxy sent a forwarded header: /readyz says so. Any thread.
  void note_distrusted() noexcept { distrusted_ = true; }
  // What is served, for the document and for tests.
  const http::Api& api() const { return api_; }
  const RefusalCounts& refusals() const { return gate_.refusals(); }

 private:
  Gate gate_;
  http::Api api_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> distrusted_ = false;
  service::Upkeep upkeep_;
  http::Router router_;
};

}  // namespace coupon::api
