// Tells the service manager that started us, if one did, how far we are: sd_notify's protocol,
// which systemd and others speak on the socket that NOTIFY_SOCKET names. Any thread.
#pragma once

#include <string>

namespace coupon::app {

// "READY=1", "STOPPING=1", "STATUS=…", one a line. Nothing happens without NOTIFY_SOCKET, or when
// nobody listens there: a server must not depend on who watches it.
void tell_service_manager(const std::string& state) noexcept;

}  // namespace coupon::app
