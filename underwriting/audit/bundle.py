"""An exported file, read: its lines by what they are. Needs nothing but the file."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.text import Text
from underwriting.platform.audit_seal import Seal


class ExportUnreadable(InvalidInput):
    """The file is not an export of the audit log, or a line of it cannot be read."""

    slug = "export-unreadable"

    def __init__(self, line: int) -> None:
        super().__init__(
            Text(
                f"Rad {line} kan inte läsas som en rad i en export av granskningsloggen",
                f"Line {line} cannot be read as a line of an export of the audit log",
            )
        )


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    """One entry of a chain."""

    subject: str
    sequence: int
    action: str
    actor: str
    at: datetime
    data: Mapping[str, Any]
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class ExportedSeal:
    """A seal as it was published: the signed text and what it says."""

    seal: Seal
    document: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class ExportedHead:
    """A head that the seal of a number is said to name, with its way to the root; or one of a whole list."""

    seal: int
    subject: str
    sequence: int
    hash: bytes
    place: int
    path: tuple[bytes, ...]


@dataclass
class Bundle:
    """The lines of a file."""

    public_key: bytes = b""
    about: str = ""
    exported_at: str = ""
    ends: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # by chain: its last entry
    named_seals: tuple[int, ...] = ()
    entries: dict[str, list[ExportedEntry]] = field(default_factory=dict)
    seals: dict[int, ExportedSeal] = field(default_factory=dict)
    heads: list[ExportedHead] = field(default_factory=list)
    lists: dict[int, list[tuple[str, int, bytes]]] = field(default_factory=dict)
    signature: bytes | None = None
    is_whole: bool = False  # the last line counts and hashes those before it rightly
    lines: int = 0
    digest: bytes = b""


def read(lines: Iterable[bytes]) -> Bundle:
    """The bundle that *lines* make. Raises ExportUnreadable."""
    bundle, digest, number = Bundle(), hashlib.sha256(), 0
    for number, line in enumerate(lines, 1):
        try:
            _take(bundle, json.loads(line), before=digest.digest(), count=number - 1)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ExportUnreadable(number) from error
        digest.update(line)
    if number == 0:
        raise ExportUnreadable(1)
    return bundle


def _take(bundle: Bundle, value: Any, *, before: bytes, count: int) -> None:
    kind = value["kind"]
    if kind == "bundle":
        bundle.public_key, bundle.about = bytes.fromhex(value["public_key"]), str(value["of"])
        bundle.exported_at = str(value["exported_at"])
        bundle.ends = {str(name): (int(end[0]), bytes.fromhex(end[1])) for name, end in value["chains"].items()}
        bundle.named_seals = tuple(map(int, value["seals"]))
    elif kind == "entry":
        entry = _entry(value)
        bundle.entries.setdefault(entry.subject, []).append(entry)
    elif kind == "seal":
        bundle.seals[int(value["number"])] = _seal(value)
    elif kind == "head":
        subject, sequence, sealed = value["head"]
        path = tuple(bytes.fromhex(one) for one in value["path"])
        place = (int(value["place"]), path)
        bundle.heads.append(ExportedHead(int(value["seal"]), subject, int(sequence), bytes.fromhex(sealed), *place))
    elif kind == "list":
        bundle.lists[int(value["seal"])] = [
            (str(one), int(at), bytes.fromhex(sealed)) for one, at, sealed in value["heads"]
        ]
    elif kind == "end":
        bundle.signature, bundle.lines = bytes.fromhex(value["signature"]), count
        bundle.digest = before
        bundle.is_whole = (int(value["lines"]), value["sha256"]) == (count, before.hex())
    else:
        raise ValueError(kind)


def _entry(value: Mapping[str, Any]) -> ExportedEntry:
    at = datetime.fromisoformat(value["at"])
    if at.tzinfo is None or not isinstance(value["data"], dict):
        raise ValueError("an instant without its zone, or data that are none")
    return ExportedEntry(
        subject=str(value["subject"]),
        sequence=int(value["sequence"]),
        action=str(value["action"]),
        actor=str(value["actor"]),
        at=at,
        data=value["data"],
        previous_hash=bytes.fromhex(value["previous_hash"]),
        hash=bytes.fromhex(value["hash"]),
    )


def _seal(value: Mapping[str, Any]) -> ExportedSeal:
    said = json.loads(value["document"])
    seal = Seal(
        number=int(said["number"]),
        sealed_on=date.fromisoformat(said["sealed_on"]),
        at=datetime.fromisoformat(said["at"]),
        chains=int(said["chains"]),
        root=bytes.fromhex(said["root"]),
        previous=bytes.fromhex(said["previous"]),
        public_key=bytes.fromhex(said["public_key"]),
        form=int(said.get("form", 1)),
    )
    return ExportedSeal(seal, value["document"].encode(), bytes.fromhex(value["signature"]))
