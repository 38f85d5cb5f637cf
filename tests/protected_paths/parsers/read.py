"""Reads each line of standard input as {"query": ...} or {"body": ...}, and says what Python's parsers take for the entity."""

import json
import re
import sys
import urllib.parse

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request


def texts(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    # Half a surrogate pair is no text that can be said to anybody.
    return [value.encode(errors="replace").decode() if isinstance(value, str) else json.dumps(value)]


def from_query(query):
    # How urllib.parse read queries before Python 3.9.2.
    pairs = [pair.partition("=") for pair in re.split("[&;]", query)]
    plain = urllib.parse.unquote_plus
    environ = EnvironBuilder(path="/state").get_environ()
    environ["QUERY_STRING"] = query
    return {
        "urllib.parse": urllib.parse.parse_qs(query, keep_blank_values=True).get("entity_id", []),
        "urllib.parse of old": [plain(value) for name, _, value in pairs if plain(name) == "entity_id"],
        "werkzeug": Request(environ).args.getlist("entity_id"),
    }


def from_body(body, keys):
    try:
        value = json.loads(body.encode())
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return {"json": []}
            value = value[key]
        return {"json": texts(value)}
    except (ValueError, RecursionError):
        return {"json": []}


for line in sys.stdin:
    asked = json.loads(line)
    said = from_query(asked["query"]) if "query" in asked else from_body(asked["body"], asked["at"])
    print(json.dumps(said))
