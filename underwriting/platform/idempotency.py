"""`Idempotency-Key` (rule A7): the same caller, key and body give the same answer for 24 hours.

The answer is written in the transaction that does the work: a process that dies between the two has done neither. While
a request is under way its key is held by an advisory lock, so that a second one is told so at once.
"""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ParamSpec

import sqlalchemy as sa
from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from underwriting.kernel.errors import Conflict, InvalidInput, Refusal
from underwriting.kernel.text import Text
from underwriting.platform import problems
from underwriting.platform.authentication import current_caller
from underwriting.platform.models import IdempotencyKey
from underwriting.platform.runtime import Runtime

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 128
_CONTEXT = "idempotency_key.answer"
_ARGUMENTS = ParamSpec("_ARGUMENTS")


class IdempotencyKeyReused(InvalidInput):
    """The key was used for another body. Rule A7."""

    slug = "idempotency-key-reused"
    title = Text("Nyckeln har redan använts för en annan begäran", "The key was used for another request")
    rule = "A7"


class RequestInFlight(Conflict):
    """The first request with this key has not been answered yet. Rule A7."""

    slug = "request-in-flight"
    title = Text(
        "Samma begäran behandlas just nu; vänta och försök igen", "The same request is under way; wait and try again"
    )
    rule = "A7"


class IdempotencyKeyMalformed(InvalidInput):
    """The header is empty, too long or holds something else than visible ASCII. Rule A7."""

    slug = "idempotency-key-malformed"
    title = Text("Idempotency-Key ska vara 1 till 128 synliga tecken", "Idempotency-Key is 1 to 128 visible characters")
    rule = "A7"


@dataclass(frozen=True, slots=True)
class _Stored:
    status: int
    headers: dict[str, str]
    body: str


def idempotent(
    runtime: Runtime, *, asks_outside_party: bool = False
) -> Callable[[Callable[_ARGUMENTS, ResponseReturnValue]], Callable[_ARGUMENTS, Response]]:
    """Decorate a view that writes. A request without the header is carried out as it is.

    With *asks_outside_party* the view opens transactions of its own, since none may be open while an outside party is
    asked; its answer is then kept right after it.
    """

    def decorate(view: Callable[_ARGUMENTS, ResponseReturnValue]) -> Callable[_ARGUMENTS, Response]:
        @functools.wraps(view)
        def with_key(*args: _ARGUMENTS.args, **kwargs: _ARGUMENTS.kwargs) -> Response:
            key = request.headers.get("Idempotency-Key")
            if key is None:
                return make_response(view(*args, **kwargs))
            _check_form(key)
            claim = _Claim(runtime, caller=current_caller().actor, key=key, request_hash=_request_hash())
            run = claim.beside if asks_outside_party else claim.within
            return run(lambda: make_response(view(*args, **kwargs)))

        return with_key

    return decorate


@dataclass(frozen=True)
class _Claim:
    runtime: Runtime
    caller: str
    key: str
    request_hash: bytes

    def within(self, work: Callable[[], Response]) -> Response:
        """Work and answer in one transaction; a refusal undoes the work and is kept as the answer."""
        at = self.runtime.clock.now()
        try:
            with self.runtime.database.transaction() as session:
                earlier = self._earlier(session, at)
                if earlier is not None:
                    return earlier
                response = work()
                self._keep(session, response, at)
                return response
        except (IdempotencyKeyReused, RequestInFlight):
            raise
        except Refusal as refusal:
            response = problems.answer(problems.problem_of(refusal))
            if response.status_code < 500:
                with self.runtime.database.transaction() as session:
                    self._keep(session, response, at)
            return response

    def beside(self, work: Callable[[], Response]) -> Response:
        """The answer is kept after the work, in a transaction of its own."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            earlier = self._earlier(session, at)
        if earlier is not None:
            return earlier
        response = work()
        with self.runtime.database.transaction() as session:
            self._keep(session, response, at)
        return response

    def _earlier(self, session: Session, at: datetime) -> Response | None:
        held = session.execute(
            sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 1))"),
            {"name": f"{self.caller}\n{self.key}"},
        ).scalar_one()
        if not held:
            raise RequestInFlight
        row = session.get(IdempotencyKey, (self.caller, self.key))
        if row is None:
            return None
        if row.created_at + KEPT_FOR <= at:
            session.delete(row)
            session.flush()
            return None
        if row.request_hash != self.request_hash:
            raise IdempotencyKeyReused
        stored: dict[str, Any] = self.runtime.cipher.decrypt_json(row.answer_encrypted, context=_CONTEXT)
        return _rebuild(_Stored(**stored))

    def _keep(self, session: Session, response: Response, at: datetime) -> None:
        headers = {
            name: value for name, value in response.headers.items() if name in ("Content-Type", "Location", "ETag")
        }
        stored = {"status": response.status_code, "headers": headers, "body": response.get_data(as_text=True)}
        session.execute(
            insert(IdempotencyKey)
            .values(
                caller=self.caller,
                key=self.key,
                request_hash=self.request_hash,
                created_at=at,
                answer_encrypted=self.runtime.cipher.encrypt_json(stored, context=_CONTEXT),
            )
            .on_conflict_do_nothing()
        )


def _rebuild(stored: _Stored) -> Response:
    response = Response(stored.body, status=stored.status, headers=stored.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _check_form(key: str) -> None:
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise IdempotencyKeyMalformed


def _request_hash() -> bytes:
    return hashlib.sha256(b"\n".join([request.method.encode(), request.path.encode(), request.get_data()])).digest()
