-- coupond: the whole database, and the promises it keeps by itself.
--
-- Read this file first. One campaign is a policy and a budget; one coupon is one code of a
-- campaign; a hold is a timed, exclusive lock on a coupon; a redemption is a use; the ledger
-- records every effect, in order, for ever. The program is fast because it decides in memory; it is
-- safe because whatever it decides, the tables below refuse to store anything that breaks a
-- promise. That holds for the sqlite3 shell too: there is no statement that sells a coupon twice
-- without first dropping one of these constraints, and `coupond verify` finds out if somebody did.
--
-- Conventions: times are milliseconds since 1970 UTC and end with _at; a window includes its start
-- and excludes its end; NULL in a limit means "unlimited"; credit and prices are whole numbers.

-- Facts about this file: instance, key_id (which secret.key belongs to it), created_at,
-- restore_epoch (raised by every restore, which ends all sessions and holds), demo; mark: a
-- signature over instance, key_id, created_at and demo; cashier/ID: the name of a cashier, ID being
-- the keyed hash of their PIN; clock_right_since: when a clock that had been fast was last found
-- put right.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------------------------- people --

CREATE TABLE users (
  id                   INTEGER PRIMARY KEY,
  uuid                 TEXT    NOT NULL UNIQUE,
  email                TEXT    NOT NULL,          -- '': known by external_id alone, or erased
  email_key            TEXT    NOT NULL UNIQUE,   -- trimmed and case-folded: what "same" means
  username             TEXT    UNIQUE,
  external_id          TEXT    UNIQUE,            -- what another system calls the customer
  name                 TEXT    NOT NULL DEFAULT '',
  role                 TEXT    NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'staff', 'admin')),
  active               INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  password_hash        TEXT    NOT NULL,          -- beginning with '!': none, nobody logs in
  -- Raised by a change of password, role or active: every older session ends with it.
  token_epoch          INTEGER NOT NULL DEFAULT 1,
  created_at           INTEGER NOT NULL,
  -- The API key that made it, or made the account that did; null: people made it.
  made_by_key          INTEGER REFERENCES api_keys (id)
) STRICT;
CREATE INDEX users_by_username_in_any_case ON users (username COLLATE NOCASE)
  WHERE username IS NOT NULL;
CREATE INDEX users_made_by_keys ON users (made_by_key) WHERE made_by_key IS NOT NULL;
-- The few that may do everything: whether one is the last of them is asked at every change of role.
CREATE INDEX users_in_charge ON users (active) WHERE role = 'admin';

-- What redemptions move of an account, one row for each. It is apart from the row above because it
-- changes with every use and is a tenth as long: a batch of redemptions writes fewer pages.
CREATE TABLE balances (
  user_id              INTEGER PRIMARY KEY REFERENCES users (id),
  credit               INTEGER NOT NULL DEFAULT 0 CHECK (credit >= 0),
  subscription_ends_at INTEGER,
  last_redemption      INTEGER                    -- their latest; each names the one before
) STRICT;

CREATE TRIGGER balances_begin_once BEFORE INSERT ON balances
WHEN NEW.last_redemption IS NOT NULL
  OR EXISTS (SELECT 1 FROM balances WHERE user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'a balance begins once, before all redemptions'); END;

CREATE TRIGGER balances_are_never_deleted BEFORE DELETE ON balances
BEGIN SELECT RAISE(ABORT, 'an account keeps its balance'); END;

-- Refresh tokens are random and kept as hashes. Each is used once and then names its successor;
-- a second use means that one of two holders stole it, and ends the whole family.
CREATE TABLE refresh_tokens (
  token_hash BLOB    PRIMARY KEY CHECK (length(token_hash) = 32),
  family     BLOB    NOT NULL CHECK (length(family) = 16),
  user_id    INTEGER NOT NULL REFERENCES users (id),
  epoch      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER,
  mark       BLOB    NOT NULL CHECK (length(mark) = 32)  -- keyed, of all the above: whose it is
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
  id         INTEGER PRIMARY KEY,
  key_hash   BLOB    NOT NULL UNIQUE CHECK (length(key_hash) = 32),
  hint       TEXT    NOT NULL,                    -- its last four characters, to tell keys apart
  name       TEXT    NOT NULL,
  scopes     TEXT    NOT NULL,                    -- of: read issue redeem admin till
  created_by INTEGER REFERENCES users (id),
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  guesses    INTEGER CHECK (guesses >= 1)         -- wrong codes a minute; null: the usual limit
) STRICT;

