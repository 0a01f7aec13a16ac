"""Machine clients: made by an administrator, each with scopes and keys of its own.

A key is `bk_{id}_{secret}` with 256 random bits of secret, which are kept as their SHA-256. It is sent as it is, or
exchanged for a token that lasts ten minutes. A new key lets the ones before it count a week longer, so that the client
can be changed over without a pause. Keys and tokens end by the machine's clock.
"""

import hmac
import re
import secrets
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, LoginRequired, NotFound
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Scope
from underwriting.platform import audit_log
from underwriting.platform.callers import Caller
from underwriting.platform.client_models import ClientKey, ClientToken, MachineClient
from underwriting.platform.runtime import Runtime
from underwriting.platform.sessions import token_hash

KEY_PREFIX = "bk_"
TOKEN_PREFIX = "bt_"  # noqa: S105 (how one begins)
TOKEN_LASTS = timedelta(minutes=10)
KEY_DAYS = 365
MOST_KEY_DAYS = 730
OVERLAP = timedelta(days=7)
LONGEST_NAME = 100
_USED_EVERY = timedelta(minutes=1)
_KEY = re.compile(r"bk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")

_FIND_KEY = (
    sa.select(ClientKey.id, ClientKey.secret_hash, ClientKey.last_used_at, ClientKey.client_id, MachineClient.scopes)
    .join(MachineClient, MachineClient.id == ClientKey.client_id)
    .where(
        ClientKey.id == sa.bindparam("key_id"),
        ClientKey.revoked_at.is_(None),
        ClientKey.expires_at > sa.bindparam("now"),
        MachineClient.disabled_at.is_(None),
    )
)
_FIND_TOKEN = (
    sa.select(ClientToken.scopes, ClientKey.client_id, MachineClient.scopes.label("allowed"))
    .join(ClientKey, ClientKey.id == ClientToken.key_id)
    .join(MachineClient, MachineClient.id == ClientKey.client_id)
    .where(
        ClientToken.token_hash == sa.bindparam("token_hash"),
        ClientToken.expires_at > sa.bindparam("now"),
        ClientKey.revoked_at.is_(None),
        ClientKey.expires_at > sa.bindparam("now"),
        MachineClient.disabled_at.is_(None),
    )
)
_ISSUE = sa.text("""
    WITH over AS (DELETE FROM client_token WHERE key_id = :key_id AND expires_at <= :now)
    INSERT INTO client_token (token_hash, key_id, scopes, expires_at) VALUES (:token_hash, :key_id, :scopes, :until)
""")

_KeyRow: TypeAlias = sa.Row[uuid.UUID, bytes, datetime | None, uuid.UUID, list[str]]

_NO_NAME = Text(f"Ange ett namn på högst {LONGEST_NAME} tecken", f"Give a name of at most {LONGEST_NAME} characters")
_NO_SCOPE = Text("Välj minst en behörighet", "Choose at least one scope")
_NO_DAYS = Text(f"Ange 1 till {MOST_KEY_DAYS} dagar", f"Give 1 to {MOST_KEY_DAYS} days")


class ClientRefused(LoginRequired):
    """There is no such key, its secret is another, or it counts no more."""

    slug = "client-refused"
    title = Text("Nyckeln gäller inte", "The key does not count")


class ScopeNotAllowed(InvalidInput):
    """A token is asked for with a scope that the client does not have."""

    slug = "scope-not-allowed"
    title = Text("Klienten har inte den behörigheten", "The client does not have that scope")


class ClientNameTaken(Conflict):
    """There is a client of that name."""

    slug = "client-name-taken"
    title = Text("Det finns redan en klient med det namnet", "There is a client of that name already")


