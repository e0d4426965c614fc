#include "src/service/import_columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "coupond/core/ascii.h"
#include "coupond/core/time_text.h"

namespace coupon::service {
namespace {

using Names = std::pair<std::string_view, ColumnRole>;

// Folded names, as shops, tills and spreadsheets write them.
constexpr std::array kNames{
    Names{"code", ColumnRole::kCode},
    Names{"codes", ColumnRole::kCode},
    Names{"couponcode", ColumnRole::kCode},
    Names{"coupon", ColumnRole::kCode},
    Names{"promocode", ColumnRole::kCode},
    Names{"promotioncode", ColumnRole::kCode},
    Names{"discountcode", ColumnRole::kCode},
    Names{"vouchercode", ColumnRole::kCode},
    Names{"voucher", ColumnRole::kCode},
    Names{"giftcode", ColumnRole::kCode},
    Names{"giftcard", ColumnRole::kCode},
    Names{"giftcardcode", ColumnRole::kCode},
    Names{"cardcode", ColumnRole::kCode},
    Names{"redeemcode", ColumnRole::kCode},
    Names{"token", ColumnRole::kCode},
    Names{"gutscheincode", ColumnRole::kCode},
    Names{"gutscheincodes", ColumnRole::kCode},
    Names{"gutschein", ColumnRole::kCode},
    Names{"gutscheinnummer", ColumnRole::kCode},
    Names{"rabattcode", ColumnRole::kCode},
    Names{"aktionscode", ColumnRole::kCode},
    Names{"state", ColumnRole::kState},
    Names{"status", ColumnRole::kState},
    Names{"codestatus", ColumnRole::kState},
    Names{"used", ColumnRole::kState},
    Names{"isused", ColumnRole::kState},
    Names{"redeemed", ColumnRole::kState},
    Names{"isredeemed", ColumnRole::kState},
    Names{"zustand", ColumnRole::kState},
    Names{"eingelöst", ColumnRole::kState},
    Names{"active", ColumnRole::kWorks},
    Names{"isactive", ColumnRole::kWorks},
    Names{"enabled", ColumnRole::kWorks},
    Names{"aktiv", ColumnRole::kWorks},
    Names{"usedat", ColumnRole::kUsedBy},
    Names{"useddate", ColumnRole::kUsedBy},
    Names{"usedon", ColumnRole::kUsedBy},
    Names{"usedby", ColumnRole::kUsedBy},
    Names{"redeemedat", ColumnRole::kUsedBy},
    Names{"redeemedon", ColumnRole::kUsedBy},
    Names{"redeemedby", ColumnRole::kUsedBy},
    Names{"redemptiondate", ColumnRole::kUsedBy},
    Names{"eingelöstam", ColumnRole::kUsedBy},
    Names{"eingelöstvon", ColumnRole::kUsedBy},
    Names{"expiresat", ColumnRole::kExpiresAt},
    Names{"dateexpires", ColumnRole::kExpiresAt},
    Names{"ende", ColumnRole::kExpiresAt},
    Names{"enddatum", ColumnRole::kExpiresAt},
    Names{"expires", ColumnRole::kExpiresAt},
    Names{"expiry", ColumnRole::kExpiresAt},
    Names{"expirydate", ColumnRole::kExpiresAt},
    Names{"expirationdate", ColumnRole::kExpiresAt},
    Names{"validuntil", ColumnRole::kExpiresAt},
    Names{"validto", ColumnRole::kExpiresAt},
    Names{"enddate", ColumnRole::kExpiresAt},
    Names{"ends", ColumnRole::kExpiresAt},
    Names{"endsat", ColumnRole::kExpiresAt},
    Names{"gültigbis", ColumnRole::kExpiresAt},
    Names{"ablaufdatum", ColumnRole::kExpiresAt},
    Names{"maxuses", ColumnRole::kMaxUses},
    Names{"limit", ColumnRole::kMaxUses},
    Names{"usagelimit", ColumnRole::kMaxUses},
    Names{"maxredemptions", ColumnRole::kMaxUses},
    Names{"usespercoupon", ColumnRole::kMaxUses},
    Names{"usespercode", ColumnRole::kMaxUses},
    Names{"uses", ColumnRole::kUses},
    Names{"timesused", ColumnRole::kUses},
    Names{"timesredeemed", ColumnRole::kUses},
    Names{"usagecount", ColumnRole::kUses},
    Names{"redemptions", ColumnRole::kUses},
    Names{"value", ColumnRole::kValue},
    Names{"balance", ColumnRole::kBalance},
    Names{"amount", ColumnRole::kValue},
    Names{"initialvalue", ColumnRole::kValue},
    Names{"remainingvalue", ColumnRole::kBalance},
    Names{"credit", ColumnRole::kBalance},
    Names{"saldo", ColumnRole::kBalance},
    Names{"wert", ColumnRole::kValue},
    Names{"betrag", ColumnRole::kValue},
    Names{"guthaben", ColumnRole::kBalance},
    Names{"restwert", ColumnRole::kBalance},
    Names{"owner", ColumnRole::kOwner},
    Names{"user", ColumnRole::kOwner},
    Names{"email", ColumnRole::kOwner},
    Names{"customer", ColumnRole::kOwner},
    Names{"customeremail", ColumnRole::kOwner},
    Names{"owneremail", ColumnRole::kOwner},
    Names{"emailaddress", ColumnRole::kOwner},
    Names{"kunde", ColumnRole::kOwner},
    // Part of other names that say nothing: "imported at", "sold e-mails".
    Names{"importe", ColumnRole::kUnclear},
    Names{"importo", ColumnRole::kUnclear},
    Names{"solde", ColumnRole::kUnclear},
};

// Part of a name that says something of a code, in a column that is not known otherwise; in other
// languages at least what tells whether it is used, until when it is good and what is on it.
constexpr std::array kTelling = std::to_array<std::string_view>(
    {"expir",   "valid",    "until",   "gültig", "ablauf",    "active",  "aktiv",    "enabled",
     "disable", "status",   "zustand", "used",   "uses",      "usage",   "redeem",   "redempt",
     "einlös",  "eingelös", "benutz",  "limit",  "maxim",     "value",   "wert",     "betrag",
     "amount",  "price",    "balance", "saldo",  "worth",     "credit",  "guthaben", "discount",
     "rabatt",  "percent",  "prozent", "remain", "gesperrt",  "blocked", "void",     "cancel",
     "storn",   "owner",    "email",   "statut", "estado",    "stato",   "utilis",   "usado",
     "usato",   "gebruik",  "canje",   "riscat", "caduc",     "scaden",  "válid",    "vencim",
     "geldig",  "verval",   "montant", "bedrag", "wykorzyst", "ważn"});

using States = std::pair<std::string_view, ImportedState>;
constexpr std::array kStates{States{"", ImportedState::kAvailable},
                             States{"available", ImportedState::kAvailable},
                             States{"valid", ImportedState::kAvailable},
                             States{"unused", ImportedState::kAvailable},
                             States{"active", ImportedState::kAvailable},
                             States{"new", ImportedState::kAvailable},
                             States{"open", ImportedState::kAvailable},
                             States{"unredeemed", ImportedState::kAvailable},
                             States{"notused", ImportedState::kAvailable},
                             States{"enabled", ImportedState::kAvailable},
                             States{"false", ImportedState::kAvailable},
                             States{"no", ImportedState::kAvailable},
                             States{"nein", ImportedState::kAvailable},
                             States{"0", ImportedState::kAvailable},
                             States{"frei", ImportedState::kAvailable},
                             States{"gültig", ImportedState::kAvailable},
                             States{"offen", ImportedState::kAvailable},
                             States{"used", ImportedState::kUsed},
                             States{"redeemed", ImportedState::kUsed},
                             States{"consumed", ImportedState::kUsed},
                             States{"spent", ImportedState::kUsed},
                             States{"true", ImportedState::kUsed},
                             States{"yes", ImportedState::kUsed},
                             States{"ja", ImportedState::kUsed},
                             States{"1", ImportedState::kUsed},
                             States{"eingelöst", ImportedState::kUsed},
                             States{"verbraucht", ImportedState::kUsed},
                             States{"void", ImportedState::kVoid},
                             States{"voided", ImportedState::kVoid},
                             States{"cancelled", ImportedState::kVoid},
                             States{"canceled", ImportedState::kVoid},
                             States{"disabled", ImportedState::kVoid},
                             States{"inactive", ImportedState::kVoid},
                             States{"blocked", ImportedState::kVoid},
                             States{"expired", ImportedState::kVoid},
                             States{"storniert", ImportedState::kVoid},
                             States{"gesperrt", ImportedState::kVoid},
                             States{"ungültig", ImportedState::kVoid},
                             States{"reserved", ImportedState::kReserved},
                             States{"held", ImportedState::kReserved},
                             States{"assigned", ImportedState::kAssigned},
                             States{"pending", ImportedState::kReserved},
                             States{"reserviert", ImportedState::kReserved}};

// "31.12.2027", "31/12/2027" and "12/31/2027" as "2027-12-31"; anything else as it is. Which of two
// numbers is the month is not guessed where both could be.
std::string iso_day(std::string_view cell) {
  if (cell.size() != 10 || cell[2] != cell[5] || (cell[2] != '.' && cell[2] != '/')) {
    return std::string(cell);
  }
  const auto part = [&](std::size_t from, std::size_t size) {
    return std::string(cell.substr(from, size));
  };
  std::string day = part(0, 2), month = part(3, 2);
  if (cell[2] == '/') {
    if (month > "12") std::swap(day, month);
    if (day <= "12" && day != month) return std::string(cell);
  }
  return part(6, 4) + "-" + month + "-" + day;
}

}  // namespace

std::string folded_name(std::string_view name) {
  std::string folded;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
    if (letter) folded += core::to_lower(name[i]);
    // A capital umlaut is its small one: 0xc3 0x84, 0x96 or 0x9c.
    if (c == 0xc3 && i + 1 < name.size()) {
      const auto second = static_cast<unsigned char>(name[++i]);
      const bool capital = second == 0x84 || second == 0x96 || second == 0x9c;
      folded += static_cast<char>(capital ? second + 0x20 : second);
    }
  }
  return folded;
}

