#include "coupond/core/time_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>

namespace coupon::core {
namespace {

constexpr std::int64_t kFirstMs = -62'167'219'200'000;  // 0000-01-01T00:00:00Z
constexpr std::int64_t kLastMs = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z

// Takes a text apart from the left. After a failure everything else fails, too.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  // Exactly `digits` digits, `least` <= value <= `most`.
  int number(int digits, int least, int most) {
    int value = 0;
    for (int i = 0; i < digits; ++i) value = value * 10 + digit();
    if (value < least || value > most) ok_ = false;
    return value;
  }

  void expect(std::string_view any_of) {
    if (any_of.find(peek()) == std::string_view::npos || rest_.empty()) return fail();
    rest_.remove_prefix(1);
  }

  bool accept(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // One to nine digits after the point, as milliseconds.
  int fraction_ms() {
    int ms = 0;
    int digits = 0;
    for (; peek() >= '0' && peek() <= '9'; ++digits) {
      const int d = digit();
      if (digits < 3) ms = ms * 10 + d;
    }
    if (digits < 1 || digits > 9) fail();
    for (; digits < 3; ++digits) ms *= 10;
    return ms;
  }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  int digit() {
    const char c = peek();
    if (c < '0' || c > '9') {
      fail();
      return 0;
    }
    rest_.remove_prefix(1);
    return c - '0';
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::int64_t read_date_ms(Reader& in) {
  const int year = in.number(4, 1970, 9999);
  in.expect("-");
  const int month = in.number(2, 1, 12);
  in.expect("-");
  const int day = in.number(2, 1, 31);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!in.ok() || !date.ok()) return -1;
  return std::chrono::sys_days(date).time_since_epoch().count() * kMsPerDay;
}

std::int64_t read_time_of_day_ms(Reader& in) {
  const int hour = in.number(2, 0, 23);
  in.expect(":");
  const int minute = in.number(2, 0, 59);
  in.expect(":");
  const int second = in.number(2, 0, 59);
  const int ms = in.accept('.') ? in.fraction_ms() : 0;
  return ((hour * 60 + minute) * 60 + second) * kMsPerSecond + ms;
}

std::int64_t read_offset_ms(Reader& in) {
  if (in.accept('Z') || in.accept('z')) return 0;
  const bool west = in.peek() == '-';
  in.expect("+-");
  const int hours = in.number(2, 0, 23);
  in.expect(":");
  const int minutes = in.number(2, 0, 59);
  return (hours * 60 + minutes) * 60 * kMsPerSecond * (west ? -1 : 1);
}

Error not_a_time() {
  return {.reason = Reason::kInvalidRequest,
          .message =
              "Not a time: write 2026-11-20T14:00:00Z, with an offset such as +01:00 "
              "instead of Z, or the date alone"};
}

// By hand: every reply has times in it, and snprintf takes four times as long.
void append_digits(std::string& out, int digits, unsigned number) {
  out.resize(out.size() + static_cast<std::size_t>(digits));
  for (auto place = out.rbegin(); digits > 0; --digits, ++place, number /= 10) {
    *place = static_cast<char>('0' + number % 10);
  }
}

// A time taken apart.
struct Moment {
  explicit Moment(UnixMs at) {
    const std::chrono::milliseconds since_epoch(std::clamp(at.value, kFirstMs, kLastMs));
    const auto midnight = std::chrono::floor<std::chrono::days>(since_epoch);
    date = std::chrono::sys_days(midnight);
    weekday = std::chrono::weekday(std::chrono::sys_days(midnight)).c_encoding();
    const auto ms_of_day = static_cast<unsigned>((since_epoch - midnight).count());
    seconds = ms_of_day / 1000;
    ms = ms_of_day % 1000;
  }

  std::chrono::year_month_day date{};
  unsigned weekday = 0;  // from Sunday
  unsigned seconds = 0;  // of the day
  unsigned ms = 0;
};

void append_time_of_day(std::string& out, unsigned seconds) {
  append_digits(out, 2, seconds / 3600);
  append_digits(out += ':', 2, seconds / 60 % 60);
  append_digits(out += ':', 2, seconds % 60);
}

std::string rfc822(const Moment& moment) {
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto month = static_cast<unsigned>(moment.date.month());
  std::string out(kDays.substr(moment.weekday * 3UL, 3));
  append_digits(out += ", ", 2, static_cast<unsigned>(moment.date.day()));
  (out += ' ').append(kMonths.substr((month - 1UL) * 3, 3)) += ' ';
  append_digits(out, 4, static_cast<unsigned>(static_cast<int>(moment.date.year())));
  append_time_of_day(out += ' ', moment.seconds);
  return out += " GMT";
}

}  // namespace

std::string to_rfc3339(UnixMs at) { return to_text(at, TimeStyle::kRfc3339); }

std::string to_text(UnixMs at, TimeStyle style) {
  const Moment moment(at);
  if (style == TimeStyle::kRfc822) return rfc822(moment);
  std::string out;
  out.reserve(sizeof "2026-11-20T14:00:00.123000");
  append_digits(out, 4, static_cast<unsigned>(static_cast<int>(moment.date.year())));
  append_digits(out += '-', 2, static_cast<unsigned>(moment.date.month()));
  append_digits(out += '-', 2, static_cast<unsigned>(moment.date.day()));
  append_time_of_day(out += 'T', moment.seconds);
  if (moment.ms != 0 || style != TimeStyle::kRfc3339) append_digits(out += '.', 3, moment.ms);
  return out += style == TimeStyle::kNaiveMicros ? "000" : "Z";
}

Result<UnixMs> parse_time(std::string_view text) {
  Reader in(text);
  const std::int64_t date_ms = read_date_ms(in);
  if (date_ms < 0) return not_a_time();
  if (in.done()) return UnixMs{date_ms};

  in.expect("Tt ");
  const std::int64_t time_ms = read_time_of_day_ms(in);
  const std::int64_t offset_ms = read_offset_ms(in);
  const std::int64_t at_ms = date_ms + time_ms - offset_ms;
  if (!in.done() || at_ms < 0 || at_ms > kLastMs) return not_a_time();
  return UnixMs{at_ms};
}

namespace {

// The first instant of the day that is `days` after that date, in the shop's zone.
UnixMs local_midnight(UnixMs utc_date, int days) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(utc_date.value / kMsPerDay))};
  std::tm local{};
  local.tm_year = static_cast<int>(date.year()) - 1900;
  local.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  local.tm_mday = static_cast<int>(static_cast<unsigned>(date.day())) + days;
  local.tm_isdst = -1;
  return {static_cast<std::int64_t>(std::mktime(&local)) * kMsPerSecond};
}