class ClientDisabled(Conflict):
    """The client is disabled and gets no keys."""

    slug = "client-disabled"
    title = Text("Klienten är avstängd", "The client is disabled")


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as an administrator sees it; `counts` tells whether it lets anybody in at this moment."""

    id: uuid.UUID
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    counts: bool


@dataclass(frozen=True, slots=True)
class ClientView:
    """A machine client with its keys, the newest first."""

    id: uuid.UUID
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    disabled_at: datetime | None
    keys: tuple[KeyView, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """What a key was exchanged for."""

    token: str
    scopes: tuple[Scope, ...]


def add_client(
    runtime: Runtime, name: str, scopes: Collection[Scope], *, days: int = KEY_DAYS, actor: str
) -> tuple[ClientView, str]:
    """A new client and its first key, which counts for *days*. Raises InvalidInput, ClientNameTaken."""
    _check(name, scopes, days)
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        if session.scalar(sa.select(MachineClient.id).where(MachineClient.name == name)) is not None:
            raise ClientNameTaken
        row = MachineClient(name=name, scopes=sorted(set(scopes)), created_at=runtime.wall.now())
        session.add(row)
        session.flush()
        _note(session, row, "added", actor=actor, at=at, scopes=sorted(set(scopes)))
        return _with_new_key(session, runtime, row, days=days, actor=actor, at=at)


def rotate_key(runtime: Runtime, client_id: uuid.UUID, *, days: int = KEY_DAYS, actor: str) -> tuple[ClientView, str]:
    """One more key; the ones before it count a week longer at most. Raises NotFound, ClientDisabled, InvalidInput."""
    if not 1 <= days <= MOST_KEY_DAYS:
        raise InvalidInput(errors=(FieldError("/days", _NO_DAYS),))
    at, ends = runtime.clock.now(), runtime.wall.now() + OVERLAP
    with runtime.database.transaction() as session:
        row = _locked(session, client_id)
        if row.disabled_at:
            raise ClientDisabled
        older = sa.and_(ClientKey.client_id == client_id, ClientKey.expires_at > ends)
        session.execute(sa.update(ClientKey).where(older).values(expires_at=ends))
        return _with_new_key(session, runtime, row, days=days, actor=actor, at=at)


def revoke_key(runtime: Runtime, client_id: uuid.UUID, key_id: uuid.UUID, *, actor: str) -> None:
    """Let a key, and every token that it was exchanged for, count no more from now on. NotFound when there is none."""
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        row = _locked(session, client_id)
        key = session.get(ClientKey, key_id, with_for_update=True)
        if key is None or key.client_id != client_id:
            raise NotFound
        if key.revoked_at is None:
            key.revoked_at = runtime.wall.now()
            _note(session, row, "key_revoked", actor=actor, at=at, key=str(key_id))


def set_scopes(runtime: Runtime, client_id: uuid.UUID, scopes: Collection[Scope], *, actor: str) -> None:
    """Give the client other scopes; tokens that are out lose those that are taken. Raises NotFound, InvalidInput."""
    if not scopes:
        raise InvalidInput(errors=(FieldError("/scopes", _NO_SCOPE),))
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        row = _locked(session, client_id)
        row.scopes = sorted(set(scopes))
        _note(session, row, "scopes_changed", actor=actor, at=at, scopes=row.scopes)


def disable_client(runtime: Runtime, client_id: uuid.UUID, *, actor: str) -> None:
    """Shut the client out with all its keys and tokens, for good. NotFound when there is none."""
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        row = _locked(session, client_id)
        if row.disabled_at is None:
            row.disabled_at = runtime.wall.now()
            _note(session, row, "disabled", actor=actor, at=at)


def list_clients(runtime: Runtime) -> tuple[ClientView, ...]:
    """Every client, by name."""
    with runtime.database.transaction() as session:
        rows = session.scalars(sa.select(MachineClient).order_by(MachineClient.name)).all()
        return tuple(_view(session, runtime, row) for row in rows)


def get_client(runtime: Runtime, client_id: uuid.UUID) -> ClientView:
    """One client; NotFound when there is none."""
    with runtime.database.transaction() as session:
        row = session.get(MachineClient, client_id)
        if row is None:
            raise NotFound
        return _view(session, runtime, row)


def issue_token(runtime: Runtime, key: str, wanted: Iterable[str] | None) -> Token:
    """A token in exchange for *key*, with the *wanted* scopes or else all of the client's (RFC 6749, 4.4).

    Raises ClientRefused, ScopeNotAllowed.
    """
    now = runtime.wall.now()
    with runtime.database.transaction() as session:
        found = _find_key(session, key, now)
        if found is None:
            raise ClientRefused
        chosen = set(found.scopes) if wanted is None else set(wanted)
        if not chosen or not chosen <= set(found.scopes):
            raise ScopeNotAllowed
        token, scopes = TOKEN_PREFIX + secrets.token_urlsafe(32), sorted(chosen)
        issued = {"token_hash": token_hash(token), "key_id": found.id, "scopes": scopes}
        session.execute(_ISSUE, {**issued, "now": now, "until": now + TOKEN_LASTS})
    return Token(token, tuple(map(Scope, scopes)))


def caller_of_key(runtime: Runtime, key: str) -> Caller | None:
    """Whose *key* it is; None unless it counts now."""
    with runtime.database.transaction() as session:
        found = _find_key(session, key, runtime.wall.now())
    return _caller(found.client_id, found.scopes) if found is not None else None


def caller_of_token(runtime: Runtime, token: str) -> Caller | None:
    """Whose *token* it is; None unless it, its key and its client count now."""
    with runtime.database.transaction() as session:
        found = session.execute(_FIND_TOKEN, {"token_hash": token_hash(token), "now": runtime.wall.now()}).one_or_none()
    return _caller(found.client_id, set(found.scopes) & set(found.allowed)) if found is not None else None


def _caller(client_id: uuid.UUID, scopes: Collection[str]) -> Caller:
    return Caller(f"client:{client_id}", client_id=client_id, scopes=frozenset(map(Scope, scopes)))


def _find_key(session: Session, key: str, now: datetime) -> _KeyRow | None:
    """The row of *key*, whose use is noted once a minute."""
    parts = _KEY.fullmatch(key)
    if parts is None:
        return None
    found = session.execute(_FIND_KEY, {"key_id": uuid.UUID(parts[1]), "now": now}).one_or_none()
    if found is None or not hmac.compare_digest(found.secret_hash, token_hash(key)):
        return None
    if found.last_used_at is None or found.last_used_at + _USED_EVERY <= now:
        session.execute(sa.update(ClientKey).where(ClientKey.id == found.id).values(last_used_at=now))
    return found


def _with_new_key(
    session: Session, runtime: Runtime, row: MachineClient, *, days: int, actor: str, at: datetime
) -> tuple[ClientView, str]:
    now, identifier = runtime.wall.now(), uuid.uuid4()
    key = f"{KEY_PREFIX}{identifier.hex}_{secrets.token_urlsafe(32)}"
    session.add(
        ClientKey(
            id=identifier,
            client_id=row.id,
            secret_hash=token_hash(key),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    session.flush()
    _note(session, row, "key_added", actor=actor, at=at, key=str(identifier))
    return _view(session, runtime, row), key


def _locked(session: Session, client_id: uuid.UUID) -> MachineClient:
    row = session.get(MachineClient, client_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _check(name: str, scopes: Collection[Scope], days: int) -> None:
    errors = []
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        errors.append(FieldError("/name", _NO_NAME))
    if not scopes:
        errors.append(FieldError("/scopes", _NO_SCOPE))
    if not 1 <= days <= MOST_KEY_DAYS:
        errors.append(FieldError("/days", _NO_DAYS))
    if errors:
        raise InvalidInput(errors=tuple(errors))


def _view(session: Session, runtime: Runtime, row: MachineClient) -> ClientView:
    now = runtime.wall.now()
    keys = session.scalars(
        sa.select(ClientKey).where(ClientKey.client_id == row.id).order_by(ClientKey.created_at.desc(), ClientKey.id)
    )
    return ClientView(
        row.id,
        row.name,
        tuple(map(Scope, row.scopes)),
        row.created_at,
        row.disabled_at,
        tuple(
            KeyView(
                key.id,
                key.created_at,
                key.expires_at,
                key.last_used_at,
                key.revoked_at,
                counts=key.revoked_at is None and key.expires_at > now and row.disabled_at is None,
            )
            for key in keys
        ),
    )


def _note(
    session: Session, row: MachineClient, what: str, *, actor: str, at: datetime, **data: str | list[str]
) -> None:
    audit_log.append(session, f"client:{row.id}", f"client.{what}", actor=actor, at=at, data=data)
