"""The claim service in its clients' terms: everything in the query, the session in `token:`."""
import re
import sys
import urllib.parse

from client import Conversation, Server

NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")


class Shelf:
    """The service, whose clients send no bodies."""

    def __init__(self, server, talk):
        self.server, self.talk = server, talk

    def call(self, method, path, token=None, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.server.call(method, path, headers={"token": token} if token else None)

    def put_up(self, token, code, count):
        return self.call("POST", "/admin/coupons", token, code=code, available_count=count)

    def listed(self):
        return {one["code"]: one for one in self.call("GET", "/coupons").body}

    def claim(self, number, token):
        return self.call("POST", f"/coupons/{number}/claim", token)


def accounts(shelf):
    talk = shelf.talk
    who = {"email": "a@example.com", "password": "claimant 17"}
    made = talk.reply("register", shelf.call("POST", "/register", **who), 200,
                      email=who["email"], role="USER", id=2)
    talk.expect("register: no hash", "hash" in made.text, False)
    talk.refusal("register again", shelf.call("POST", "/register", **who), 409,
                 "Email already registered")
    talk.reply("register without", shelf.call("POST", "/register", email="b@example.com"), 422)
    talk.reply("register with nothing", shelf.call("POST", "/register"), 422)
    login = talk.reply("login", shelf.call("POST", "/login", **who), 200)
    talk.refusal("wrong password", shelf.call("POST", "/login", email=who["email"],
                                              password="wrong 123"), 401, "Invalid credentials")
    talk.refusal("unknown", shelf.call("POST", "/login", email="no@example.com",
                                       password="wrong 123"), 401, "Invalid credentials")
    talk.reply("login without", shelf.call("POST", "/login", email=who["email"]), 422)
    admin = shelf.call("POST", "/login", email="admin@example.com", password="AdminPassword123")
    talk.reply("login as administrator", admin, 200, role="ADMIN")
    return login["token"], admin["token"]


def stock(shelf, user, admin):
    talk = shelf.talk
    made = talk.reply("put up", shelf.put_up(admin, "SAVE10", 3), 200, code="SAVE10",
                      available_count=3, status="ACTIVE")
    talk.expect("put up: keys", sorted(made.body), ["available_count", "code", "id", "status"])
    for code in ("SAVE10", "save10", "Save10"):
        talk.refusal("the code again: " + code, shelf.put_up(admin, code, 1), 400,
                     "Coupon code already exists")
    talk.refusal("as user", shelf.put_up(user, "OTHER", 1), 403, "Admin access required")
    talk.refusal("without token", shelf.put_up(None, "OTHER", 1), 401, "Not authenticated")
    talk.refusal("bad token", shelf.put_up("garbage", "OTHER", 1), 401, "Invalid or expired token")
    talk.reply("no count", shelf.call("POST", "/admin/coupons", admin, code="OTHER"), 422)
    talk.reply("no code", shelf.call("POST", "/admin/coupons", admin, available_count=1), 422)
    talk.reply("a count below 0", shelf.put_up(admin, "OTHER", -1), 422)
    talk.reply("a count that is none", shelf.put_up(admin, "OTHER", "many"), 422)
    talk.reply("none in stock", shelf.put_up(admin, "EMPTY", 0), 200, available_count=0)

    number = made["id"]
    path = f"/admin/coupons/{number}"
    talk.expect("listed", shelf.listed()["SAVE10"], made.body)
    talk.expect("sold out ones are listed", "EMPTY" in shelf.listed(), True)
    talk.reply("status off", shelf.call("PUT", path, admin, status="INACTIVE"), 200,
               status="INACTIVE", code="SAVE10", available_count=3)
    talk.expect("not listed", "SAVE10" in shelf.listed(), False)
    talk.reply("not claimable", shelf.claim(number, user), 409)
    talk.reply("status on", shelf.call("PUT", path, admin, status="ACTIVE"), 200, status="ACTIVE")
    talk.reply("new code", shelf.call("PUT", path, admin, code="SAVE20"), 200, code="SAVE20")
    talk.reply("its own code in another case", shelf.call("PUT", path, admin, code="Save20"), 200,
               code="Save20")
    talk.reply("and back", shelf.call("PUT", path, admin, code="SAVE20"), 200, code="SAVE20")
    talk.refusal("a code that is taken", shelf.call("PUT", path, admin, code="empty"), 400,
                 "Coupon code already exists")
    talk.reply("an empty code is none", shelf.call("PUT", path, admin, code="", available_count=3),
               200, code="SAVE20", available_count=3)
    talk.reply("nothing to change", shelf.call("PUT", path, admin), 200, code="SAVE20")
    talk.reply("a count below 0", shelf.call("PUT", path, admin, available_count=-1), 422)
    talk.refusal("unknown", shelf.call("PUT", "/admin/coupons/9999", admin, code="X"), 404,
                 "Coupon not found")
    talk.reply("not a number", shelf.call("PUT", "/admin/coupons/abc", admin, code="X"), 422)
    talk.refusal("as user", shelf.call("PUT", path, user, code="X"), 403, "Admin access required")
    talk.refusal("as user", shelf.call("DELETE", path, user), 403, "Admin access required")
    talk.reply("without token", shelf.call("DELETE", path), 401)
    return number


def claims(shelf, number, user, admin):
    talk, server = shelf.talk, shelf.server
    talk.reply("without token", shelf.claim(number, None), 401)
    talk.refusal("garbage", shelf.claim(number, "garbage"), 401, "Invalid or expired token")
    talk.refusal("unknown", shelf.claim(9999, user), 404, "Coupon not found")
    talk.reply("not a number", shelf.claim("abc", user), 422)
    replies = server.race(10, lambda _: shelf.claim(number, user))
    talk.expect("ten at once for three", sorted(one.status for one in replies),
                [200] * 3 + [409] * 7)
    for one in replies:
        if one.status == 200:
            talk.reply("claim", one, 200, message="Coupon claimed successfully", code="SAVE20")
        else:
            talk.refusal("none left", one, 409, "No coupons available")
    talk.expect("none left: listed", shelf.listed()["SAVE20"]["available_count"], 0)
    by_bearer = server.call("POST", f"/coupons/{number}/claim", token=user)
    talk.refusal("the other header", by_bearer, 409, "No coupons available")

    history = shelf.call("GET", "/users/me/history", user)
    talk.reply("history", history, 200)
    rows = [sorted(row) for row in history.body]
    talk.expect("history: rows", rows, [["claimed_at", "code"]] * 3)
    stamps = [row["claimed_at"] for row in history.body]
    talk.expect("history: newest first", stamps, sorted(stamps, reverse=True))
    talk.expect("history: times", [bool(NAIVE.match(stamp)) for stamp in stamps], [True] * 3)
    talk.reply("history without token", shelf.call("GET", "/users/me/history"), 401)

    path = f"/admin/coupons/{number}"
    talk.reply("more stock", shelf.call("PUT", path, admin, available_count=3), 200,
               available_count=3)
    people = [shelf.call("POST", "/register", email=f"p{i}@example.com", password="claimant 17")
              for i in range(5)]
    replies = server.race(5, lambda i: shelf.claim(number, people[i]["token"]))
    talk.expect("five people for three", sorted(one.status for one in replies),
                [200] * 3 + [409] * 2)
    talk.reply("delete", shelf.call("DELETE", path, admin), 200, detail="Coupon deleted")
    talk.refusal("delete again", shelf.call("DELETE", path, admin), 404, "Coupon not found")
    talk.refusal("change what is gone", shelf.call("PUT", path, admin, code="X"), 404,
                 "Coupon not found")
    talk.refusal("claim what is gone", shelf.claim(number, user), 404, "Coupon not found")
    talk.expect("gone", "SAVE20" in shelf.listed(), False)
    talk.expect("history stays", len(shelf.call("GET", "/users/me/history", user).body), 3)
    talk.reply("its code is free", shelf.put_up(admin, "SAVE20", 1), 200)


def main():
    talk = Conversation()
    with Server(sys.argv[1], "--demo", "--rate-limits", "off") as server:
        shelf = Shelf(server, talk)
        user, admin = accounts(shelf)
        number = stock(shelf, user, admin)
        claims(shelf, number, user, admin)
        root = server.call("GET", "/", headers={"Accept": "application/json"})
        talk.keys("root", talk.reply("root", root, 200), "message")
    talk.end()


if __name__ == "__main__":
    main()
