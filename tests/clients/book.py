"""The book service in its clients' terms: books, codes, assign, lock, redeem."""
import datetime
import re
import sys
import time

from client import Conversation, Server

ADMIN = {"email": "admin@admin.com", "password": "Password1"}
USER = {"email": "user@user.com", "password": "Password1"}
USER_ID = "000000000000000000000001"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class Desk:
    """The service with its administrator logged in."""

    def __init__(self, server, talk):
        self.server, self.talk = server, talk
        self.admin = server.call("POST", "/auth/token", ADMIN)["token"]
        self.user = server.call("POST", "/auth/token", USER)["token"]

    def post(self, path, body=None, token=None):
        return self.server.call("POST", path, body, token or self.admin)

    def book(self, **fields):
        body = {"name": "Summer", "startDate": "2024-01-01", "endDate": "2099-01-01", **fields}
        return self.talk.reply("a book", self.post("/coupons", body), 201)

    def filled(self, codes, **fields):
        book = self.book(**fields)["_id"]
        body = {"couponBookId": book, "codes": codes}
        self.talk.reply("codes for it", self.post("/coupons/codes", body), 201,
                        uploadedCodes=len(codes), totalCodes=len(codes), status="completed")
        return book

    def on(self, verb, code, user=USER_ID, token=None):
        return self.post(f"/coupons/{verb}/{code}", {"userId": user}, token)


def accounts(server, talk):
    session = talk.reply("login", server.call("POST", "/auth/token", ADMIN), 200)
    talk.keys("login", session, "token", "refreshToken")
    wrong = dict(ADMIN, password="Password2")
    talk.refusal("wrong password", server.call("POST", "/auth/token", wrong), 401,
                 "Invalid credentials")
    unknown = dict(ADMIN, email="nobody@example.com")
    talk.refusal("unknown e-mail", server.call("POST", "/auth/token", unknown), 401,
                 "Invalid credentials")
    talk.reply("short password", server.call("POST", "/auth/token", dict(ADMIN, password="x")), 400)
    lando = {"firstName": "Lando", "lastName": "Calrissian", "email": "lando@example.com",
             "password": "Password1x"}
    made = talk.reply("account", server.call("POST", "/users", lando), 201, email=lando["email"],
                      role="user")
    talk.expect("account: _id", made["_id"], made["id"])
    talk.expect("account: no hash", "password" in made.text, False)
    talk.reply("account again", server.call("POST", "/users", lando), 409)
    for field in lando:
        part = {name: value for name, value in lando.items() if name != field}
        talk.reply("account without " + field, server.call("POST", "/users", part), 400)
    talk.reply("no session", server.call("POST", "/coupons", {}), 401)
    about = talk.reply("root", server.call("GET", "/", headers={"Accept": "application/json"}), 200)
    talk.keys("root", about, "name", "version")
    talk.reply("swagger", server.call("GET", "/swagger.json"), 200)
    talk.reply("docs", server.call("GET", "/api-docs"), 200)


def books(desk):
    talk = desk.talk
    book = desk.book(codePattern="SUMMER-{NUMERIC:4}-{ALPHA:3}")
    talk.reply("defaults", book, 201, isActive=True, maxRedemptionsPerUser=1, maxCodesPerUser=1,
               allowMultipleRedemptions=False, totalCodes=0, startDate="2024-01-01T00:00:00.000Z")
    talk.expect("createdAt", bool(ISO.match(book["createdAt"])), True)
    for start in ("2024-01-01T00:00:00", "2024/01/01", "2024-01-01T00:00:00.000Z",
                  "2024/01/01 00:00:00", "Jan 1, 2024", "2024-01-01T01:00:00+01:00",
                  "Mon Jan 01 2024 00:00:00 GMT+0000 (Coordinated Universal Time)"):
        talk.expect("date " + start, desk.book(startDate=start)["startDate"],
                    "2024-01-01T00:00:00.000Z")
    ends = {"name": "x", "startDate": "2024-01-02", "endDate": "2024-01-01"}
    talk.reply("end before start", desk.post("/coupons", ends), 400)
    talk.reply("no date", desk.post("/coupons", dict(ends, startDate="soon")), 400)
    talk.reply("no name", desk.post("/coupons", {"startDate": "2024-01-01"}), 400)
    talk.reply("as user", desk.post("/coupons", ends, desk.user), 403)
    body = {"couponBookId": book["_id"], "quantity": 20}
    talk.reply("random codes", desk.post("/coupons/random-codes", body), 201, generatedCodes=20,
               totalCodes=20, status="completed")
    given = desk.post("/coupons/assign", {"userId": USER_ID, "couponBookId": book["_id"]})
    talk.expect("pattern", bool(re.match(r"SUMMER-\d{4}-[A-Za-z]{3}$", given["code"])), True)
    many = desk.book(maxCodesPerUsers=0)["_id"]
    talk.reply("many random codes",
               desk.post("/coupons/random-codes", {"couponBookId": many, "quantity": 1500}), 201,
               status="processing", message="1500 code generation started in the background")
    for _ in range(600):
        reply = desk.post("/coupons/assign", {"userId": USER_ID, "couponBookId": many})
        if reply.status == 201:
            break
        time.sleep(0.1)
    talk.expect("assignable in the end", reply.status, 201)
    for quantity in (0, -1, "x"):
        talk.reply(f"quantity {quantity}", desk.post(
            "/coupons/random-codes", {"couponBookId": many, "quantity": quantity}), 400)
    unknown = {"couponBookId": "65f000000000000000000000", "quantity": 1}
    talk.refusal("unknown book", desk.post("/coupons/random-codes", unknown), 404,
                 "Coupon book not found")
    full = desk.book(codePattern="F{NUMERIC:1}")["_id"]
    talk.reply("no room",
               desk.post("/coupons/random-codes", {"couponBookId": full, "quantity": 11}), 409)
    off = {"couponBookId": desk.book(isActive=False)["_id"], "quantity": 1}
    talk.reply("inactive book", desk.post("/coupons/random-codes", off), 403)
    over = {"couponBookId": desk.book(endDate="2024-02-01")["_id"], "quantity": 1}
    talk.reply("expired book", desk.post("/coupons/random-codes", over), 403)


