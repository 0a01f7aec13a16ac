"""Rows of data keys: wrapped, retired, destroyed; and of what a rotation of the index key has changed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, Identified


class DataKeyRow(Identified, Base):
    """The data key of one subject. A *retired* one only opens; a *destroyed* one is gone, and its subject erased."""

    __tablename__ = "data_key"
    __table_args__ = (
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL) AND (wrapped IS NULL) = (version IS NULL)", "destroyed"
        ),
        sa.Index("uq_data_key_subject", "subject", unique=True, postgresql_where=sa.text("retired_at IS NULL")),
        sa.Index("ix_data_key_version", "version", "id", postgresql_where=sa.text("wrapped IS NOT NULL")),
    )
    subject: Mapped[str]  # names a matter by its id, never a person
    version: Mapped[int | None] = mapped_column(sa.Integer)  # of the key that wraps it
    wrapped: Mapped[bytes | None]
    retired_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    destroyed_because: Mapped[str | None]  # the kind of data whose time was over, or the request


class KeyMilestone(Base):
    """Something about all that is stored which, once true, stays true."""

    __tablename__ = "key_milestone"
    name: Mapped[str] = mapped_column(primary_key=True)
    reached_at: Mapped[datetime]


class IndexRotation(Base):
    """A rotation of the index key to one *version*, which counts from when it is finished."""

    __tablename__ = "index_rotation"
    __table_args__ = (sa.CheckConstraint("version > 1", "version"),)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class IndexAlias(Base):
    """What stands in every row in the place of an older index, while a rotation is under way."""

    __tablename__ = "index_alias"
    old: Mapped[bytes] = mapped_column(primary_key=True)
    anew: Mapped[bytes]
