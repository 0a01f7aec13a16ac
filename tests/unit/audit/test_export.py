"""An exported part of the audit log, and what `borgen verify export` says of one that was touched: S3."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from underwriting.audit.bundle import ExportUnreadable, read
from underwriting.audit.bundle_check import FILE, check
from underwriting.audit.export import bundle_of
from underwriting.cli import main
from underwriting.platform import audit_log, audit_seal
from underwriting.platform.audit_chain import Damage, Finding, link
from underwriting.platform.models import AuditEntry, AuditSeal
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
ONE, TWO = "agreement:1", "application:1"
TOUCHED = Finding(FILE, 0, Damage.CHANGED)
Lines = list[dict[str, Any]]


def add(runtime: Runtime, subject: str, *actions: str) -> None:
    with runtime.database.transaction() as session:
        for action in actions:
            audit_log.append(session, subject, action, actor="worker", at=AT, data={"limit": "200000.00"})


def exported(runtime: Runtime) -> Lines:
    key = SealKey(runtime.settings.seal_key.reveal())
    with runtime.database.transaction() as session:
        lines = list(bundle_of(session, [ONE, TWO], about=ONE, key=key, at=AT))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    return [json.loads(line) for line in lines]


def written(lines: Lines) -> list[bytes]:
    return [
        json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for line in lines
    ]


def found(runtime: Runtime, lines: Lines) -> set[Finding]:
    return set(check(read(written(lines)), public_key=SealKey(runtime.settings.seal_key.reveal()).public))


@pytest.fixture
def lines(runtime: Runtime) -> Lines:
    """Two chains, two nights' seals among those of others, and an entry after the last seal."""
    for other in range(5):
        add(runtime, f"agreement:other-{other}", "agreement.granted")
    add(runtime, ONE, "agreement.granted", "agreement.signed")
    add(runtime, TWO, "application.created")
    audit_seal.seal(runtime, DAY)
    add(runtime, ONE, "agreement.paid_out")
    add(runtime, "agreement:other-1", "agreement.signed")
    audit_seal.seal(runtime, DAY + timedelta(days=1))
    add(runtime, ONE, "agreement.settled")
    return exported(runtime)


def entry(lines: Lines, sequence: int, subject: str = ONE) -> dict[str, Any]:
    return next(line for line in lines if line.get("subject") == subject and line.get("sequence") == sequence)


def seal(lines: Lines, number: int) -> dict[str, Any]:
    return next(line for line in lines if line["kind"] == "seal" and line["number"] == number)


def forged(sequence: int, previous: str) -> dict[str, Any]:
    at = AT + timedelta(minutes=1)
    own = link(bytes.fromhex(previous), ONE, sequence, "agreement.forged", "worker", at, {})
    told = {"action": "agreement.forged", "actor": "worker", "at": at.isoformat(timespec="microseconds"), "data": {}}
    return {"kind": "entry", "subject": ONE, "sequence": sequence, "previous_hash": previous, "hash": own.hex(), **told}


def test_an_untouched_export_is_whole_and_holds_its_chains_and_seals(runtime: Runtime, lines: Lines) -> None:
    """S3: with the way of every sealed head to the seal's root, and nothing of other chains."""
    assert found(runtime, lines) == set()
    assert [line["kind"] for line in lines] == [
        "bundle", *["entry"] * 5, "seal", "head", "head", "seal", "head", "end",
    ]  # fmt: skip
    assert "other" not in json.dumps(lines)


def change(lines: Lines) -> None:
    entry(lines, 2)["actor"] = "staff:1"


def change_with_its_hash(lines: Lines) -> None:
    line = entry(lines, 2)
    line |= forged(2, line["previous_hash"])


def remove_middle(lines: Lines) -> None:
    lines.remove(entry(lines, 2))


def remove_last(lines: Lines) -> None:
    lines.remove(entry(lines, 4))


def remove_sealed_last(lines: Lines) -> None:
    remove_last(lines)
    lines.remove(entry(lines, 3))


def remove_chain(lines: Lines) -> None:
    lines.remove(entry(lines, 1, TWO))


def insert(lines: Lines) -> None:
    """Between the first and the second, those after it moved up."""
    for sequence in (4, 3, 2):
        entry(lines, sequence)["sequence"] = sequence + 1
    lines.insert(2, forged(2, entry(lines, 1)["hash"]))


def insert_beside(lines: Lines) -> None:
    """Another one of the same number."""
    lines.insert(2, forged(2, entry(lines, 1)["hash"]))


def add_at_the_end(lines: Lines) -> None:
    lines.insert(5, forged(5, entry(lines, 4)["hash"]))


def swap_seals(lines: Lines) -> None:
    first, second = seal(lines, 1), seal(lines, 2)
    first["number"], second["number"] = 2, 1


def change_seal(lines: Lines) -> None:
    line = seal(lines, 2)
    line["document"] = line["document"].replace("2026-03-03", "2026-03-04")


def remove_seal(lines: Lines) -> None:
    lines.remove(seal(lines, 2))


