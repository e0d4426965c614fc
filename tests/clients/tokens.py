"""The token service in its clients' terms: register, generate, validate, use, stats."""
import base64
import datetime
import json
import re
import sys

from client import Conversation, Server

NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")
PASSWORD = "correct horse 1"
USED = "Token has already been used"
INVALID = "Invalid or expired token"
WRONG_KIND = "Invalid token format"


def payload(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class People:
    """The server and everybody who registers."""

    def __init__(self, server, talk):
        self.server, self.talk, self.made = server, talk, 0

    def register(self, path="/register"):
        self.made += 1
        body = {"email": f"client{self.made}@example.org", "password": PASSWORD,
                "name": f"User {self.made}"}
        return self.server.call("POST", path, body)

    def session(self):
        return self.register()["access_token"]

    def generate(self, session, path="/generate-coupon"):
        return self.server.call("POST", path, token=session)


def accounts(people):
    server, talk = people.server, people.talk
    made = talk.reply("register", people.register(), 200, token_type="bearer", expires_in=86400,
                      email="client1@example.org", role="USER")
    names = ("access_token", "token_type", "user", "token", "id", "email", "role")
    talk.keys("register", made, *names)
    user = made["user"]
    talk.expect("register: user", sorted(user),
                ["created_at", "email", "id", "name", "role", "user_id"])
    talk.expect("register: first id", made["id"], 2)
    talk.expect("register: created_at", bool(NAIVE.match(user["created_at"])), True)
    talk.expect("register: token", made["token"], made["access_token"])
    talk.expect("register: no hash", "hash" in made.text, False)
    claims = payload(made["access_token"])
    talk.expect("session: user_id", claims["user_id"], user["user_id"])
    talk.expect("session: type", claims["type"], "auth")
    talk.expect("session: role", claims["role"], "USER")
    talk.expect("session: issued_at", bool(NAIVE.match(claims["issued_at"])), True)
    talk.expect("session: life", claims["exp"] - claims["iat"], 86400)

    again = {"email": "client1@example.org", "password": PASSWORD, "name": "x"}
    for path in ("/register", "/auth/register"):
        talk.refusal("the address again", server.call("POST", path, again), 409,
                     "Email already registered")
        talk.refusal("the address in capitals",
                     server.call("POST", path, dict(again, email="CLIENT1@example.org")), 409,
                     "Email already registered")
    for field in ("email", "password"):
        part = {name: value for name, value in again.items() if name != field}
        reply = talk.reply("register without " + field, server.call("POST", "/register", part), 422)
        named = [one["field"] for one in reply["errors"]]
        talk.expect("register without: names it", named, [field])
    bad = talk.reply("register with bad fields",
                     server.call("POST", "/register", {"email": "x", "password": "y"}), 422)
    talk.expect("both are named", len(bad["errors"]), 2)
    talk.reply("broken JSON", server.call("POST", "/register", b"{", headers={
        "Content-Type": "application/json"}), 400)

    for path in ("/login", "/auth/login"):
        talk.reply("login", server.call("POST", path, again), 200, token_type="bearer")
        talk.refusal("wrong password", server.call("POST", path, dict(again, password="wrong 1")),
                     401, "Invalid credentials")
        talk.refusal("unknown", server.call("POST", path, dict(again, email="no@example.com")), 401,
                     "Invalid credentials")
    bare = talk.reply("later register", people.register("/auth/register"), 201, name="User 2",
                      email="client2@example.org")
    talk.keys("later register", bare, "user_id", "created_at")
    talk.expect("later register: bare", bare["access_token"], None)
    return made["access_token"], user["user_id"]


def tokens(people, session, user_id):
    server, talk = people.server, people.talk
    talk.refusal("no session", server.call("POST", "/generate-coupon"), 401, "Not authenticated")
    bad = server.call("POST", "/generate-coupon", token="nonsense")
    talk.refusal("bad session", bad, 401, INVALID)
    talk.expect("bad session: header", bad.headers["WWW-Authenticate"], "Bearer")
    given = talk.reply("generate", people.generate(session), 200, token_number=1,
                       remaining_tokens=76, user_id=user_id)
    token = given["token"]
    talk.expect("token: three parts", len(token.split(".")), 3)
    ends = datetime.datetime.fromisoformat(given["expires_at"])
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    talk.expect("token: life", abs((ends - now).total_seconds() - 86400) < 600, True)

    for path in ("/validate-token?token=" + token, "/coupons/validate?token=" + token):
        talk.reply("validate by query", server.call("POST", path), 200, valid=True,
                   message="Token is valid and unused", token_number=1, user_id=user_id)
    body = {"token": token}
    for path in ("/validate-token", "/coupons/validate"):
        talk.reply("validate by body", server.call("POST", path, body), 200, valid=True)
    wrong = (("garbage", INVALID), (session, WRONG_KIND), (token[:-2] + "AA", INVALID),
             (token.rsplit(".", 1)[0] + ".", INVALID), ("a.b.c", INVALID))
    for text, sentence in wrong:
        talk.reply("validate " + text[:9], server.call("POST", "/validate-token", {"token": text}),
                   200, valid=False, message=sentence, token_number=None, user_id=None)
        talk.refusal("use " + text[:9], server.call("POST", "/use-token", {"token": text}), 400,
                     sentence)
    talk.reply("validate nothing", server.call("POST", "/validate-token"), 422)
    talk.reply("use nothing", server.call("POST", "/use-token"), 422)
    talk.reply("a token is no session", server.call("GET", "/user-stats", token=token), 401)

    replies = server.race(5, lambda _: server.call("POST", "/use-token?token=" + token))
    talk.expect("five uses at once", sorted(one.status for one in replies),
                [200, 409, 409, 409, 409])
    used = next(one for one in replies if one.status == 200)
    talk.reply("use", used, 200, message="Token successfully used", token_number=1, user_id=user_id)
    talk.expect("use: used_at", bool(NAIVE.match(used["used_at"])), True)
    talk.refusal("use again", server.call("POST", "/coupons/use", body), 409, USED)
    talk.reply("validate a used one", server.call("POST", "/validate-token", body), 200,
               valid=False, message=USED, token_number=1, user_id=user_id)


def limits(people, session):
    server, talk = people.server, people.talk
    replies = server.race(10, lambda _: people.generate(session))
    talk.expect("ten at once after one", sorted(one.status for one in replies),
                [200] * 4 + [429] * 6)
    sentence = "User token limit reached. Maximum of 5 tokens per user allowed."
    talk.refusal("the sixth", people.generate(session, "/coupons/generate"), 429, sentence)
    for path in ("/user-stats", "/coupons/user-stats"):
        talk.reply("user-stats", server.call("GET", path, token=session), 200,
                   user_tokens_issued=5, user_tokens_remaining=0, max_tokens_per_user=5,
                   user_limit_reached=True)
    talk.reply("user-stats without session", server.call("GET", "/user-stats"), 401)
    for path in ("/stats", "/coupons/stats"):
        stats = talk.reply("stats", server.call("GET", path), 200, tokens_issued=5,
                           tokens_remaining=72, max_tokens=77, max_tokens_per_user=5,
                           limit_reached=False)
        talk.expect("stats: timestamp", bool(NAIVE.match(stats["timestamp"])), True)

    sessions = [people.session() for _ in range(16)]
    replies = server.race(100, lambda i: people.generate(sessions[i % 16]))
    numbers = sorted(one["token_number"] for one in replies if one.status == 200)
    talk.expect("the others get the rest, without a gap", numbers, list(range(6, 78)))
    talk.expect("all else is 429", {one.status for one in replies}, {200, 429})
    late = people.session()
    talk.refusal("sold out", people.generate(late), 429,
                 "Global token limit reached. Maximum of 77 tokens allowed. 0 tokens remaining.")
    talk.refusal("the user's limit first", people.generate(session), 429, sentence)
    talk.reply("stats at the end", server.call("GET", "/stats"), 200, tokens_issued=77,
               tokens_remaining=0, limit_reached=True)
    talk.reply("user-stats of who came late", server.call("GET", "/user-stats", token=late), 200,
               user_tokens_issued=0, user_tokens_remaining=5, user_limit_reached=False)


def system(people):
    server, talk = people.server, people.talk
    health = talk.reply("health", server.call("GET", "/health"), 200, status="healthy",
                        redis_connected=True)
    talk.keys("health", health, "status", "redis_connected", "timestamp")
    talk.reply("health/", server.call("GET", "/health/"), 200, status="healthy")
    for path in ("/docs", "/redoc", "/openapi.json"):
        talk.reply(path, server.call("GET", path), 200)
    wrong = talk.reply("wrong method", server.call("GET", "/use-token"), 405)
    talk.expect("Allow", "POST" in wrong.headers["Allow"], True)
    talk.keys("unknown path", talk.reply("unknown path", server.call("GET", "/nowhere"), 404),
              "detail", "error", "message")


def main():
    talk = Conversation()
    with Server(sys.argv[1], "--demo", "--rate-limits", "off") as server:
        people = People(server, talk)
        session, user_id = accounts(people)
        tokens(people, session, user_id)
        limits(people, session)
        system(people)
    talk.end()


if __name__ == "__main__":
    main()
