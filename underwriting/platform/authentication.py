"""Who is asking: staff by password or sign-on, persons by BankID, machine clients by key, the holder of a draft.

A token is 256 random bits and is kept as its SHA-256. It arrives in the `Authorization: Bearer` header (integrators) or
in a cookie (browsers); only the cookie needs a CSRF token on writes.
"""

import secrets
from dataclasses import replace

from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect

from underwriting.platform import machine_clients, sessions
from underwriting.platform.callers import ANONYMOUS, Caller, RoleMissing, ScopeMissing, current_caller
from underwriting.platform.hardening import delete_cookie, has_cookie, read_cookie, set_cookie
from underwriting.platform.runtime import Runtime
from underwriting.platform.sessions import token_hash

__all__ = [
    "ANONYMOUS",
    "DRAFT_COOKIE",
    "SESSION_COOKIE",
    "Caller",
    "RoleMissing",
    "ScopeMissing",
    "csrf",
    "current_caller",
    "delete_cookie",
    "has_cookie",
    "new_draft_secret",
    "read_cookie",
    "register",
    "set_cookie",
    "token_hash",
]

SESSION_COOKIE = "borgen_session"
DRAFT_COOKIE = "borgen_draft"
_DRAFT_PREFIX = "bd_"

csrf = CSRFProtect()


def new_draft_secret() -> tuple[str, bytes]:
    """A secret that opens one draft, and the hash that is kept of it."""
    token = _DRAFT_PREFIX + secrets.token_urlsafe(32)
    return token, token_hash(token)


def register(app: Flask, runtime: Runtime) -> None:
    """Find out who asks before every request, and require a CSRF token where a cookie says who it is."""
    csrf.init_app(app)

    @app.before_request
    def identify() -> None:
        g.caller = ANONYMOUS  # for the page that tells the problem, should the database not answer
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        token = credentials.strip() if scheme.lower() == "bearer" else None
        g.caller = _caller_of(runtime, token, read_cookie(SESSION_COOKIE), read_cookie(DRAFT_COOKIE))
        from_a_page = not request.path.startswith("/v1/")
        by_cookie = token is None and (has_cookie(SESSION_COOKIE) or has_cookie(DRAFT_COOKIE))
        if request.method not in ("GET", "HEAD", "OPTIONS") and (from_a_page or by_cookie):
            csrf.protect()


def _caller_of(runtime: Runtime, bearer: str | None, session_cookie: str | None, draft_cookie: str | None) -> Caller:
    tokens = [bearer] if bearer is not None else [session_cookie, draft_cookie]
    if bearer is not None and bearer.startswith(machine_clients.TOKEN_PREFIX):
        return machine_clients.caller_of_token(runtime, bearer) or ANONYMOUS
    if bearer is not None and bearer.startswith(machine_clients.KEY_PREFIX):
        return machine_clients.caller_of_key(runtime, bearer) or ANONYMOUS
    secret = next((token_hash(token) for token in tokens if token and token.startswith(_DRAFT_PREFIX)), None)
    session_token = next((token for token in tokens if token and token.startswith(sessions.PREFIX)), None)
    caller = sessions.caller_of(runtime, session_token) if session_token else None
    if caller is None:
        return Caller(actor=f"draft:{secret.hex()[:16]}", draft_secret_hash=secret) if secret else ANONYMOUS
    return replace(caller, draft_secret_hash=secret)