CREATE INDEX api_keys_by_maker ON api_keys (created_by) WHERE revoked_at IS NULL;

-- Links that set a password, each for one use: without a user, the one that makes the first
-- administrator; else the invitation of a customer who has no password.
CREATE TABLE setup_tokens (
  token_hash BLOB    PRIMARY KEY CHECK (length(token_hash) = 32),
  expires_at INTEGER NOT NULL,
  used_at    INTEGER,
  user_id    INTEGER REFERENCES users (id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX setup_tokens_by_user ON setup_tokens (user_id);

-- ------------------------------------------------------------------------------------- ledger --

-- Every effect on accounts, campaigns and coupons, one row each, numbered without gaps. `hash`
-- covers the row and the hash before it, so a changed, missing or inserted row breaks the chain.
-- All other tables can be derived from this one; `coupond verify` does so and compares.
CREATE TABLE ledger (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  operation   TEXT    NOT NULL,
  actor       TEXT    NOT NULL,                   -- user:7, key:3, cli, job:2, system, anonymous
  campaign_id INTEGER,
  coupon_id   INTEGER,                            -- for a bulk entry: the first of `units` coupons
  user_id     INTEGER,
  units       INTEGER NOT NULL DEFAULT 0,         -- coupons made, the redemption undone, the hold
                                                  -- used, renewed or ended, or the account's
                                                  -- token_epoch
  credit      INTEGER NOT NULL DEFAULT 0,         -- added to the user's balance (negative: taken)
  days        INTEGER NOT NULL DEFAULT 0,         -- added to the user's subscription
  available   INTEGER NOT NULL DEFAULT 0,         -- added to the campaign's available coupons
  value       INTEGER NOT NULL DEFAULT 0,         -- added to balances of coupons (negative: taken)
  coupon_prev INTEGER,                            -- the coupon's previous entry: its own history
  digest      BLOB,                               -- of what else the entry fixes: codes, a policy
  detail      TEXT,                               -- a reason, an order number; for people
  hash        BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER ledger_is_gapless BEFORE INSERT ON ledger
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'the ledger is numbered without gaps'); END;

CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;

CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is never cut'); END;

-- The last row's number and hash, signed with a key that is not in this file. Without it, cutting
-- rows off the end of the ledger would leave a chain that looks whole.
CREATE TABLE ledger_head (
  only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
  seq       INTEGER NOT NULL,
  hash      BLOB    NOT NULL CHECK (length(hash) = 32),
  signature BLOB    NOT NULL CHECK (length(signature) = 64)
) STRICT;

-- A signed statement that all counters were derived and right at `seq`. An ordinary start derives
-- only what the ledger holds beyond it.
CREATE TABLE checkpoint (
  only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
  seq       INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  hash      BLOB    NOT NULL CHECK (length(hash) = 32),
  signature BLOB    NOT NULL CHECK (length(signature) = 64)  -- over seq, hash and the rows below
) STRICT;
-- A campaign's row counts from the checkpoint at `seq` on, until a later one of it does: so the
-- rows of the next checkpoint can be written little by little while the one before holds.
CREATE TABLE checkpoint_campaigns (
  campaign_id INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  issued      INTEGER NOT NULL,
  assigned    INTEGER NOT NULL,
  available   INTEGER NOT NULL,
  redeemed    INTEGER NOT NULL,
  rolled_back INTEGER NOT NULL,
  voided      INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, seq)
) STRICT, WITHOUT ROWID;

-- The number of the last change that a copy elsewhere was told of (change_record.h): written with
-- the change itself, so that the database and its copy cannot be at odds about it.
CREATE TABLE change_position (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  position INTEGER NOT NULL CHECK (position >= 1)
) STRICT;

-- ---------------------------------------------------------------------------------- campaigns --

CREATE TABLE campaigns (
  id          INTEGER PRIMARY KEY,
  uuid        TEXT    NOT NULL UNIQUE,
  slug        TEXT    NOT NULL UNIQUE,
  mode        TEXT    NOT NULL CHECK (mode IN ('token', 'pool', 'shared', 'card', 'claim')),
  name        TEXT    NOT NULL,
  description TEXT    NOT NULL DEFAULT '',

  -- The policy.
  max_issued                 INTEGER CHECK (max_issued >= 0),
  max_per_user               INTEGER CHECK (max_per_user BETWEEN 1 AND 10000),
  max_redemptions_per_coupon INTEGER CHECK (max_redemptions_per_coupon >= 1),
  max_redemptions_per_user   INTEGER CHECK (max_redemptions_per_user BETWEEN 1 AND 10000),
  max_holds_per_user         INTEGER NOT NULL DEFAULT 10 CHECK (max_holds_per_user >= 1),
  starts_at                  INTEGER,
  ends_at                    INTEGER,
  active                     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  hold_required              INTEGER NOT NULL DEFAULT 0 CHECK (hold_required IN (0, 1)),
  hold_ttl_s                 INTEGER NOT NULL DEFAULT 300 CHECK (hold_ttl_s >= 1),
  token_ttl_s                INTEGER CHECK (token_ttl_s >= 1),
  code_pattern               TEXT,
  token_algorithm            TEXT CHECK (token_algorithm IN ('HS256', 'EdDSA')),
  price                      INTEGER NOT NULL DEFAULT 0 CHECK (price >= 0),
  reward_kind                TEXT    NOT NULL DEFAULT 'none' CHECK (reward_kind IN
                               ('none', 'subscription', 'credit', 'percent_off', 'amount_off')),
  reward_value               INTEGER NOT NULL DEFAULT 0 CHECK (reward_value >= 0),
  metadata                   TEXT    NOT NULL DEFAULT '{}',
  self_service               INTEGER NOT NULL DEFAULT 0 CHECK (self_service IN (0, 1)),
  -- What a coupon made under this policy is worth, in minor units: it is spent in parts.
  value                      INTEGER CHECK (value >= 0),
  currency                   TEXT CHECK (length(currency) = 3),  -- of `value`, to be shown
  one_redemption_per_order   INTEGER NOT NULL DEFAULT 0
                               CHECK (one_redemption_per_order IN (0, 1)),

  -- The budget: what has been used, exact at every commit.
  issued      INTEGER NOT NULL DEFAULT 0 CHECK (issued >= 0),       -- coupons that exist
  assigned    INTEGER NOT NULL DEFAULT 0 CHECK (assigned >= 0),     -- have an owner
  available   INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),    -- in state available
  redeemed    INTEGER NOT NULL DEFAULT 0 CHECK (redeemed >= 0),     -- redemptions that stand
  rolled_back INTEGER NOT NULL DEFAULT 0 CHECK (rolled_back >= 0),  -- redemptions undone
  voided      INTEGER NOT NULL DEFAULT 0 CHECK (voided >= 0),       -- in state void

  last_seq    INTEGER NOT NULL DEFAULT 0,         -- the ledger entry that fixed the policy
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  archived_at INTEGER,

  CHECK (ends_at > starts_at),
  CHECK (issued <= max_issued),                   -- never over a cap; nor a cap below what is used
  CHECK (assigned + available <= issued),
  CHECK (reward_kind <> 'percent_off' OR reward_value <= 100),
  -- What has a value pays: it costs nothing, gives nothing else, and lasts as long as its balance.
  CHECK (value IS NULL OR (mode IN ('pool', 'card') AND price = 0 AND reward_kind = 'none'
                           AND max_redemptions_per_coupon IS NULL))
) STRICT;

