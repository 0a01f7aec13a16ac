"""A decision's passport, and the nightly replay: what was decided can be shown, checked and done again."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import LONG
from tests.support.lending import LendingWorld
from underwriting.decisions.jobs import daily_jobs
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.passport import verify
from underwriting.decisions.services.export_passport import export
from underwriting.decisions.services.record_decision import TRACE_CONTEXT, trace_text
from underwriting.decisions.services.replay_decision import replay
from underwriting.decisions.services.replay_sample import ReplayDiffers, Sampled
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import RoleMissing
from underwriting.platform.callers import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.job_alarms import open_alarms
from underwriting.platform.job_models import AlarmReason
from underwriting.platform.message_models import Event
from underwriting.platform.progress import unheard
from underwriting.platform.scheduler import Jobs
from underwriting.platform.seal_key import SealKey, is_signed

NIGHT = date(2026, 3, 3)


def decided(world: LendingWorld) -> DecisionRow:
    world.submitted(world.body())
    assert world.decisions.assess_due() == 1
    with world.runtime.database.transaction() as session:
        return session.scalars(sa.select(DecisionRow)).one()


def exported(world: LendingWorld, row: DecisionRow) -> bytes:
    with world.runtime.database.transaction() as session:
        return export(session, world.runtime, row.id, world.staff(), at=world.runtime.clock.now())


def signed_by_us(world: LendingWorld) -> Callable[[bytes, bytes], bool]:
    public = SealKey(world.runtime.settings.seal_key.reveal()).public
    return lambda content, signature: is_signed(content, signature, public=public)


def rebuilt(passport: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    content = json.loads(passport)
    change(content)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_passport_is_whole_and_tells_everything(world: LendingWorld) -> None:
    """D15: inputs, report hashes, policy, trace, price, offer text, overrides, signatures."""
    row = decided(world)
    passport = exported(world, row)
    assert verify(passport, is_signed=signed_by_us(world)) == []
    contents = {one["name"]: one["content"] for one in json.loads(passport)["sections"]}
    assert contents["decision"]["outcome"] == "approved"
    assert contents["decision"]["limit"] == "200000.00"
    assert contents["reports"] == list(row.report_hashes)
    assert json.loads(contents["policy"]["document"])["version"] == "2"
    assert contents["price"]["monthly_fee"].endswith(".00")
    assert {one["purpose"] for one in contents["signatures"]} >= {"application"}
    assert any("200" in one["text"] for one in contents["offer"])
    assert contents["overrides"] == []


def test_any_flipped_byte_is_found(world: LendingWorld) -> None:
    """D15: every byte once in the long run, every 97th else, each with another bit."""
    passport = exported(world, decided(world))
    signed = signed_by_us(world)
    step = 1 if LONG else max(1, len(passport) // 300)
    for place in range(0, len(passport), step):
        flipped = bytearray(passport)
        flipped[place] ^= 1 << (place % 8)
        assert verify(bytes(flipped), is_signed=signed) != [], place


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda it: it["sections"].pop(3), "a section is missing, or stands in another place"),
        (lambda it: it["sections"][1].update(content="{}"), "the section inputs is not what was written"),
        (lambda it: it.update(sha256="00" * 32), "the passport's hash is not that of its last section"),
        (lambda it: it.update(signature="00" * 64), "the signature is not the lender's"),
        (lambda it: it.update(more=1), "this is no passport of format 1"),
        (lambda it: it.update(sections=[]), "the file cannot be read as a passport"),
    ],
)
def test_what_was_changed_is_named(world: LendingWorld, change: Callable[[dict[str, Any]], object], found: str) -> None:
    """D15"""
    passport = exported(world, decided(world))
    assert found in verify(rebuilt(passport, change), is_signed=signed_by_us(world))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"format":1} '])
def test_what_is_no_passport_is_said_to_be_none(content: bytes) -> None:
    assert len(verify(content, is_signed=lambda *_: True)) == 1


def test_only_readers_of_cases_export_one_and_it_is_noted(world: LendingWorld) -> None:
    """D7, D15"""
    row = decided(world)
    with world.runtime.database.transaction() as session:
        at = world.runtime.clock.now()
        with pytest.raises(RoleMissing):
            export(session, world.runtime, row.id, Caller(actor="staff:x", role=Role.BILLING), at=at)
        with pytest.raises(NotFound):
            export(session, world.runtime, row.application_id, world.staff(), at=at)
        export(session, world.runtime, row.id, world.staff(), at=at)
        assert audit_log.entries_of(session, f"application:{row.application_id}")[-1].action == (
            "decision.passport_exported"
        )


def test_the_nightly_replay_finds_the_same(world: LendingWorld) -> None:
    """D15"""
    decided(world)
    world.runtime.clock.move_to(world.runtime.clock.now().replace(day=3))  # type: ignore[attr-defined]
    assert world.decisions.replay_sample(NIGHT, unheard) == Sampled(replayed=1, erased=0)


@pytest.mark.parametrize(
    "damage", [{"limit_ore": 20_000_001}, {"policy_hash": "0" * 64}, {"facts_encrypted": b"\x02" + b"0" * 60}]
)
def test_a_difference_is_told_once_and_fails_the_night(world: LendingWorld, damage: dict[str, Any]) -> None:
    """D15: to the öre; a run that fails raises the job's alarm, and is run again."""
    decided(world)
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(DecisionRow).values(**damage))
    world.runtime.clock.move_to(world.runtime.clock.now().replace(day=3))  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(ReplayDiffers):
            world.decisions.replay_sample(NIGHT, unheard)
    with world.runtime.database.transaction() as session:
        kinds = session.scalars(sa.select(Event.kind)).all()
    assert kinds.count("decision.replay_differed") == 1


def test_a_trace_that_was_changed_where_it_is_kept_fails_the_nights_job_and_raises_its_alarm(
    world: LendingWorld,
) -> None:
    """D15: somebody who has the key gives one point more in what is kept; the lender is told."""
    row = decided(world)
    trace = trace_text(world.runtime, row).decode()
    points = next(one["points"] for one in json.loads(trace)["trace"] if one["points"])
    changed = trace.replace(f'"points":{points},', f'"points":{points + 1},', 1)
    assert changed != trace
    cipher, subject = world.runtime.cipher, of_application(row.application_id)
    sealed = cipher.encrypt(changed.encode(), context=TRACE_CONTEXT, subject=subject)
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(DecisionRow).values(trace_encrypted=sealed))
        assert replay(session, world.runtime, row.id).differences == ("trace",)
    jobs = Jobs(world.runtime, (), [job for job in daily_jobs(world.decisions) if job.name == "replay-decisions"])
    world.runtime.clock.move_to(world.runtime.clock.now() + timedelta(days=1))  # type: ignore[attr-defined]
    with pytest.raises(ExceptionGroup):
        jobs.run_due(world.runtime.clock.now())
    with world.runtime.database.transaction() as session:
        (alarm,) = open_alarms(session, ["replay-decisions"])
    assert (alarm.period, alarm.reason) == ("2026-03-03", AlarmReason.FAILED)