def change_head(lines: Lines) -> None:
    head = next(line for line in lines if line["kind"] == "head" and line["seal"] == 2)
    head["path"][0] = "00" * 32


def sign_anew(lines: Lines) -> None:
    """By another key, every hash right."""
    key = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    lines[-1]["signature"] = key.sign(b"anything").hex()


def cut_off(lines: Lines) -> None:
    del lines[-1]


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (change, {Finding(ONE, 2, Damage.CHANGED)}),
        (change_with_its_hash, {Finding(ONE, 2, Damage.CHANGED)}),
        (remove_middle, {Finding(ONE, 2, Damage.REMOVED)}),
        (remove_last, {Finding(ONE, 4, Damage.REMOVED)}),
        (remove_sealed_last, {Finding(ONE, 3, Damage.REMOVED), Finding(ONE, 4, Damage.REMOVED)}),
        (remove_chain, {Finding(TWO, 1, Damage.CHAIN_REMOVED)}),
        (insert, {Finding(ONE, 2, Damage.INSERTED)}),
        (insert_beside, {Finding(ONE, 2, Damage.INSERTED)}),
        (add_at_the_end, set()),
        (swap_seals, {Finding("seal", 1, Damage.SEAL_BROKEN), Finding("seal", 2, Damage.SEAL_BROKEN)}),
        (change_seal, {Finding("seal", 2, Damage.SEAL_BROKEN)}),
        (remove_seal, {Finding("seal", 2, Damage.SEAL_BROKEN), Finding("seal", 2, Damage.SEAL_MISSING)}),
        (change_head, {Finding("seal", 2, Damage.SEAL_BROKEN)}),
        (sign_anew, set()),
        (cut_off, set()),
    ],
)
def test_whatever_is_done_to_an_export_is_found_and_located(
    runtime: Runtime, lines: Lines, tamper: Callable[[Lines], None], expected: set[Finding]
) -> None:
    """S3: the row is named, and the file's own signature does not fit either."""
    tamper(lines)
    assert found(runtime, lines) == expected | {TOUCHED}


def test_what_was_done_to_the_database_before_it_was_exported_shows_by_the_seals(
    runtime: Runtime, lines: Lines
) -> None:
    """S3: the file is as it was exported; what it holds is not what was sealed."""
    with runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        session.execute(sa.delete(AuditEntry).where(AuditEntry.subject == ONE, AuditEntry.sequence >= 3))
    assert found(runtime, exported(runtime)) == {Finding(ONE, 3, Damage.REMOVED)}


def test_a_seal_of_the_first_form_comes_with_its_whole_list(runtime: Runtime) -> None:
    """S3: seals that were made before heads stood under a tree are still worth something."""
    add(runtime, ONE, "agreement.granted")
    add(runtime, "agreement:other", "agreement.granted")
    audit_seal.seal(runtime, DAY)
    with runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        row = session.scalars(sa.select(AuditSeal)).one()
        row.form, row.root = 1, audit_seal.root_of(session, 1, form=1)[1]
        row.signature = SealKey(runtime.settings.seal_key.reveal()).sign(audit_seal.seal_of(row).document())
        session.flush()
    lines = exported(runtime)
    assert found(runtime, lines) == set()
    listed = next(line for line in lines if line["kind"] == "list")
    assert [head[0] for head in listed["heads"]] == [ONE, "agreement:other"]
    listed["heads"][1][1] = 2
    assert Finding("seal", 1, Damage.SEAL_BROKEN) in found(runtime, lines)


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (b"", 1),
        (b"nothing\n", 1),
        (b"[]\n", 1),
        (b'{"kind":"other"}\n', 1),
        (b'{"kind":"entry","subject":"a"}\n', 1),
        (b'{"kind":"seal","number":"x","document":"{}","signature":""}\n', 1),
        (b"[" * 100_000 + b"\n", 1),
    ],
)
def test_what_is_no_export_is_refused_by_its_line(content: bytes, number: int) -> None:
    with pytest.raises(ExportUnreadable, match=f"Line {number} "):
        read(content.splitlines(keepends=True))


def test_the_command_needs_nothing_but_the_file_and_the_public_key(
    runtime: Runtime, lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3: exit code 0 for a whole file; else 1 and the entry by name."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("BORGEN_HOME", str(tmp_path))
    public = SealKey(runtime.settings.seal_key.reveal()).public.hex()
    command = ["verify", "export", "-", "--public-key", public]
    whole = CliRunner().invoke(main, command, input=b"".join(written(lines)))
    assert (whole.exit_code, whole.output) == (
        0,
        "2 chains, 5 entries, 2 seals: nothing was changed, removed or inserted\n",
    )
    remove_middle(lines)
    touched = CliRunner().invoke(main, command, input=b"".join(written(lines)))
    assert touched.exit_code == 1
    assert f"{ONE}  entry 2: removed" in touched.output
    other = CliRunner().invoke(main, [*command[:-1], "00" * 31], input=b"")
    assert other.exit_code == 2
    assert "is not 32 bytes in hexadecimal" in other.output
