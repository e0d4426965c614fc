// Every bound of the product, each with its reason. A number that limits something lives here and
// nowhere else, so that a reader can see at once what coupond will refuse.
// Values only: safe on any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coupon::core::limits {

// ---- Text a caller may send (bytes of UTF-8) ----

// Shorter can be guessed; longer only makes the hash an attack on the processor. No truncation.
constexpr std::size_t kPasswordMinBytes = 8;
constexpr std::size_t kPasswordMaxBytes = 1024;
// The longest address SMTP can carry (RFC 5321: path of 256 with its brackets), and its local part.
constexpr std::size_t kEmailMaxBytes = 254;
constexpr std::size_t kEmailLocalMaxBytes = 64;
// A DNS label.
constexpr std::size_t kDomainLabelMaxBytes = 63;
// Names of people and campaigns: long enough for any real one, short enough for a list view.
constexpr std::size_t kNameMaxBytes = 256;
// Free text and JSON a caller attaches: comfort for order data, not a document store.
constexpr std::size_t kMetadataMaxBytes = 4096;
// What the Idempotency-Key draft's known users allow.
constexpr std::size_t kIdempotencyKeyMaxBytes = 255;
// How long the first answer to such a key is given again.
constexpr std::int64_t kIdempotencyKeptMs = 24 * std::int64_t{3'600'000};

// A balance: 2^53 - 1, the largest integer every JSON client keeps exact.
constexpr std::int64_t kCreditMax = 9'007'199'254'740'991;
// The end of a subscription: 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can write.
constexpr std::int64_t kTimeMaxMs = 253'402'300'799'999;

// ---- Codes ----

// A code as typed, with its dashes. Longer ones cannot be read out or printed on a card.
constexpr std::size_t kCodeMaxBytes = 128;
// Symbols of one placeholder of a pattern; 64 letters already are 289 bits.
constexpr int kPatternSymbolsMax = 64;
// Our own card code: 23 random symbols (115 bits) and a check symbol, shown 12-4-8.
constexpr std::size_t kCardSymbols = 24;

// ---- Many codes at once ----

// Codes answered in one reply: the card service's own limit.
constexpr std::int64_t kGenerateAtOnceMax = 10'000;
// Codes stored by one operation: about 10 ms of the writer.
constexpr std::int64_t kCodesPerOperationMax = 1'000;
// Codes that follow a change of their campaign in the same operation; more are a job's.
constexpr std::int64_t kCodesThatFollowMax = 1'000;
// Codes of one job: above the ten million we are built for, below a mistyped disk-filler.
constexpr std::int64_t kJobCodesMax = 100'000'000;
// A pattern with at most this many codes is walked in a random order without repetition, so that it
// can be filled to the last one; in a larger one a random code is practically always new.
constexpr std::uint64_t kWalkedSpaceMax = std::uint64_t{1} << 32;
// An import: a million of the longest codes as a file, and its longest line with other columns.
constexpr std::size_t kImportBodyMaxBytes = std::size_t{64} << 20;
constexpr std::size_t kImportLineMaxBytes = std::size_t{64} << 10;
constexpr std::int64_t kImportLinesMax = 1'000'000;
// Lines of an import kept in one row of the database.
constexpr std::int64_t kImportPartLines = 1'000;

// ---- Campaigns ----

// Caps per user. Counting a user's coupons of one campaign walks that many index entries at most.
constexpr std::int64_t kUserCapMax = 10'000;
// Coupons of one campaign, uses of one coupon: far above any, far below where sums overflow.
constexpr std::int64_t kCountMax = 1'000'000'000'000;
// Prices, credits and amounts, in whole units: sums of a million of them still fit 64 bits.
constexpr std::int64_t kAmountMax = 1'000'000'000'000;
// A hold is a till's moment, not a reservation: a day at the most.
constexpr std::int64_t kHoldMaxSeconds = 86'400;
// Ten years.
constexpr std::int64_t kTokenLifeMaxSeconds = 315'360'000;
constexpr std::int64_t kSubscriptionMaxDays = 36'500;

// ---- Tokens ----