-- The claim service names its campaigns by their code.
CREATE UNIQUE INDEX claim_campaigns_by_name ON campaigns (name)
  WHERE mode = 'claim' AND archived_at IS NULL;
-- In another case it is the same code, for all that are made from now on.
CREATE INDEX claim_campaigns_by_any_case ON campaigns (name COLLATE NOCASE)
  WHERE mode = 'claim' AND archived_at IS NULL;

-- ------------------------------------------------------------------------------------ coupons --

CREATE TABLE coupons (
  id          INTEGER PRIMARY KEY,
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
  number      INTEGER NOT NULL CHECK (number >= 1),  -- 1, 2, 3 ... within the campaign
  -- The code itself is nowhere in this file: a keyed hash finds it, a sealed copy shows it to its
  -- owner. Both keys are in secret.key, so a stolen file holds no spendable code.
  code_hash   BLOB    NOT NULL UNIQUE CHECK (length(code_hash) = 24),
  code_sealed BLOB    NOT NULL,
  -- freed: void, and its code may be stored anew, so that its hash is disguised (domain/coupon.h).
  -- In pairs: SQLite compares with two values at once, but builds a table of more at each update.
  state       TEXT    NOT NULL
                      CHECK (state IN ('available', 'assigned') OR state IN ('redeemed', 'void')
                             OR state = 'freed'),
  user_id     INTEGER REFERENCES users (id),         -- the owner; a bearer code has none
  uses        INTEGER NOT NULL DEFAULT 0,
  max_uses    INTEGER CHECK (max_uses >= 1),
  pool_slot   INTEGER CHECK (pool_slot >= 0),        -- place in the draw, while undrawn
  assigned_at INTEGER,
  expires_at  INTEGER,
  last_seq    INTEGER NOT NULL REFERENCES ledger (seq),  -- its latest ledger entry
  -- Of a coupon that is spent in parts, in minor units: what it was made with, what was put on it
  -- since (less what was moved to another), and what is left. All null: it has no balance.
  value       INTEGER CHECK (value >= 0),
  topped_up   INTEGER,
  balance     INTEGER CHECK (balance >= 0),          -- never more spent than there was
  -- A keyed hash of the code's last four symbols, so that staff find a code of which they have no
  -- more than that.
  tail        INTEGER,

  UNIQUE (campaign_id, number),
  CHECK (uses >= 0),
  CHECK (uses <= max_uses),                          -- never a single-use code twice
  CHECK (state <> 'assigned' OR user_id IS NOT NULL),
  CHECK (state <> 'available' OR user_id IS NULL),
  CHECK (state <> 'redeemed' OR uses IS max_uses OR balance IS 0),
  CHECK (balance <= value + topped_up),
  CHECK ((balance IS NULL) = (value IS NULL) AND (balance IS NULL) = (topped_up IS NULL)),
  -- All spent is redeemed, and nothing else is; a blank one waits for its first money.
  CHECK (balance IS NULL OR state IN ('void', 'freed')
         OR (state = 'redeemed') = (balance = 0 AND value + topped_up > 0)),
  CHECK (pool_slot IS NULL OR state = 'available')
) STRICT;