def uploads(desk):
    talk = desk.talk
    book = desk.filled(["A1", "A2"])
    again = desk.post("/coupons/codes", {"couponBookId": book, "codes": ["A2", "A3"]})
    talk.reply("a duplicate", again, 409)
    talk.expect("a duplicate is named", "A2" in again["message"], True)
    talk.reply("none of it stored", desk.post("/coupons/codes", {"couponBookId": book,
                                                                 "codes": ["A3"]}),
               201, totalCodes=3)
    talk.reply("no codes", desk.post("/coupons/codes", {"couponBookId": book, "codes": []}), 400)
    unknown = {"couponBookId": "65f000000000000000000000", "codes": ["A4"]}
    talk.refusal("unknown book", desk.post("/coupons/codes", unknown), 404,
                 "Coupon book not found")
    talk.reply("as user", desk.post("/coupons/codes", {"couponBookId": book, "codes": ["A5"]},
                                    desk.user), 403)
    odd = ["W00L1OO", "WOOL100", "50€", "Grüße", "🎉🎉", "ПРИВЕТ"]
    desk.filled(odd, maxCodesPerUsers=0)
    for path, code in (("WOOL100", "WOOL100"), ("w00l1oo", "W00L1OO"), ("50%E2%82%AC", "50€"),
                       ("GR%C3%9CSSE", "Grüße"), ("%F0%9F%8E%89%F0%9F%8E%89", "🎉🎉")):
        talk.reply("exactly " + code, desk.on("assign", path), 201, code=code)
    # Larger than any other body: 60,000 codes.
    desk.filled([f"BULK-{i:06}" for i in range(60000)])


def assigning(desk):
    talk = desk.talk
    book = desk.filled(["R1", "R2", "R3"], maxCodesPerUsers=2)
    wish = {"userId": USER_ID, "couponBookId": book}
    given = talk.reply("assign", desk.post("/coupons/assign", wish), 201, userId=USER_ID,
                       couponBookId=book)
    talk.keys("assign", given, "userId", "couponId", "couponBookId", "code", "assignedAt")
    talk.expect("assignedAt", bool(ISO.match(given["assignedAt"])), True)
    talk.refusal("taken", desk.on("assign", given["code"]), 409, "Coupon is already assigned")
    talk.reply("second", desk.post("/coupons/assign", wish), 201)
    talk.refusal("third", desk.post("/coupons/assign", wish), 422,
                 "User has reached max coupon limit")
    talk.reply("unknown code", desk.on("assign", "NO-SUCH-CODE"), 404)
    talk.reply("unknown user", desk.post("/coupons/assign", dict(wish, userId="f" * 24)), 404)
    talk.reply("as user", desk.post("/coupons/assign", wish, desk.user), 403)
    talk.reply("by code as user", desk.on("assign", "R3", token=desk.user), 403)
    for fields, status in (({"isActive": False}, 400), ({"endDate": "2024-02-01"}, 410),
                           ({"startDate": "2098-01-01"}, 403), ({}, 404)):
        wish["couponBookId"] = desk.book(**fields)["_id"]
        talk.reply(f"assign from {fields}", desk.post("/coupons/assign", wish), status)
    mine = talk.reply("own coupons", desk.server.call("GET", "/coupons/user/" + USER_ID,
                                                      token=desk.user), 201)
    talk.expect("own coupons: fields", sorted(mine.body[0]), sorted(
        ["couponId", "couponBookId", "code", "bookName", "assignedAt", "isRedeemed",
         "redemptions"]))
    talk.reply("another's", desk.server.call("GET", "/coupons/user/" + "0" * 24, token=desk.user),
               403)