// Seconds east of UTC then.
long local_gmtoff(UnixMs at) {
  const std::time_t seconds = at.value / kMsPerSecond;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local.tm_gmtoff;
}

// "+01:00"
std::string local_offset(UnixMs at) {
  const long seconds = local_gmtoff(at);
  const auto minutes = static_cast<unsigned>(std::abs(seconds) / 60);
  std::string text(1, seconds < 0 ? '-' : '+');
  append_digits(text, 2, minutes / 60);
  append_digits(text += ':', 2, minutes % 60);
  return text;
}

}  // namespace

UnixMs local_start(UnixMs at, LocalPeriod period) {
  const std::int64_t shown_ms = at.value + local_gmtoff(at) * kMsPerSecond;
  if (period == LocalPeriod::kHour) return at - shown_ms % kMsPerHour;
  return local_midnight({shown_ms}, 0);
}

std::string local_name(UnixMs start, LocalPeriod period) {
  std::string text = to_rfc3339(start + local_gmtoff(start) * kMsPerSecond);
  if (period == LocalPeriod::kDay) return text.substr(0, text.find('T'));
  text.pop_back();
  return text + local_offset(start);
}

Result<UnixMs> parse_local_time(std::string_view text, DateMeans date) {
  constexpr std::size_t kDateBytes = 10;
  auto at = parse_time(text);
  if (at && text.size() == kDateBytes) {
    return local_midnight(*at, date == DateMeans::kLastMoment ? 1 : 0);
  }
  if (at) return at;
  const bool only_zone_missing = parse_time(std::string(text) + "Z").ok();
  if (!only_zone_missing) return at;
  const UnixMs day = *parse_time(text.substr(0, kDateBytes));
  std::string message = "Which zone? Write ";
  message.append(text).append(local_offset(day + kMsPerDay / 2)).append(" for the time here, or ");
  message.append(text).append("Z for UTC");
  return Error{.reason = Reason::kInvalidRequest, .message = std::move(message)};
}

std::string duration_text(std::int64_t ms) {
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{
      {{kMsPerDay, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}}};
  std::string text;
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (ms < kUnits[i].ms) continue;
    text = std::to_string(ms / kUnits[i].ms) + " " + kUnits[i].name;
    if (i + 1 == kUnits.size()) break;
    const Unit& next = kUnits[i + 1];
    const std::int64_t rest = ms % kUnits[i].ms / next.ms;
    if (rest > 0) text += " " + std::to_string(rest) + " " + next.name;
    break;
  }
  return text.empty() ? std::to_string(ms) + " ms" : text;
}

}  // namespace coupon::core
