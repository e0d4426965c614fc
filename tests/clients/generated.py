"""A client generated from /openapi.json makes a call on each of the five services.

The generator writes Python: one function an operation, its path and required parameters positional,
everything else by name, as generators do. So what the document calls required is what has to be
given, and nothing else.
"""
import json
import keyword
import re
import sys
import urllib.parse

from client import Conversation, Server


def resolve(document, node):
    while "$ref" in node:
        place = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        node = place
    return node


def argument(name):
    name = re.sub(r"\W", "_", name)
    return name + "_" if keyword.iskeyword(name) else name


def inputs(document, operation):
    """(name, place, required) of each input; names that come twice are one."""
    found = {}
    for parameter in operation.get("parameters", []):
        parameter = resolve(document, parameter)
        place = parameter["in"]
        found.setdefault(parameter["name"], (place, parameter.get("required", False)))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        schema = resolve(document, content["schema"])
        for name, value in schema.get("properties", {}).items():
            needed = name in schema.get("required", []) or "default" in value
            found.setdefault(name, ("body", needed))
    return [(name, place, needed) for name, (place, needed) in found.items()]


def function(document, path, method, operation):
    given = inputs(document, operation)
    needed = [name for name, _, required in given if required]
    free = [name for name, _, required in given if not required]
    signature = ", ".join(["call", *map(argument, needed), "*", "session=None",
                           *(argument(name) + "=None" for name in free)])
    lines = [f"def {operation['operationId']}({signature}):"]
    for place in ("path", "query", "body", "header"):
        names = [name for name, where, _ in given if where == place]
        pairs = ", ".join(f"{name!r}: {argument(name)}" for name in names)
        lines.append(f"    {place} = {{{pairs}}}")
    lines.append(f"    return call({method!r}, {path!r}, path, query, body, header, session)")
    return "\n".join(lines)


def generate(document):
    parts = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parts.append(function(document, path, method.upper(), operation))
    return "\n\n".join(parts)


def sender(server):
    def call(method, path, in_path, query, body, header, token):
        for name, value in in_path.items():
            path = path.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
        query = {name: value for name, value in query.items() if value is not None}
        body = {name: value for name, value in body.items() if value is not None}
        header = {name: value for name, value in header.items() if value is not None}
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return server.call(method, path, body or None, token, header)
    return call


def main():
    talk = Conversation()
    with Server(sys.argv[1], "--demo", "--rate-limits", "off") as server:
        document = json.loads(server.call("GET", "/openapi.json").text)
        client = {}
        exec(compile(generate(document), "generated", "exec"), client)
        call = sender(server)
        session = talk.reply("token", client["tokenRegister"](
            call, email="ada@example.com", password="correct horse 1"), 200)
        talk.reply("token", client["tokenGenerate"](call, session=session["access_token"]), 200,
                   token_number=1)
        admin = client["bookLogIn"](call, email="admin@admin.com", password="Password1")
        talk.reply("book", admin, 200)
        talk.reply("book", client["bookCreate"](
            call, name="Summer", startDate="2026-01-01", endDate="2099-01-01",
            session=admin["token"]), 201, name="Summer")
        buyer = client["storeLogIn"](call, username="user2", password="user2pass")
        used = client["storeUseCoupon"](call, code="ABC", session=buyer["access_token"])
        talk.reply("store", used, 204)
        owner = client["cardLogIn"](call, email="admin@example.com", password="AdminPassword123")
        talk.reply("card", owner, 200)
        made = client["cardGenerateCodes"](call, count=2, session=owner["access_token"])
        talk.reply("card", made, 201, count=2)
        stock = client["claimCreateStock"](
            call, code="SAVE10", available_count=3, session=owner["access_token"])
        talk.reply("claim", stock, 200, available_count=3)
        talk.reply("claim", client["claimCoupon"](
            call, id=stock["id"], action="claim", session=session["access_token"]), 200)
    talk.end()


if __name__ == "__main__":
    main()
