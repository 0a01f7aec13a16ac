"""Rows of the platform: audit log, idempotency keys, staff, sessions, messages, signs of life, test time."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import Awaited, LoginMethod, Role
from underwriting.platform.database import Base, Identified, one_of


class AuditEntry(Base):
    """One link of one subject's chain; the service may add rows, never change or remove one."""

    __tablename__ = "audit_entry"
    subject: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
    __table_args__ = (
        sa.Index("ix_audit_entry_at", "at", "subject", "sequence"),
        sa.Index("ix_audit_entry_actor", "actor", "at", "subject", "sequence"),
    )


class AuditSeal(Base):
    """One night's seal over the audit log, signed; the service may add seals, never change or remove one."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        sa.CheckConstraint("number >= 1 AND chains >= 0", "counts"),
        sa.CheckConstraint("octet_length(root) = 32 AND octet_length(previous) = 32", "hashes"),
        sa.CheckConstraint("form IN (1, 2)", "form"),
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed_on: Mapped[date] = mapped_column(unique=True)
    at: Mapped[datetime]
    chains: Mapped[int]
    root: Mapped[bytes]
    previous: Mapped[bytes]
    public_key: Mapped[bytes]
    signature: Mapped[bytes]
    form: Mapped[int] = mapped_column(sa.SmallInteger, server_default="1")  # 1: a list of heads, 2: a tree of them


class AuditSealHead(Base):
    """The last entry of one subject's chain, as a seal names it."""

    __tablename__ = "audit_seal_head"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[bytes]
    __table_args__ = (sa.Index("ix_audit_seal_head_subject", "subject", "sequence"),)


class AuditVerification(Identified, Base):
    """One time that the whole log was computed again, and what was found; the service may add, never change one."""

    __tablename__ = "audit_verification"
    __table_args__ = (sa.CheckConstraint("chains >= 0 AND entries >= 0 AND seals >= 0 AND findings >= 0", "counts"),)
    at: Mapped[datetime]
    chains: Mapped[int]
    entries: Mapped[int]
    seals: Mapped[int]
    findings: Mapped[int]
    public_key: Mapped[bytes]


class IdempotencyKey(Base):
    """What one caller's request with one `Idempotency-Key` was answered, or a lease while it is under way (rule A7)."""

    __tablename__ = "idempotency_key"
    __table_args__ = (sa.CheckConstraint("(leased_until IS NULL) <> (answer_encrypted IS NULL)", "leased_or_answered"),)
    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(index=True)
    leased_until: Mapped[datetime | None]  # by the machine's clock
    answer_encrypted: Mapped[bytes | None]  # status, headers and body


class StaffUser(Identified, Base):
    """One person on the lender's staff."""

    __tablename__ = "staff_user"
    __table_args__ = (
        sa.CheckConstraint(one_of("role", Role), "role"),
        sa.CheckConstraint("(sign_on_issuer IS NULL) = (sign_on_subject IS NULL)", "sign_on"),
        sa.UniqueConstraint("sign_on_issuer", "sign_on_subject"),
        sa.CheckConstraint("authority_ore >= 0", "authority"),
    )
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]  # None: logs in by the identity provider alone
    role: Mapped[str]
    personal_index: Mapped[bytes | None]  # who the user is, so that nobody decides on themselves (D8)
    authority_ore: Mapped[int | None]  # the highest limit given alone, where below the role's own (D8)
    personal_encrypted: Mapped[bytes | None]  # the same, so that it can be indexed anew
    created_at: Mapped[datetime]
    failed_attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    locked_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    second_factor_encrypted: Mapped[bytes | None]
    second_factor_step: Mapped[int | None]  # the last that was used: none is used twice
    enrolment_encrypted: Mapped[bytes | None]  # a second factor that has not been confirmed by a code
    sign_on_issuer: Mapped[str | None]
    sign_on_subject: Mapped[str | None]


class RecoveryCode(Identified, Base):
    """One code that stands in for a member of staff's second factor, once; the code itself is not kept."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (sa.UniqueConstraint("staff_user_id", "code_hash"),)
    staff_user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("staff_user.id"))
    code_hash: Mapped[bytes]
    used_at: Mapped[datetime | None]


class LoginSession(Identified, Base):
    """A logged-in member of staff, or a person identified by BankID; the token itself is not kept."""

    __tablename__ = "login_session"
    __table_args__ = (
        sa.CheckConstraint("(staff_user_id IS NULL) <> (person_index IS NULL)", "one_holder"),
        sa.CheckConstraint(one_of("method", LoginMethod), "method"),
        sa.CheckConstraint(f"awaits IS NULL OR {one_of('awaits', Awaited)}", "awaits"),
        sa.Index("ix_login_session_staff", "staff_user_id", postgresql_where=sa.text("ended_at IS NULL")),
    )
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    staff_user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("staff_user.id"))
    person_index: Mapped[bytes | None] = mapped_column(index=True)
    person_encrypted: Mapped[bytes | None]
    method: Mapped[str] = mapped_column(server_default="password")  # for the program before it, as the next one
    awaits: Mapped[str | None]  # what is still to be shown before the session opens anything
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(server_default=sa.text("now()"))  # to the minute
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OutboxMessage(Identified, Base):
    """A message written in the transaction that causes it; its recipient and body are personal data."""

    __tablename__ = "outbox_message"
    business_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    recipient_encrypted: Mapped[bytes]
    content_encrypted: Mapped[bytes]
    created_at: Mapped[datetime]


class WorkerHeartbeat(Base):
    """The latest sign of life of one worker; instants are the machine's clock's."""

    __tablename__ = "worker_heartbeat"
    worker: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class TestClockRow(Base):
    """The instant at which test time stands (rule X1); no row means the machine's clock."""

    __test__ = False  # pytest: not a test case
    __tablename__ = "test_clock"
    __table_args__ = (sa.CheckConstraint("id = 1", "single"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
