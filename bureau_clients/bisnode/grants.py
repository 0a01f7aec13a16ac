"""OAuth2 client credentials at Bisnode (RFC 6749, 4.4): what is asked for a token, and what is answered.

A question that lacks a token never left, so that no failure here is in doubt: it is unavailable, or refused where the
client, its secret or its scopes are.
"""

import re
from typing import Any
from urllib.parse import urlencode

from bureau_clients.bisnode.formats import NotAnAnswer, Unreadable, count, member, read_document
from bureau_clients.bisnode.token import Grant
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable

COMPANIES, PERSONS, RIGHT_TO_SIGN = "credit_data_companies", "credit_data_persons", "nordic_right_to_sign"
"""The scopes of the three interfaces."""

PART = "token"
"""What a failure to get a token names as its part; its body is kept nowhere."""

_REFUSED = frozenset({400, 401, 403})  # RFC 6749, 5.2
_NOT_NOW = frozenset({408, 429})
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_LONGEST_LIFE = 24 * 60 * 60
_LIFE_UNTOLD = 300


def request_body(scopes: tuple[str, ...]) -> bytes:
    """The form that asks for a token with *scopes*."""
    return urlencode({"grant_type": "client_credentials", "scope": " ".join(scopes)}).encode()


def granted(status: int, body: bytes) -> Grant:
    """The token in an answer with HTTP *status*. Raises BureauUnavailable or BureauRefused."""
    if status == 200:
        try:
            return _read(read_document(body))
        except (NotAnAnswer, Unreadable) as error:
            raise BureauUnavailable("token-unavailable", part=PART) from error
    if status in _REFUSED:
        raise BureauRefused("token-refused", part=PART)
    if status in _NOT_NOW or status >= 500:
        raise BureauUnavailable("token-unavailable", part=PART)
    raise BureauRefused("token-address", part=PART)


def undelivered(failure: BureauFailure) -> BureauUnavailable:
    """The *failure* of a question for a token, which leaves no doubt about the question that needed it."""
    return BureauUnavailable(failure.code, part=PART)


def _read(document: Any) -> Grant:
    token = member(document, "access_token")
    kind = document.get("token_type", "Bearer")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or str(kind).casefold() != "bearer":
        raise Unreadable("not a bearer token")
    lasts = document.get("expires_in", _LIFE_UNTOLD)
    seconds = count(int(lasts) if isinstance(lasts, str) and re.fullmatch("[0-9]{1,9}", lasts) else lasts)
    scope = document.get("scope")
    scopes = frozenset(scope.split()) if isinstance(scope, str) and scope.split() else None
    return Grant(token, min(seconds, _LONGEST_LIFE), scopes)
