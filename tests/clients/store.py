"""The store service in its clients' terms: log in, look, use a hidden code, pay from credit."""
import base64
import email.utils
import json
import re
import sys

from client import Conversation, Server

NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")
COUPON = ["active", "expiration_date", "id", "name", "number_left", "value"]
META = ["has_next", "has_prev", "next_page", "page", "pages", "prev_page", "total_count"]


def payload(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Shop:
    """The demo's store, and what its clients do there."""

    def __init__(self, server, talk):
        self.server, self.talk = server, talk

    def log_in(self, name, password):
        return self.server.call("POST", "/v1/auth/login", {"username": name, "password": password})

    def session(self, name, password):
        return self.log_in(name, password)["access_token"]

    def get(self, path, token):
        return self.server.call("GET", path, token=token)

    def use(self, code, token, path="/v1/coupons/use/"):
        return self.server.call("POST", path + code, token=token)

    def credit(self, token):
        return self.get("/v1/user/", token)["data"]["users"][0]["credit"]

    def left(self, code, token):
        return self.get("/v1/coupons/" + code, token)["data"]["coupons"]["number_left"]

    def envelope(self, what, reply, status, words, message=None):
        """A reply in the envelope, whole."""
        talk = self.talk
        talk.reply(what, reply, status, http_status_code=status, http_status=words)
        talk.expect(what + ": keys", sorted(reply.body),
                    ["data", "error", "http_status", "http_status_code", "timestamp"])
        stamp = reply["timestamp"]
        talk.expect(what + ": timestamp", email.utils.format_datetime(
            email.utils.parsedate_to_datetime(stamp), usegmt=True), stamp)
        if message is not None:
            talk.expect(what + ": data", reply["data"], {})
            talk.expect(what + ": message", reply["error"]["message"], message)
        return reply


def logging_in(shop):
    server, talk = shop.server, shop.talk
    session = talk.reply("login", shop.log_in("a.faghihi", "password"), 200)
    talk.expect("login: keys", sorted(session.body), ["access_token", "refresh_token", "user"])
    user = session["user"]
    talk.expect("login: user", sorted(user), ["credit", "id", "name", "username"])
    talk.expect("login: name", user["name"], "Amirhossein Faghihi")
    talk.expect("login: credit", user["credit"], 100)
    lives = (("access_token", "access", 900), ("refresh_token", "refresh", 2592000))
    for name, kind, life in lives:
        claims = payload(session[name])
        talk.expect(name + ": life", claims["exp"] - claims["iat"], life)
        talk.expect(name + ": type", claims["type"], kind)
        talk.expect(name + ": sub", claims["sub"], user["id"])
        talk.expect(name + ": others", ["jti" in claims, "fresh" in claims], [True, True])
    for body in ({"username": "a.faghihi"}, {"password": "password"}, {}, None):
        shop.envelope("login without a field", server.call("POST", "/v1/auth/login", body), 400,
                      "INVALID_REQUEST", "Missing username or password")
    shop.envelope("broken JSON", server.call("POST", "/v1/auth/login", b"{", headers={
        "Content-Type": "application/json"}), 400, "INVALID_REQUEST")
    for name in ("a.faghihi", "nobody"):
        shop.envelope("wrong login", shop.log_in(name, "wrong 123"), 401, "Could not verify",
                      "Invalid credentials")
    return session


def sessions(shop, session):
    server, talk = shop.server, shop.talk
    access, refresh = session["access_token"], session["refresh_token"]
    for method in ("GET", "POST"):
        for path in ("/v1/auth/token/refresh", "/v1/auth/token/refresh/"):
            for _ in range(3):
                renewed = talk.reply("refresh", server.call(method, path, token=refresh), 200,
                                     refresh_token=refresh)
                talk.reply("the new one", shop.get("/v1/coupons/", renewed["access_token"]), 200)
            wrong = talk.reply("refresh with an access token",
                               server.call(method, path, token=access), 422)
            talk.expect("refresh with an access token: whole", wrong.body,
                        {"msg": "Only refresh tokens are allowed"})
    for path in ("/v1/coupons/", "/v1/coupons", "/v1/user/", "/v1/coupons/ABC",
                 "/v1/auth/token/refresh", f"/v1/user/{session['user']['id']}"):
        missing = talk.reply("no token at " + path, server.call("GET", path), 401)
        talk.expect("no token: whole", missing.body, {"msg": "Missing Authorization Header"})
        bad = talk.reply("a bad token at " + path, shop.get(path, "nonsense"), 401)
        talk.expect("a bad token: whole", bad.body, {"msg": "Invalid or expired token"})
    stale = talk.reply("a refresh token is no session", shop.get("/v1/coupons/", refresh), 401)
    talk.expect("a refresh token: whole", stale.body,
                {"msg": "Only non-refresh tokens are allowed"})
    head, _, tail = access.split(".")
    old = dict(payload(access), exp=1)
    old = base64.urlsafe_b64encode(json.dumps(old, separators=(",", ":")).encode()).decode()
    over = talk.reply("one that is over",
                      shop.get("/v1/coupons/", f"{head}.{old.rstrip('=')}.{tail}"), 401)
    talk.expect("one that is over: whole", over.body, {"msg": "Token has expired"})
    unsigned = shop.server.call("POST", "/v1/coupons/use/ABC")
    missing = talk.reply("use without a token", unsigned, 401)
    talk.expect("use without: whole", missing.body, {"msg": "Missing Authorization Header"})


def lists(shop, session, admin):
    talk, access = shop.talk, session["access_token"]
    for path in ("/v1/coupons/", "/v1/coupons", "/v1/coupon/", "/v1/coupon"):
        listed = shop.envelope("coupons", shop.get(path, access), 200, "OK")
        talk.expect("coupons: how many", len(listed["data"]["coupons"]), 5)
        talk.expect("coupons: error", listed["error"], {})
        first = listed["data"]["coupons"][0]
        talk.expect("coupon: keys", sorted(first), COUPON)
        talk.expect("coupon: first", [first["name"], first["value"], first["number_left"],
                                      first["active"]], ["one", 50, 5, True])
        talk.expect("coupon: ends", bool(NAIVE.match(first["expiration_date"])), True)
        talk.expect("coupons: meta", listed["data"]["meta"],
                    {"page": 1, "pages": 1, "total_count": 5, "prev_page": None, "next_page": None,
                     "has_next": False, "has_prev": False})
    shown = shop.get("/v1/coupons/", admin)["data"]["coupons"][0]
    talk.expect("an administrator sees the code", shown.get("hidden_code"), "ABC")
    middle = shop.get("/v1/coupons/?page=2&per_page=2", access)["data"]
    talk.expect("page 2", [len(middle["coupons"]), middle["meta"]],
                [2, {"page": 2, "pages": 3, "total_count": 5, "prev_page": 1, "next_page": 3,
                     "has_next": True, "has_prev": True}])
    for path in ("/v1/coupons/?page=4&per_page=2", "/v1/coupons/?page=2", "/v1/coupons/?page=0",
                 "/v1/coupons/?page=-1", "/v1/user/?page=2"):
        shop.envelope("past the end: " + path, shop.get(path, access), 404, "NOT_FOUND",
                      "There is no such page")
    for path in ("/v1/coupons/ABC", "/v1/coupon/ABC"):
        one = shop.envelope("one coupon", shop.get(path, access), 200, "OK")["data"]["coupons"]
        talk.expect("one coupon: keys", sorted(one), COUPON)
    shop.envelope("no such coupon", shop.get("/v1/coupons/NOPE", access), 404, "NOT_FOUND",
                  "Coupon not found")

    mine = shop.envelope("users", shop.get("/v1/user/", access), 200, "OK")["data"]
    talk.expect("users: only oneself", [one["username"] for one in mine["users"]], ["a.faghihi"])
    talk.expect("users: meta", sorted(mine["meta"]), META)
    one = shop.get(f"/v1/user/{session['user']['id']}", access)
    own = shop.envelope("one user", one, 200, "OK")
    talk.expect("one user: user", own["data"]["user"], session["user"])
    shop.envelope("another's account", shop.get("/v1/user/1", access), 404, "NOT_FOUND",
                  "User not found")
    everybody = shop.get("/v1/user/?per_page=3", admin)["data"]
    talk.expect("an administrator sees all", everybody["meta"]["total_count"] >= 9, True)


def buying(shop, admin):
    server, talk = shop.server, shop.talk
    first = shop.session("a.faghihi", "password")
    used = shop.use("ABC", first)
    talk.reply("use", used, 204)
    talk.expect("use: empty", used.text, "")
    talk.expect("use: credit", shop.credit(first), 50)
    talk.expect("use: left", shop.left("ABC", first), 4)
    for path in ("/v1/coupons/use/", "/v1/coupon/use/"):
        shop.envelope("use again", shop.use("ABC", first, path), 400, "INVALID_REQUEST")
    shop.envelope("no such code", shop.use("NOPE", first), 404, "NOT_FOUND", "Coupon not found")
    talk.expect("nothing changed", [shop.credit(first), shop.left("ABC", first)], [50, 4])

    poor = shop.session("user5", "user5pass")
    short = shop.envelope("too little credit", shop.use("EFG", poor), 400, "INVALID_REQUEST")
    talk.expect("too little credit: code", short["error"]["code"], "INSUFFICIENT_CREDIT")
    talk.expect("still there", [shop.credit(poor), shop.left("EFG", poor)], [20, 4])
    # user2, user4, user4 and user4 race for the one DEF.
    rich = [shop.session("user2", "user2pass"), shop.session("user4", "user4pass")]
    replies = server.race(12, lambda i: shop.use("DEF", rich[i % 2]))
    talk.expect("the last one goes once", sorted(one.status for one in replies), [204] + [400] * 11)
    talk.expect("none left", shop.left("DEF", first), 0)
    talk.expect("paid once", shop.credit(rich[0]) + shop.credit(rich[1]), 500 + 1500 - 250)
    for token in (*rich, poor):
        gone = shop.envelope("sold out", shop.use("DEF", token), 400, "INVALID_REQUEST")
        code = gone["error"]["code"]
        talk.expect("sold out comes before credit and use", code, "NO_COUPONS_LEFT")

    def change(body):
        reply = server.call("PATCH", "/api/v1/campaigns/store-five", body, admin)
        talk.reply("the owner changes EFG", reply, 200)

    change({"ends_at": "2024-01-01T00:00:00Z", "starts_at": None})
    ended = shop.envelope("expired", shop.use("EFG", poor), 400, "INVALID_REQUEST")
    talk.expect("expired: code", ended["error"]["code"], "ENDED")
    change({"active": False})
    off = shop.envelope("inactive", shop.use("EFG", poor), 400, "INVALID_REQUEST")
    talk.expect("inactive comes before expired", off["error"]["code"], "INACTIVE")
    listed = shop.get("/v1/coupons/", first)["data"]
    talk.expect("inactive ones are not listed", [len(listed["coupons"]),
                                                 listed["meta"]["total_count"]], [4, 4])


def main():
    talk = Conversation()
    with Server(sys.argv[1], "--demo", "--rate-limits", "off") as server:
        shop = Shop(server, talk)
        admin = shop.session("admin@example.com", "AdminPassword123")
        session = logging_in(shop)
        sessions(shop, session)
        lists(shop, session, admin)
        buying(shop, admin)
    talk.end()


if __name__ == "__main__":
    main()
