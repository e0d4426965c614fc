"""The card service in its clients' terms: register, print, redeem, subscribe."""
import datetime
import re
import sys

from client import Conversation, Server

NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")
ADMIN = {"email": "admin@example.com", "password": "AdminPassword123"}
ANN = {"email": "test@example.com", "password": "TestPassword123"}


def accounts(server, talk):
    talk.reply("health", server.call("GET", "/api/health"), 200, status="healthy")
    made = talk.reply("register", server.call("POST", "/api/register", ANN), 201,
                      message="User registered successfully", token_type="Bearer", expires_in=3600)
    talk.expect("register: the first account is 2", made["user"]["id"], 2)
    talk.expect("register: e-mail", made["user"]["email"], ANN["email"])
    talk.expect("register: created_at", bool(NAIVE.match(made["user"]["created_at"])), True)
    refused = [
        ("nothing sent", None, "No data provided"),
        ("no e-mail", {"password": "TestPassword123"}, "Email is required"),
        ("no password", {"email": "a@example.com"}, "Password is required"),
        ("bad e-mail", {"email": "invalid-email", "password": "TestPassword123"},
         "Invalid email format"),
        ("no top-level domain", {"email": "a@example", "password": "TestPassword123"},
         "Invalid email format"),
        ("short password", {"email": "a@example.com", "password": "123"},
         "Password must be at least 8 characters long"),
        ("no letter", {"email": "a@example.com", "password": "12345678"},
         "Password must contain at least one letter"),
        ("no digit", {"email": "a@example.com", "password": "abcdefgh"},
         "Password must contain at least one number"),
    ]
    for what, body, sentence in refused:
        talk.refusal(what, server.call("POST", "/api/register", body), 400, sentence)
    talk.refusal("duplicate", server.call("POST", "/api/register", ANN), 409,
                 "User with this email already exists")
    session = talk.reply("login", server.call("POST", "/api/login", ANN), 200,
                         message="Login successful")
    talk.refusal("login without password",
                 server.call("POST", "/api/login", {"email": ANN["email"]}), 400,
                 "Email and password are required")
    talk.refusal("wrong password",
                 server.call("POST", "/api/login", dict(ANN, password="WrongPassword1")), 401,
                 "Invalid email or password")
    token = session["access_token"]
    profile = talk.reply("profile", server.call("GET", "/api/profile", token=token), 200)
    talk.expect("profile: user", profile["user"], session["user"])
    users = talk.reply("users", server.call("GET", "/api/users", token=token), 200)
    talk.expect("users: oneself", [user["id"] for user in users["users"]], [2])
    raw = server.call("GET", "/api/profile", headers={"Authorization": token})
    talk.reply("token without Bearer", raw, 200)
    talk.reply("bad token", server.call("GET", "/api/profile", token="invalid-token-here"), 401)
    talk.reply("no token", server.call("GET", "/api/profile"), 401)
    return token


def codes(server, talk, token, admin):
    made = talk.reply("generate", server.call("POST", "/admin/generate-codes", {"count": 5}, admin),
                      201, message="Successfully generated 5 redeem codes", count=5)
    talk.expect("generate: distinct codes", len(set(made["codes"])), 5)
    for code in made["codes"]:
        talk.expect("generate: shape", bool(re.match(r"^[A-Z0-9-]{10,}$", code)), True)
    talk.refusal("generate as user",
                 server.call("POST", "/admin/generate-codes", {"count": 1}, token), 403,
                 "Admin privileges required")
    talk.reply("generate without token", server.call("POST", "/admin/generate-codes", {"count": 1}),
               401)
    page = talk.reply("list", server.call("GET", "/admin/codes?page=1&per_page=2&used=false",
                                          token=admin), 200, current_page=1, per_page=2, total=5,
                      pages=3)
    talk.expect("list: newest first", [row["code"] for row in page["codes"]],
                [made["codes"][4], made["codes"][3]])
    for name in ("id", "code", "is_used", "created_at", "expires_at"):
        talk.expect("list: has " + name, name in page["codes"][0], True)
    talk.reply("list: clamped", server.call("GET", "/admin/codes?per_page=5000", token=admin), 200,
               per_page=1000)
    past = talk.reply("list: past the end", server.call("GET", "/admin/codes?page=9", token=admin),
                      200)
    talk.expect("list: past the end", past["codes"], [])
    talk.reply("list as user", server.call("GET", "/admin/codes", token=token), 403)
    return made["codes"]


def bad_counts(server, talk, admin):
    refused = [({}, "Count is required"), ({"count": 0}, "Count is required"),
               ({"count": -1}, "Count must be a positive integer"),
               ({"count": "x"}, "Count must be a positive integer"),
               ({"count": 10001}, "Count cannot exceed 10,000 codes per request")]
    for body, sentence in refused:
        talk.refusal(f"generate {body}", server.call("POST", "/admin/generate-codes", body, admin),
                     400, sentence)


