"""Rows of machine clients: who they are, their keys, and the tokens that their keys were exchanged for."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, Identified


class MachineClient(Identified, Base):
    """One program that calls the interface in its own name."""

    __tablename__ = "machine_client"
    name: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ClientKey(Identified, Base):
    """One key of a machine client; of its secret only the hash is kept."""

    __tablename__ = "client_key"
    client_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("machine_client.id"), index=True)
    secret_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # to the minute
    revoked_at: Mapped[datetime | None]


class ClientToken(Base):
    """A short-lived token that a key was exchanged for (RFC 6749, 4.4); the token itself is not kept."""

    __tablename__ = "client_token"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    key_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("client_key.id"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    expires_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_client_token_key", "key_id", "expires_at"),)
