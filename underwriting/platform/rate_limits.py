"""How often each caller may ask: in all, and less often where a request costs somebody else something.

A caller is counted by who it is; whoever has not said so, by address, of which a blind index is kept. What is left is
told in the headers of draft-ietf-httpapi-ratelimit-headers, and when to come back in `Retry-After`. `limits` counts;
its extension for Flask would take a third of the time of a machine client's request.
"""

import math

from flask import Flask, Response, g, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from underwriting.platform.callers import current_caller
from underwriting.platform.rate_limit_store import DatabaseStorage, MemoryStorage
from underwriting.platform.runtime import Runtime

_WINDOW_SECONDS = 60
_UNCOUNTED = frozenset({"static", "alive", "ready", "show"})
_SENSITIVE = frozenset(
    {
        *("staff.log_in", "account.pass_code", "account.confirm", "account.change_password", "access.give_token"),
        *("sign_on.start", "sign_on.back"),
        *("signing_page.start_login", "signings.start_signing", "signup.sign", "applications.submit"),
        *("signing_page.open_here", "signings.open_here", "signing_page.come_back"),
        *("agreement_pages.sign", "guarantee_pages.sign", "applications.confirm", "decisions.accept"),
        *("signing_invitations.identify_guarantor", "signing_invitations.identify_signatory"),
        *("applications.invite_again", "named_guarantors.send_again"),
        *("applicant.accept", "applicant.answer", "applications.create", "signup.apply"),
    }
)
"""Guesses at secrets, orders at BankID, and drafts, which anybody may make."""


def register(app: Flask, runtime: Runtime) -> None:
    """Refuse with 429 whoever asks too often; after the caller is known and before anything is done."""
    edge = runtime.settings.edge
    counts = FixedWindowRateLimiter((DatabaseStorage if edge.counts_in_database else MemoryStorage)(runtime=runtime))
    in_all = RateLimitItemPerMinute(edge.per_minute)
    sensitive = RateLimitItemPerMinute(edge.sensitive_per_minute, namespace="sensitive")

    @app.before_request
    def count() -> None:
        if request.endpoint in _UNCOUNTED:
            return
        key = _key(runtime)
        for limit in (in_all, sensitive) if request.endpoint in _SENSITIVE else (in_all,):
            within = counts.hit(limit, key)
            _tell(limit, key, within=within)
            if not within:
                raise TooManyRequests

    def _tell(limit: RateLimitItem, key: str, *, within: bool) -> None:
        """Keep for the answer what is left of the tightest limit so far."""
        window = counts.get_window_stats(limit, key)
        left = window.remaining if within else 0
        if "limit_left" not in g or left <= g.limit_left[1]:
            seconds = math.ceil(window.reset_time - runtime.wall.now().timestamp())
            g.limit_left = limit.amount, left, min(max(1, seconds), _WINDOW_SECONDS)

    @app.after_request
    def tell(response: Response) -> Response:
        if "limit_left" in g:
            most, left, seconds = g.limit_left
            response.headers["RateLimit-Policy"] = f'"minute";q={most};w={_WINDOW_SECONDS}'
            response.headers["RateLimit"] = f'"minute";r={left};t={seconds}'
            if response.status_code == TooManyRequests.code:
                response.headers["Retry-After"] = str(seconds)
        return response


def _key(runtime: Runtime) -> str:
    caller = current_caller()
    if caller.staff_id is not None or caller.client_id is not None or caller.person_index is not None:
        return caller.actor  # but the secret of a draft anybody can make up
    return f"address:{runtime.cipher.blind_index(request.remote_addr or '').hex()[:32]}"
