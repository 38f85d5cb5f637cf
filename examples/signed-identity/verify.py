#!/usr/bin/env python3
"""How an add-on in Python judges X-Remote-User-Assertion. Debian: apt install python3-jwt python3-cryptography.

    verify.py KEYS ISSUER AUDIENCE < assertion

KEYS is the address of /.vestibule/jwks.json, or a file with what stands there. Prints the claims as JSON, or says why the
assertion is not to be believed and exits 1.
"""
import json
import sys
import urllib.request

import jwt


def published_keys(place):
    """The keys by their id. A program that runs for long asks again when it meets an id that it does not know, at most once a minute."""
    if place.startswith("https://"):
        with urllib.request.urlopen(place, timeout=5) as answer:
            keys = json.load(answer)
    else:
        with open(place, encoding="utf-8") as file:
            keys = json.load(file)
    return {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(keys).keys}


def who(assertion, keys, issuer, audience):
    """The claims of an assertion that vestibule made for this add-on within the last minute; an exception otherwise."""
    key = keys[jwt.get_unverified_header(assertion)["kid"]]
    return jwt.decode(
        assertion,
        key,
        algorithms=["EdDSA"],  # never what the assertion itself says
        issuer=issuer,
        audience=audience,
        leeway=5,
        options={"require": ["iss", "aud", "sub", "iat", "exp", "jti"]},
    )


if __name__ == "__main__":
    keys, issuer, audience = published_keys(sys.argv[1]), sys.argv[2], sys.argv[3]
    try:
        print(json.dumps(who(sys.stdin.read().strip(), keys, issuer, audience)))
    except (jwt.InvalidTokenError, KeyError) as error:
        sys.exit(f"not believed: {error!r}")
