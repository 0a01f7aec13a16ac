"""`Idempotency-Key` (rule A7): the same caller, key and body give the same answer for 24 hours.

Who has not said who they are is told apart by address: a stranger who guesses a key must not be given another's answer,
which may hold the secret of a draft.

The answer is written in the transaction that does the work: a process that dies between the two has done neither. While
a request is under way its key is held, by an advisory lock or by a lease where an outside party is asked, so that a
second one is told so at once.
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

from underwriting.kernel.errors import Conflict, InvalidInput, Outdated, Refusal, Unavailable
from underwriting.kernel.text import Text
from underwriting.platform import problems
from underwriting.platform.authentication import ANONYMOUS, current_caller
from underwriting.platform.models import IdempotencyKey
from underwriting.platform.runtime import Runtime

KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=2)  # longer than any outside party is waited for
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
    asked; its answer is then kept right after it. An answer that the same request may better later (503) is not kept.
    """

    def decorate(view: Callable[_ARGUMENTS, ResponseReturnValue]) -> Callable[_ARGUMENTS, Response]:
        @functools.wraps(view)
        def with_key(*args: _ARGUMENTS.args, **kwargs: _ARGUMENTS.kwargs) -> Response:
            key = request.headers.get("Idempotency-Key")
            if key is None:
                return make_response(view(*args, **kwargs))
            _check_form(key)
            claim = _Claim(runtime, caller=_caller(runtime), key=key, request_hash=_request_hash())
            run = claim.beside if asks_outside_party else claim.within
            return run(lambda: make_response(view(*args, **kwargs)))

        return with_key

    return decorate


def check_key() -> None:
    """Raise IdempotencyKeyMalformed where the request shows a key of no such form; for a view that uses none."""
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        _check_form(key)


def forget_old(runtime: Runtime) -> int:
    """Delete the answers that nobody can ask for any more; how many."""
    over = sa.delete(IdempotencyKey).where(IdempotencyKey.created_at <= runtime.clock.now() - KEPT_FOR)
    with runtime.database.transaction() as session:
        return len(session.execute(over.returning(IdempotencyKey.key)).all())


@dataclass(frozen=True)
class _Claim:
    runtime: Runtime
    caller: str
    key: str
    request_hash: bytes

    def within(self, work: Callable[[], Response]) -> Response:
        """Work and answer in one transaction; a refusal undoes the work and is kept as the answer."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            earlier = self._earlier(session, at)
            if earlier is not None:
                return earlier

            def work_or_undo() -> Response:
                with session.begin_nested():
                    return work()

            response = _answered(work_or_undo)
            self._keep(session, response, at)
            return response

    def beside(self, work: Callable[[], Response]) -> Response:
        """Work between two transactions: the first leases the key, the second keeps the answer.

        When there is none to keep the key is free again; when the process dies, after the lease.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            earlier = self._earlier(session, at)
            if earlier is not None:
                return earlier
            self._lease(session, at)
        try:
            response = _answered(work)
        except BaseException:
            with self.runtime.database.transaction() as session:
                session.execute(
                    sa.delete(IdempotencyKey).where(self._is_mine, IdempotencyKey.answer_encrypted.is_(None))
                )
            raise
        with self.runtime.database.transaction() as session:
            self._keep(session, response, at)
        return response

    @property
    def _is_mine(self) -> sa.ColumnElement[bool]:
        return sa.and_(IdempotencyKey.caller == self.caller, IdempotencyKey.key == self.key)

    def _earlier(self, session: Session, at: datetime) -> Response | None:
        """The answer that was kept, or None when the key is free; the key is then held to the transaction's end."""
        held = session.execute(
            sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 1))"),
            {"name": f"{self.caller}\n{self.key}"},
        ).scalar_one()
        if not held:
            raise RequestInFlight
        row = session.scalar(sa.select(IdempotencyKey).where(self._is_mine))
        if row is None:
            return None
        if row.created_at + KEPT_FOR <= at or (row.leased_until and row.leased_until <= self.runtime.wall.now()):
            session.delete(row)
            session.flush()
            return None
        if row.request_hash != self.request_hash:
            raise IdempotencyKeyReused
        if row.answer_encrypted is None:
            raise RequestInFlight
        stored: dict[str, Any] = self.runtime.cipher.decrypt_json(row.answer_encrypted, context=_CONTEXT)
        return _rebuild(_Stored(**stored))

    def _lease(self, session: Session, at: datetime) -> None:
        until = self.runtime.wall.now() + LEASE
        session.add(
            IdempotencyKey(
                caller=self.caller, key=self.key, request_hash=self.request_hash, created_at=at, leased_until=until
            )
        )

    def _keep(self, session: Session, response: Response, at: datetime) -> None:
        headers = {
            name: value for name, value in response.headers.items() if name in ("Content-Type", "Location", "ETag")
        }
        stored = {"status": response.status_code, "headers": headers, "body": response.get_data(as_text=True)}
        answer = {
            "request_hash": self.request_hash,
            "created_at": at,
            "leased_until": None,
            "answer_encrypted": self.runtime.cipher.encrypt_json(stored, context=_CONTEXT),
        }
        session.execute(
            insert(IdempotencyKey)
            .values(caller=self.caller, key=self.key, **answer)
            .on_conflict_do_update(
                index_elements=["caller", "key"], set_=answer, where=IdempotencyKey.answer_encrypted.is_(None)
            )
        )


def _answered(work: Callable[[], Response]) -> Response:
    """What *work* answers; a refusal is an answer too, unless the same request may succeed later: asked again with the
    tag of the thing as it is, for example."""
    try:
        return work()
    except (Unavailable, Outdated):
        raise
    except Refusal as refusal:
        return problems.answer(problems.problem_of(refusal))


def _rebuild(stored: _Stored) -> Response:
    response = Response(stored.body, status=stored.status, headers=stored.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _caller(runtime: Runtime) -> str:
    """Whose key it is. Of an address only its blind index is kept: it is a person's.

    What proxies say of the way here is part of it. A caller can lie in that, and only narrows whom the key is shared
    with: a proxy adds the true address to the lie.
    """
    actor = current_caller().actor
    if actor != ANONYMOUS.actor:
        return actor
    way = " ".join((*request.access_route, request.remote_addr or ""))
    return f"{actor}:{runtime.cipher.blind_index(way).hex()[:32]}"


def _check_form(key: str) -> None:
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise IdempotencyKeyMalformed


def _request_hash() -> bytes:
    return hashlib.sha256(b"\n".join([request.method.encode(), request.path.encode(), request.get_data()])).digest()