CREATE INDEX coupons_by_tail ON coupons (tail) WHERE tail IS NOT NULL;
CREATE INDEX coupons_by_user ON coupons (user_id, campaign_id) WHERE user_id IS NOT NULL;
-- A random draw picks a random slot and moves the last one into its place: O(log n), exactly fair.
CREATE UNIQUE INDEX coupons_by_slot ON coupons (campaign_id, pool_slot)
  WHERE pool_slot IS NOT NULL;

-- Coupons are numbered from 1 and no number is above the cap: so there are never more than the cap.
CREATE TRIGGER coupons_within_the_cap BEFORE INSERT ON coupons
BEGIN
  SELECT RAISE(ABORT, 'campaign cap reached') FROM campaigns
   WHERE id = NEW.campaign_id AND NEW.number > max_issued;
END;

CREATE TRIGGER coupons_within_the_user_cap_when_minted AFTER INSERT ON coupons
WHEN NEW.user_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'user cap reached') FROM campaigns AS c
   WHERE c.id = NEW.campaign_id AND c.max_per_user IS NOT NULL
     AND (SELECT count(*) FROM coupons
           WHERE user_id = NEW.user_id AND campaign_id = NEW.campaign_id) > c.max_per_user;
END;

CREATE TRIGGER coupons_within_the_user_cap_when_assigned AFTER UPDATE OF user_id ON coupons
WHEN NEW.user_id IS NOT NULL AND NEW.user_id IS NOT OLD.user_id
BEGIN
  SELECT RAISE(ABORT, 'user cap reached') FROM campaigns AS c
   WHERE c.id = NEW.campaign_id AND c.max_per_user IS NOT NULL
     AND (SELECT count(*) FROM coupons
           WHERE user_id = NEW.user_id AND campaign_id = NEW.campaign_id) > c.max_per_user;
