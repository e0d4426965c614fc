#include "coupond/http/client.h"

// Without it a socket number above 1023 counts as an error.
#ifndef CPPHTTPLIB_USE_POLL
#define CPPHTTPLIB_USE_POLL
#endif
#include <httplib.h>

#include <charconv>

namespace coupon::http {
namespace {

constexpr std::string_view kScheme = "http://";

core::Error no_address(const std::string& url) {
  return {.reason = core::Reason::kInvalidRequest,
          .message = url + " is not an address of the form http://HOST:PORT."};
}

// A small machine may have no file that knows the name, as the server's own sockets do not ask one.
std::string numeric(const std::string& host) { return host == "localhost" ? "127.0.0.1" : host; }

}  // namespace

core::Result<ServerUrl> parse_url(const std::string& url) {
  if (!url.starts_with(kScheme)) return no_address(url);
  const std::size_t slash = std::min(url.find('/', kScheme.size()), url.size());
  std::string_view place = std::string_view(url).substr(kScheme.size(), slash - kScheme.size());
  ServerUrl address{.host = {}, .path = url.substr(slash)};
  while (address.path.ends_with('/')) address.path.pop_back();
  const std::size_t colon = place.rfind(':');
  if (colon != std::string_view::npos && place.find(']', colon) == std::string_view::npos) {
    const char* const last = place.data() + place.size();
    const auto [end, problem] = std::from_chars(place.data() + colon + 1, last, address.port);
    const bool good = problem == std::errc() && end == last && address.port >= 1;
    if (!good || address.port > 65'535) return no_address(url);
    place = place.substr(0, colon);
  }
  if (place.starts_with('[') && place.ends_with(']')) place = place.substr(1, place.size() - 2);
  if (place.empty()) return no_address(url);
  address.host = place;
  return address;
}

struct Client::Impl {
  Impl(std::string shown, std::string base, const std::string& host, int port, Options options)
      : where(std::move(shown)), path(std::move(base)), client(numeric(host), port) {
    client.set_keep_alive(options.keep_alive);
    client.set_tcp_nodelay(true);
    client.set_url_encode(false);
    client.set_connection_timeout(options.silence_max);
    client.set_read_timeout(options.silence_max);
    client.set_write_timeout(options.silence_max);
  }

  core::Error failure(httplib::Error error) const {
    if (error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout) {
      return {.reason = core::Reason::kNotFound, .message = "Nothing answers at " + where + "."};
    }
    return {
        .reason = core::Reason::kOutcomeUnknown,
        .message = "No whole answer came from " + where + ": " + httplib::to_string(error) + "."};
  }

  const std::string where;  // for sentences
  const std::string path;
  httplib::Client client;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

core::Result<Client> Client::of_url(const std::string& url, Options options) {
  const auto address = parse_url(url);
  if (!address.ok()) return address.error();
  return Client(std::make_unique<Impl>(url, address->path, address->host, address->port, options));
}

Client Client::of_socket(const std::string& path, Options options) {
  auto impl = std::make_unique<Impl>(path, "", path, 80, options);
  impl->client.set_address_family(AF_UNIX);
  impl->client.set_default_headers({{"Host", "localhost"}});
  return Client(std::move(impl));
}

core::Result<ClientReply> Client::send(const ClientRequest& request) {
  httplib::Request asked;
  asked.method = request.method;
  asked.path = impl_->path + request.target;
  for (const auto& [name, value] : request.headers) asked.set_header(name, value);
  asked.body = request.body;
  if (!request.body.empty()) asked.set_header("Content-Type", request.content_type);
  ClientReply reply;
  if (request.receive) {
    asked.response_handler = [&reply](const httplib::Response& head) {
      reply.status = head.status;
      return true;
    };
    asked.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      const std::string_view piece(data, size);
      if (reply.status >= 200 && reply.status < 300) return request.receive(piece);
      reply.body.append(piece);
      return true;
    };
  }
  httplib::Response answered;
  httplib::Error error = httplib::Error::Success;
  if (!impl_->client.send(asked, answered, error)) {
    // What was refused, was, though the refusal may end in a way that cpp-httplib does not read.
    const bool refused = error == httplib::Error::Read && reply.status >= 400;
    return refused ? core::Result<ClientReply>(std::move(reply)) : impl_->failure(error);
  }
  reply.status = answered.status;
  if (!request.receive) reply.body = std::move(answered.body);
  return reply;
}

}  // namespace coupon::http
