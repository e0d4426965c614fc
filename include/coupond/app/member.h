// Member: this server as one of a cluster, from its start to the end of the process. It follows
// first, and answers meanwhile that it does; once it leads, App serves in its stead. A member that
// does not lead any more leaves the process, which is started anew and follows.
#pragma once

#include <memory>
#include <string>

#include "coupond/app/app.h"
#include "coupond/core/log.h"
#include "coupond/core/metrics.h"
#include "coupond/core/result.h"
#include "coupond/http/reply.h"
#include "coupond/http/request.h"
#include "coupond/service/readiness.h"
#include "coupond/store/change_record.h"

namespace coupon::app {

class Member {
 public:
  // Takes the port. Refused with a sentence.
  static core::Result<std::unique_ptr<Member>> open(Settings settings);
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member();

  int port() const;
  std::string banner() const;
  // Returns when this member leads, or false after a signal to stop. Refused when it can have no
  // place in the cluster. Call once.
  core::Result<bool> follow();

  // The rest is for App, when it leads. The line of its banner.
  std::string leading() const;
  // Where the writer's changes go, and those for a copy.
  store::ChangeSink& changes();
  void copy_to(store::ChangeSink* copy);
  // The first change of its time.
  core::Result<core::Done> note_takeover(service::Engine& engine);
  // Gives the port away.
  void stop_answering();
  // Called with the reason when it does not lead any more: the process has to leave.
  void on_end(std::function<void(const std::string&)> ended);
  // Gives the lead back, when the engine has stopped.
  void resign();

  // Any thread. Whether it may say what the database says.
  bool may_answer() const;
  http::Reply refusal(const http::Request& request) const;
  service::Check check() const;
  void add_figures(core::Metrics& metrics) const;

 private:
  struct Parts;

  explicit Member(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

// Whether a request asks how the server is, which every member answers.
bool asks_for_state(const http::Request& request);

}  // namespace coupon::app