END;

-- One given to the wrong person is given to another, until it has been used.
CREATE TRIGGER coupons_keep_their_owner BEFORE UPDATE OF user_id ON coupons
WHEN OLD.user_id IS NOT NULL AND NEW.user_id IS NOT OLD.user_id
 AND (NEW.user_id IS NULL OR OLD.uses > 0 OR OLD.state <> 'assigned')
BEGIN SELECT RAISE(ABORT, 'a used coupon keeps its owner, and an owner can only be another'); END;

CREATE TRIGGER coupons_change_state_legally BEFORE UPDATE OF state ON coupons
WHEN NEW.state <> OLD.state AND NOT (
     OLD.state = 'available'                                -- assign, redeem, void, free
  OR (OLD.state = 'assigned' AND NEW.state <> 'available')  -- redeem, void, free
  OR (OLD.state = 'redeemed' AND NEW.state NOT IN ('void', 'freed'))  -- roll back, top up
  OR (OLD.state = 'void' AND NEW.state <> 'redeemed' AND OLD.uses = 0))  -- restore, free
BEGIN SELECT RAISE(ABORT, 'a coupon cannot change to that state'); END;

CREATE TRIGGER coupons_are_never_deleted BEFORE DELETE ON coupons
BEGIN SELECT RAISE(ABORT, 'coupons are voided, never deleted'); END;

-- How often a coupon could be used and when it ended when it was made, for those of which that was
-- changed since: what the entry that made them fixed.
CREATE TABLE original_terms (
  coupon_id  INTEGER PRIMARY KEY REFERENCES coupons (id),
  max_uses   INTEGER,
  expires_at INTEGER
) STRICT;