ColumnRole role_of(std::string_view name) {
  const std::string folded = folded_name(name);
  const auto found =
      std::find_if(kNames.begin(), kNames.end(), [&](const Names& n) { return n.first == folded; });
  if (found != kNames.end()) return found->second;
  const bool telling = std::any_of(kTelling.begin(), kTelling.end(), [&](std::string_view part) {
    return folded.find(part) != std::string::npos;
  });
  return telling ? ColumnRole::kUnclear : ColumnRole::kNote;
}

std::optional<ImportedState> parse_state(std::string_view cell) {
  const std::string folded = folded_name(cell);
  const auto found = std::find_if(kStates.begin(), kStates.end(),
                                  [&](const States& s) { return s.first == folded; });
  if (found == kStates.end()) return std::nullopt;
  return found->second;
}

std::optional<ImportedState> parse_works(std::string_view cell) {
  const std::string folded = folded_name(cell);
  const auto is_one_of = [&](const auto&... words) { return ((folded == words) || ...); };
  if (is_one_of("true", "yes", "ja", "1")) return ImportedState::kAvailable;
  if (is_one_of("false", "no", "nein", "0")) return ImportedState::kVoid;
  return parse_state(cell);
}

core::Result<core::UnixMs> parse_end(std::string_view cell) {
  return core::parse_local_time(iso_day(cell), core::DateMeans::kLastMoment);
}

bool says_none(std::string_view cell) {
  if (cell.find_first_not_of("0-: .") == std::string_view::npos) return true;
  const std::string folded = folded_name(cell);
  return folded == "never" || folded == "none" || folded == "null" || folded == "unlimited" ||
         folded == "na" || folded == "nie" || folded == "unbegrenzt";
}

std::optional<std::int64_t> parse_uses(std::string_view cell) {
  const std::size_t point = std::min(cell.find_first_of(".,"), cell.size());
  const std::string_view whole = cell.substr(0, point);
  const std::string_view rest = cell.substr(std::min(point + 1, cell.size()));
  if (!core::is_digits(whole) || rest.find_first_not_of('0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (error != std::errc() || end != whole.data() + whole.size()) return std::nullopt;
  return value;
}

}  // namespace coupon::service