def locking(desk):
    talk = desk.talk
    desk.filled(["L1", "L2", "L3"], maxCodesPerUsers=3)
    for code in ("L1", "L2"):
        desk.on("assign", code)
    talk.refusal("redeem without a lock", desk.on("redeem", "L1"), 409, "Coupon is not locked")
    locked = talk.reply("lock", desk.on("lock", "L1"), 201, code="L1", userId=USER_ID)
    until = datetime.datetime.fromisoformat(locked["lockedUntil"].replace("Z", "+00:00"))
    left = (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    talk.expect("lock: five minutes", 200 < left <= 301, True)
    talk.keys("lock", locked, "transactionId")
    talk.refusal("lock again", desk.on("lock", "L1"), 409, "Coupon already locked")
    talk.reply("another's", desk.on("lock", "L1", user="0" * 24), 404)
    talk.reply("nobody's", desk.on("lock", "L3"), 404)
    talk.reply("unknown", desk.on("lock", "L9"), 404)
    talk.reply("as user", desk.on("lock", "L1", token=desk.user), 403)
    done = talk.reply("redeem after a refused lock", desk.on("redeem", "L1"), 201, code="L1",
                      userId=USER_ID, remainingRedemptions=0)
    talk.keys("redeem", done, "redeemedAt", "transactionId")
    talk.refusal("redeem again", desk.on("redeem", "L1"), 400, "Already redeemed")
    talk.refusal("lock a used one", desk.on("lock", "L1"), 400, "Already redeemed")
    talk.reply("lock", desk.on("lock", "L2"), 201)
    talk.reply("unlock", desk.on("unlock", "L2"), 201, released=True)
    talk.reply("unlock again", desk.on("unlock", "L2"), 409)
    talk.refusal("redeem after unlock", desk.on("redeem", "L2"), 409, "Coupon is not locked")
    talk.reply("redeem as user", desk.on("redeem", "L2", token=desk.user), 403)


def many_uses(desk):
    talk = desk.talk
    desk.filled(["M1"], allowMultipleRedemptions=True, maxRedemptionsPerUser=2)
    desk.on("assign", "M1")
    for left in (1, 0):
        talk.reply("lock", desk.on("lock", "M1"), 201)
        talk.reply("use", desk.on("redeem", "M1"), 201, remainingRedemptions=left)
    talk.reply("lock a used one", desk.on("lock", "M1"), 400)
    talk.reply("use a used one", desk.on("redeem", "M1"), 400)
    desk.filled(["M2"], allowMultipleRedemptions=True, maxRedemptionsPerUser=0)
    desk.on("assign", "M2")
    desk.on("lock", "M2")
    talk.reply("no limit", desk.on("redeem", "M2"), 201, remainingRedemptions=None)


def races(desk):
    talk = desk.talk
    desk.filled(["RACE"])
    desk.on("assign", "RACE")
    locks = desk.server.race(20, lambda _: desk.on("lock", "RACE"))
    talk.expect("20 locks", sorted(reply.status for reply in locks), [201] + [409] * 19)
    uses = desk.server.race(20, lambda _: desk.on("redeem", "RACE"))
    talk.expect("20 uses: one", [reply.status for reply in uses].count(201), 1)
    talk.expect("20 uses: the rest", {reply.status for reply in uses} - {201}, {400})
    book = desk.filled([f"S{i}" for i in range(12)], maxCodesPerUsers=0)
    wish = {"userId": USER_ID, "couponBookId": book}
    draws = desk.server.race(20, lambda _: desk.post("/coupons/assign", wish))
    given = [reply["code"] for reply in draws if reply.status == 201]
    talk.expect("20 draws of 12", (len(given), len(set(given))), (12, 12))
    talk.expect("the rest", {reply.status for reply in draws} - {201}, {404})


def main(binary):
    talk = Conversation()
    with Server(binary, "--demo", "--rate-limits", "off") as server:
        accounts(server, talk)
        desk = Desk(server, talk)
        for part in (books, uploads, assigning, locking, many_uses, races):
            part(desk)
    talk.end()


if __name__ == "__main__":
    main(sys.argv[1])