-- A hold takes one use: uses and holds together are never more than max_uses. Of a coupon with a
-- balance it takes all of it, and there is one at a time. One whose time has
-- passed is as good as gone: the next hold or use of the coupon removes it, nothing has to sweep.
CREATE TABLE holds (
  id          INTEGER PRIMARY KEY REFERENCES ledger (seq),  -- the ledger entry that made it
  coupon_id   INTEGER NOT NULL REFERENCES coupons (id),
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
  user_id     INTEGER REFERENCES users (id),                -- null: nobody's account
  token_hash  BLOB    NOT NULL CHECK (length(token_hash) = 32),
  expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX holds_by_coupon ON holds (coupon_id);
CREATE INDEX holds_by_user ON holds (user_id, campaign_id, expires_at);
CREATE INDEX holds_by_campaign ON holds (campaign_id, expires_at);

CREATE TRIGGER holds_take_a_use AFTER INSERT ON holds
BEGIN
  SELECT RAISE(ABORT, 'all uses of the coupon are taken or held') FROM coupons AS c
   WHERE c.id = NEW.coupon_id AND c.max_uses IS NOT NULL
     AND c.uses + (SELECT count(*) FROM holds WHERE coupon_id = NEW.coupon_id) > c.max_uses;
  SELECT RAISE(ABORT, 'the balance of the coupon is held') FROM coupons AS c
   WHERE c.id = NEW.coupon_id AND c.balance IS NOT NULL
     AND (SELECT count(*) FROM holds WHERE coupon_id = NEW.coupon_id) > 1;
END;

-- -------------------------------------------------------------------------------- redemptions --

CREATE TABLE redemptions (
  id             INTEGER PRIMARY KEY REFERENCES ledger (seq),  -- the ledger entry that made it
  coupon_id      INTEGER NOT NULL REFERENCES coupons (id),
  campaign_id    INTEGER NOT NULL REFERENCES campaigns (id),
  user_id        INTEGER REFERENCES balances (user_id),        -- null: a walk-in, nobody's account
  amount         INTEGER NOT NULL CHECK (amount >= 0),         -- credit paid
  taken          INTEGER CHECK (taken >= 1),         -- from the coupon's balance, where it has one
  reward_kind    TEXT    NOT NULL,
  reward_value   INTEGER NOT NULL,
  order_id       TEXT,
  metadata       TEXT,
  redeemed_at    INTEGER NOT NULL,
  rolled_back_at INTEGER,
  user_prev      INTEGER                                       -- the user's one before: their list
) STRICT;
CREATE INDEX redemptions_by_order ON redemptions (order_id) WHERE order_id IS NOT NULL;

-- How many of a user's redemptions stand, where a campaign has a cap of them. Kept by the triggers
-- below; an index of all redemptions by user would cost every one of them a page of its own.
CREATE TABLE user_redemptions (
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
  user_id     INTEGER NOT NULL REFERENCES users (id),
  standing    INTEGER NOT NULL CHECK (standing >= 0),
  PRIMARY KEY (campaign_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER user_redemptions_start_with_a_cap
AFTER UPDATE OF max_redemptions_per_user ON campaigns
WHEN OLD.max_redemptions_per_user IS NULL AND NEW.max_redemptions_per_user IS NOT NULL
BEGIN
  INSERT INTO user_redemptions (campaign_id, user_id, standing)
  SELECT campaign_id, user_id, count(*) FROM redemptions
   WHERE campaign_id = NEW.id AND user_id IS NOT NULL AND rolled_back_at IS NULL GROUP BY user_id;
END;

CREATE TRIGGER user_redemptions_end_with_the_cap
AFTER UPDATE OF max_redemptions_per_user ON campaigns
WHEN OLD.max_redemptions_per_user IS NOT NULL AND NEW.max_redemptions_per_user IS NULL
BEGIN DELETE FROM user_redemptions WHERE campaign_id = NEW.id; END;

CREATE TRIGGER user_redemptions_begin_once BEFORE INSERT ON user_redemptions
WHEN EXISTS (SELECT 1 FROM user_redemptions
              WHERE campaign_id = NEW.campaign_id AND user_id = NEW.user_id)
BEGIN SELECT RAISE(ABORT, 'redemptions are counted one by one'); END;

CREATE TRIGGER user_redemptions_count_one_by_one BEFORE UPDATE ON user_redemptions
WHEN NEW.standing <> OLD.standing + 1
  OR NEW.campaign_id <> OLD.campaign_id OR NEW.user_id <> OLD.user_id
BEGIN
  -- Less only when one was rolled back: then all of the user's are looked at.
  SELECT RAISE(ABORT, 'redemptions are counted one by one')
   WHERE NEW.campaign_id <> OLD.campaign_id OR NEW.user_id <> OLD.user_id OR NEW.standing <>
     (WITH RECURSIVE chain (id, prev, counts) AS (
        SELECT r.id, r.user_prev, r.campaign_id = NEW.campaign_id AND r.rolled_back_at IS NULL
          FROM balances AS b JOIN redemptions AS r ON r.id = b.last_redemption
         WHERE b.user_id = NEW.user_id
         UNION ALL
        SELECT r.id, r.user_prev, r.campaign_id = NEW.campaign_id AND r.rolled_back_at IS NULL
          FROM chain AS c JOIN redemptions AS r ON r.id = c.prev)
      SELECT coalesce(sum(counts), 0) FROM chain);
END;

CREATE TRIGGER user_redemptions_stay_with_the_cap BEFORE DELETE ON user_redemptions
BEGIN
  SELECT RAISE(ABORT, 'the count stays as long as the cap') FROM campaigns
   WHERE id = OLD.campaign_id AND max_redemptions_per_user IS NOT NULL;
END;

CREATE TRIGGER balances_latest_redemption_moves_on BEFORE UPDATE OF last_redemption ON balances
WHEN NOT EXISTS (SELECT 1 FROM redemptions
                  WHERE id = NEW.last_redemption AND user_id = NEW.user_id
                    AND user_prev IS OLD.last_redemption)
BEGIN SELECT RAISE(ABORT, 'a redemption names the one before of its user'); END;

-- Storing a redemption IS using the coupon: the row below takes the use, and the coupon's CHECK
-- (uses <= max_uses) refuses one too many. It IS taking from the balance, too, and (balance >= 0)
-- refuses a unit too much. There is no other way to a redemption.
CREATE TRIGGER redemptions_take_a_use AFTER INSERT ON redemptions
BEGIN
  SELECT RAISE(ABORT, 'the coupon cannot be redeemed') FROM coupons
   WHERE id = NEW.coupon_id
     AND (state IN ('redeemed', 'void') OR state = 'freed' OR campaign_id <> NEW.campaign_id
          OR (balance IS NULL) <> (NEW.taken IS NULL));
  UPDATE coupons
     SET uses = uses + 1,
         balance = balance - NEW.taken,
         state = CASE WHEN uses + 1 = max_uses OR balance = NEW.taken THEN 'redeemed'
                      ELSE state END,
         pool_slot = NULL,
         last_seq = NEW.id
   WHERE id = NEW.coupon_id;
  SELECT RAISE(ABORT, 'the last uses of the coupon are held') FROM coupons AS c
   WHERE c.id = NEW.coupon_id AND c.max_uses IS NOT NULL
     AND c.uses + (SELECT count(*) FROM holds WHERE coupon_id = NEW.coupon_id) > c.max_uses;
  UPDATE balances SET last_redemption = NEW.id WHERE user_id = NEW.user_id;
END;

CREATE TRIGGER redemptions_within_the_user_cap AFTER INSERT ON redemptions
WHEN NEW.user_id IS NOT NULL AND (SELECT max_redemptions_per_user FROM campaigns
                                   WHERE id = NEW.campaign_id) IS NOT NULL
BEGIN
  UPDATE user_redemptions SET standing = standing + 1
   WHERE campaign_id = NEW.campaign_id AND user_id = NEW.user_id;
  INSERT INTO user_redemptions (campaign_id, user_id, standing)
  SELECT NEW.campaign_id, NEW.user_id, 1 WHERE changes() = 0;
  SELECT RAISE(ABORT, 'user redemption cap reached')
    FROM user_redemptions AS u JOIN campaigns AS c ON c.id = u.campaign_id
   WHERE u.campaign_id = NEW.campaign_id AND u.user_id = NEW.user_id
     AND u.standing > c.max_redemptions_per_user;
END;

CREATE TRIGGER redemptions_of_one_order AFTER INSERT ON redemptions WHEN NEW.order_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'the order has a redemption already') FROM campaigns AS c
   WHERE c.id = NEW.campaign_id AND c.one_redemption_per_order = 1
     AND (SELECT count(*) FROM redemptions
           WHERE order_id = NEW.order_id AND campaign_id = NEW.campaign_id
             AND rolled_back_at IS NULL) > 1;
END;

CREATE TRIGGER redemptions_end_once BEFORE UPDATE OF id, coupon_id, campaign_id, user_id, amount,
  reward_kind, reward_value, order_id, redeemed_at, rolled_back_at, taken, user_prev
ON redemptions
WHEN OLD.rolled_back_at IS NOT NULL OR NEW.rolled_back_at IS NULL
  OR NEW.id <> OLD.id OR NEW.coupon_id <> OLD.coupon_id OR NEW.campaign_id <> OLD.campaign_id
  OR NEW.user_id IS NOT OLD.user_id OR NEW.amount <> OLD.amount
  OR NEW.taken IS NOT OLD.taken OR NEW.user_prev IS NOT OLD.user_prev
BEGIN SELECT RAISE(ABORT, 'a redemption can only be rolled back, and only once'); END;

-- What a person who is erased said with an order goes; nothing else about a redemption does.
CREATE TRIGGER redemptions_metadata_is_only_erased BEFORE UPDATE OF metadata ON redemptions
WHEN NEW.metadata IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'the metadata of a redemption can only be erased'); END;

CREATE TRIGGER redemptions_give_the_use_back AFTER UPDATE OF rolled_back_at ON redemptions
BEGIN
  UPDATE coupons
     SET uses = uses - 1,
         balance = balance + NEW.taken,
         state = CASE WHEN state <> 'redeemed' THEN state
                      WHEN user_id IS NULL THEN 'available' ELSE 'assigned' END
   WHERE id = NEW.coupon_id;
  UPDATE user_redemptions SET standing = standing - 1
   WHERE campaign_id = NEW.campaign_id AND user_id = NEW.user_id;
END;

CREATE TRIGGER redemptions_are_never_deleted BEFORE DELETE ON redemptions
BEGIN SELECT RAISE(ABORT, 'redemptions are rolled back, never deleted'); END;

-- --------------------------------------------------------------------------- retries and jobs --

-- The first answer to a request with an Idempotency-Key, kept for a day. It is written in the same
-- transaction as the effect it tells of, so a retry after a crash cannot do it again.
CREATE TABLE idempotency (
  key_hash   BLOB    PRIMARY KEY CHECK (length(key_hash) = 32),  -- of principal, endpoint and key
  request    BLOB    NOT NULL CHECK (length(request) = 32),      -- digest of what it asked for
  reply      BLOB    NOT NULL,        -- sealed like a code, because it may hold codes and tokens
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Work too long for one request. A job goes forward in slices; each slice is one transaction that
-- stores its codes and raises `done` together, so a crash neither loses nor doubles one.
CREATE TABLE jobs (
  id          INTEGER PRIMARY KEY,
  kind        TEXT    NOT NULL CHECK (kind IN ('generate', 'import', 'change')),
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
  actor       TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN
                ('receiving', 'queued', 'running', 'done', 'failed', 'cancelled')),
  total       INTEGER NOT NULL,
  done        INTEGER NOT NULL DEFAULT 0 CHECK (done BETWEEN 0 AND total),
  refused     INTEGER NOT NULL DEFAULT 0 CHECK (refused BETWEEN 0 AND done),
  parameters  TEXT    NOT NULL DEFAULT '',
  message     TEXT    NOT NULL DEFAULT '',
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_unfinished ON jobs (id) WHERE state IN ('receiving', 'queued', 'running');

-- The coupons a job has made: their numbers in its campaign.
CREATE TABLE job_lots (
  job_id       INTEGER NOT NULL REFERENCES jobs (id),
  first_number INTEGER NOT NULL,
  units        INTEGER NOT NULL CHECK (units >= 1),
  PRIMARY KEY (job_id, first_number)
) STRICT, WITHOUT ROWID;

-- The lines of an import, sealed like codes, in parts small enough for one slice each.
CREATE TABLE job_parts (
  job_id     INTEGER NOT NULL REFERENCES jobs (id),
  part       INTEGER NOT NULL,
  first_line INTEGER NOT NULL,
  sealed     BLOB    NOT NULL,
  PRIMARY KEY (job_id, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_errors (
  job_id INTEGER NOT NULL REFERENCES jobs (id),
  line   INTEGER NOT NULL,
  reason TEXT    NOT NULL,
  PRIMARY KEY (job_id, line)
) STRICT, WITHOUT ROWID;