def redeem(server, talk, token, admin, cards):
    def enter(code, user=2, who=token):
        return server.call("POST", "/redeem", {"user_id": user, "card_code": code}, who)

    talk.reply("redeem without token",
               server.call("POST", "/redeem", {"user_id": 2, "card_code": cards[0]}), 401)
    done = talk.reply("redeem", enter(cards[0]), 200, message="Code redeemed successfully",
                      subscription_extended=True)
    first = datetime.datetime.fromisoformat(done["new_subscription_expiry"])
    days = (first - datetime.datetime.utcnow()).total_seconds() / 86400
    talk.expect("redeem: thirty days", 29.9 < days < 30.1, True)
    talk.expect("redeem: redeemed_at", bool(NAIVE.match(done["redeemed_at"])), True)
    again = talk.reply("redeem another, in lower case, the id as digits",
                       enter(cards[1].lower(), "2"), 200)
    second = datetime.datetime.fromisoformat(again["new_subscription_expiry"])
    talk.expect("redeem another: thirty days more", second - first, datetime.timedelta(days=30))
    talk.refusal("redeem again", enter(cards[0]), 409, "Code has already been used")
    talk.refusal("unknown code", enter("INVALID-CODE-TEST"), 404, "Invalid redeem code")
    talk.refusal("too short", enter("ABC-123"), 400, "Invalid card_code format")
    talk.refusal("for another", enter(cards[2], 999), 403,
                 "You can only redeem codes for your own account")
    talk.refusal("no user", server.call("POST", "/redeem", {"card_code": cards[2]}, token), 400,
                 "user_id is required")
    talk.refusal("no code", server.call("POST", "/redeem", {"user_id": 2}, token), 400,
                 "card_code is required")
    talk.refusal("no number", enter(cards[2], "two"), 400, "user_id must be a valid integer")
    used = talk.reply("used ones", server.call("GET", "/admin/codes?used=true", token=admin), 200,
                      total=2)
    talk.expect("used: by whom", {row["redeemed_by"] for row in used["codes"]}, {2})
    talk.expect("used: when", {row["code"]: row["redeemed_at"] for row in used["codes"]}[cards[0]],
                done["redeemed_at"])


def subscriptions(server, talk, token, admin):
    own = talk.reply("own", server.call("GET", "/api/subscription", token=token), 200, user_id=2,
                     email=ANN["email"], is_subscribed=True)
    talk.expect("own: time", bool(NAIVE.match(own["subscription_expires_at"])), True)
    talk.reply("by id", server.call("GET", "/subscription/2", token=token), 200, user_id=2,
               is_subscribed=True, subscription_status="active", days_remaining=59)
    talk.refusal("another's", server.call("GET", "/subscription/1", token=token), 403,
                 "Access denied. You can only check your own subscription status")
    talk.reply("as administrator", server.call("GET", "/subscription/2", token=admin), 200)
    talk.reply("none", server.call("GET", "/subscription/1", token=admin), 200,
               subscription_status="inactive", days_remaining=None, subscription_expires_at=None)
    for path in ("/subscription/99999", "/subscription/invalid"):
        for who in (token, admin):
            talk.refusal(path, server.call("GET", path, token=who), 404, "User not found")


def races(binary, talk):
    with Server(binary, "--demo", "--rate-limits", "off") as server:
        admin = server.call("POST", "/api/login", ADMIN)["access_token"]
        token = server.call("POST", "/api/register", ANN)["access_token"]
        card = server.call("POST", "/admin/generate-codes", {"count": 1}, admin)["codes"][0]
        entry = {"user_id": 2, "card_code": card}
        replies = server.race(20, lambda _: server.call("POST", "/redeem", entry, token))
        talk.expect("20 at once: one", sorted(reply.status for reply in replies),
                    [200] + [409] * 19)
        talk.reply("20 at once: thirty days",
                   server.call("GET", "/subscription/2", token=token), 200, days_remaining=29)
        bad_counts(server, talk, admin)


def limits(server, talk, token):
    statuses = [server.call("POST", "/redeem", {"user_id": 2, "card_code": "NO-SUCH-CARD-%d" % i},
                            token).status for i in range(12)]
    talk.expect("ten a minute", statuses[-1], 429)


def main(binary):
    talk = Conversation()
    with Server(binary, "--demo") as server:
        token = accounts(server, talk)
        admin = server.call("POST", "/api/login", ADMIN)["access_token"]
        codes(server, talk, token, admin)
    # The service lets ten codes a minute through, which the whole conversation would exceed.
    with Server(binary, "--demo", "--rate-limits", "off") as server:
        token = server.call("POST", "/api/register", ANN)["access_token"]
        admin = server.call("POST", "/api/login", ADMIN)["access_token"]
        cards = server.call("POST", "/admin/generate-codes", {"count": 5}, admin)["codes"]
        redeem(server, talk, token, admin, cards)
        subscriptions(server, talk, token, admin)
    with Server(binary, "--demo") as server:
        limits(server, talk, server.call("POST", "/api/register", ANN)["access_token"])
    races(binary, talk)
    talk.end()


if __name__ == "__main__":
    main(sys.argv[1])