// A JSON web token of ours is at most about 800 bytes (a 128-byte code that is all escapes).
constexpr std::size_t kTokenMaxBytes = 1024;
// How far a till's clock may be off before a token counts as expired or from the future.
constexpr std::int64_t kTokenSkewMs = 30'000;
// Claims in one token; ours have eight.
constexpr std::size_t kTokenClaimsMax = 16;

// ---- Passwords: Argon2id, RFC 9106's second recommended option ----

constexpr unsigned long long kPasswordHashPasses = 3;
constexpr std::size_t kPasswordHashBytes = std::size_t{64} << 20;
// 2 x 64 MiB is the most an edge box can spare, and leaves a core for redemptions.
constexpr int kPasswordHashParallel = 2;
// At about 80 ms each, 2 at a time, the last in the queue waits about 1.3 s.
constexpr int kPasswordHashWaiting = 32;
// Of those, so many for accounts and addresses that logged in before: strangers leave them free.
constexpr int kPasswordHashForKnown = 8;

// ---- Disk ----

// With less room than this on the disk a server is not ready: the write-ahead log may grow by as
// much before the writer can empty it.
constexpr std::uint64_t kDiskFreeMinBytes = std::uint64_t{64} << 20;
// What deleting BALLAST gives back: room for thousands of operations, so for time to act.
constexpr std::int64_t kBallastBytes = std::int64_t{16} << 20;

// ---- HTTP ----

// A request body. The largest ordinary one (4 KiB of metadata, escaped) is far below it.
constexpr std::size_t kBodyMaxBytes = std::size_t{64} << 10;
// Request line and header fields. Browsers behind a login send 2 to 4 KiB.
constexpr std::size_t kHeadMaxBytes = std::size_t{16} << 10;
constexpr std::size_t kHeadFieldsMax = 100;
// The longest path of ours, two codes percent-encoded, stays below it.
constexpr std::size_t kPathMaxBytes = 512;
// Path and query: the claim service takes e-mail and password there, every byte perhaps as %XX.
constexpr std::size_t kTargetMaxBytes = std::size_t{8} << 10;
// What may follow the size of a chunk; no client of ours sends any.
constexpr std::size_t kChunkExtensionMaxBytes = 16;
// Requests that have come in part and replies taken in part, of all clients together: two of the
// largest imports, or a thousand clients that do not read.
constexpr std::size_t kHttpMemoryBytes = std::size_t{128} << 20;
// What a request id of the client's may be; longer ones are replaced, not refused.
constexpr std::size_t kRequestIdMaxBytes = 64;

// ---- Rate limits ----

// Buckets held in memory at once, about 100 bytes each.
constexpr std::size_t kRateLimitKeysMax = 65'536;
// Wrong passwords for one account: five that cost nothing, as people mistype; then a wait that
// doubles from 5 s to 5 min, which leaves a guesser about two dozen tries an hour.
constexpr int kLoginFailuresFree = 5;
constexpr std::int64_t kLoginWaitFirstMs = 5'000;
constexpr std::int64_t kLoginWaitMostMs = 300'000;
// Wrong ones tried at once wait one after the other, but not for longer than this together; and all
// are forgotten an hour after the last.
constexpr std::int64_t kLoginWaitTogetherMs = 1'800'000;
constexpr std::int64_t kLoginForgottenMs = 3'600'000;

// ---- Logs and metrics ----

// One line of the log; what does not fit is cut, so that a caller cannot fill the disk.
constexpr std::size_t kLogLineMaxBytes = 8192;
constexpr std::size_t kLogValueMaxBytes = 1024;
// Lines that wait to be written: some seconds of a busy server. What comes on top is lost.
constexpr std::size_t kLogQueueBytes = std::size_t{1} << 20;
// Time series in one process: labels are small fixed sets, so more than this is a bug.
constexpr std::size_t kMetricSeriesMax = 4096;

// What another system calls a customer.
constexpr std::size_t kExternalIdMaxBytes = 128;

// How long a till may take back what it redeemed itself.
constexpr std::int64_t kTillUndoMs = 15 * 60 * 1000;

}  // namespace coupon::core::limits
