"""BankID orders against the stand-in, on the real database."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.signing.client import BankId, BankIdUnavailable, Collected, Order, SigningInProgress
from agreements.signing.models import Signing
from agreements.signing.rules import VisibleTextRefused
from agreements.signing.service import AlreadySigned, Signings, SigningView, Started
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.credit import ANNA, ERIK, STRANGER
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform import audit_log
from underwriting.platform.authentication import token_hash
from underwriting.platform.database import Database
from underwriting.platform.models import LoginSession
from underwriting.platform.runtime import Runtime

TEXT = "Jag går i borgen såsom för egen skuld för Exempelbolaget AB, högst 327 000 kr."


class TooLate(Conflict):
    """What the handler of these tests refuses with."""

    slug = "too-late-in-a-test"
    title = Text("För sent", "Too late")


@dataclass
class AskedBankId(BankId):
    """The real client; counts what is asked, and fails when that is done inside a transaction."""

    client: BankId
    runtime: Runtime
    collected: int = 0
    pause: threading.Barrier | None = None
    away: bool = False

    def authenticate(self, end_user_ip: str, *, return_url: str | None = None) -> Order:
        self._outside()
        return self.client.authenticate(end_user_ip, return_url=return_url)

    def sign(
        self,
        end_user_ip: str,
        *,
        personal_number: PersonalNumber | None,
        visible_text: str,
        non_visible: bytes,
        return_url: str | None = None,
    ) -> Order:
        self._outside()
        if self.away:
            raise BankIdUnavailable("maintenance")
        if self.pause is not None:
            self.pause.wait(5)
            personal_number = None  # BankID itself would stop the second order of one person
        return self.client.sign(
            end_user_ip,
            personal_number=personal_number,
            visible_text=visible_text,
            non_visible=non_visible,
            return_url=return_url,
        )

    def collect(self, order_ref: str) -> Collected:
        self._outside()
        self.collected += 1
        return self.client.collect(order_ref)

    def cancel(self, order_ref: str) -> None:
        self._outside()
        self.client.cancel(order_ref)

    def _outside(self) -> None:
        assert not self.runtime.database.in_transaction


@dataclass
class SigningWorld:
    """Orders on a database, with a handler that notes what it is given."""

    runtime: Runtime
    wall: FixedClock
    stand_in: BankIdWorld
    bankid: AskedBankId
    signings: Signings
    handled: list[uuid.UUID] = field(default_factory=list)
    refuses: bool = False

    def handle(self, session: Session, signing: Signing, _at: datetime) -> None:
        """Note the signing, which is complete by now; refuse afterwards when told to."""
        assert session.scalar(sa.select(Signing.state).where(Signing.id == signing.id)) == SigningState.COMPLETE
        self.handled.append(signing.subject_id)
        audit_log.append(session, f"thing:{signing.subject_id}", "thing.signed", actor="test", at=_at)
        if self.refuses:
            raise TooLate

    def start(self, subject_id: uuid.UUID, person: PersonalNumber = ERIK, *, text: str = TEXT) -> Started:
        """An order to sign *text*."""
        return self.signings.start(
            SigningPurpose.GUARANTEE,
            subject_id,
            visible_text=text,
            document=None,
            person=person,
            end_user_ip="192.0.2.7",
        )

    def sign(self, started: Started, **acts: Any) -> None:
        """What the person does in BankID's app."""
        answer = self.stand_in.act(f"orders/{started.qr_content}/sign", acts)
        assert answer.ok, answer.text

    def watch(self, started: Started, *, after_seconds: float = 3) -> SigningView:
        """A look at the order after a while."""
        self.wall.move_to(self.wall.now() + timedelta(seconds=after_seconds))
        return self.signings.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7")

    def row(self, started: Started) -> Signing:
        """The order as it is kept."""
        with self.runtime.database.transaction() as session:
            return session.get_one(Signing, started.signing_id, populate_existing=True)

    def notes(self, started: Started) -> list[tuple[str, dict[str, Any]]]:
        """What the audit log says of the order."""
        with self.runtime.database.transaction() as session:
            entries = audit_log.entries_of(session, f"signing:{started.signing_id}")
        return [(entry.action, entry.data) for entry in entries]


def world_on(runtime: Runtime, stand_in: BankIdWorld) -> Iterator[SigningWorld]:
    wall = stand_in.clock
    wall.move_to(runtime.clock.now())
    runtime = replace(runtime, wall=wall)
    client = stand_in.client()
    asked = AskedBankId(client, runtime)
    handlers: dict[SigningPurpose, Any] = {}
    world = SigningWorld(runtime, wall, stand_in, asked, Signings(runtime, asked, handlers, stand_in.roots))
    handlers[SigningPurpose.GUARANTEE] = world.handle
    yield world
    client.close()


@pytest.fixture
def world(runtime: Runtime, bankid: BankIdWorld) -> Iterator[SigningWorld]:
    yield from world_on(runtime, bankid)


@pytest.fixture
def committed(committed_runtime: Runtime, bankid: BankIdWorld) -> Iterator[SigningWorld]:
    yield from world_on(committed_runtime, bankid)


@pytest.fixture
def thing() -> uuid.UUID:
    """Something to be signed."""
    return uuid.uuid4()


def test_a_signature_is_kept_with_its_evidence(world: SigningWorld, thing: uuid.UUID) -> None:
    """S1: what BankID handed over is kept, encrypted, and the handler is called in the same transaction."""
    started = world.start(thing)
    assert world.watch(started).state is SigningState.PENDING
    world.sign(started)
    assert world.watch(started).state is SigningState.COMPLETE
    row = world.row(started)
    assert row.evidence_encrypted is not None
    assert row.completed_at == world.runtime.clock.now()
    evidence = world.runtime.cipher.decrypt_json(row.evidence_encrypted, context="signing.evidence")
    assert evidence["personal_number"] == ERIK.digits
    assert evidence["signature"]
    assert evidence["ocsp_response"]
    assert ERIK.digits.encode() not in row.evidence_encrypted
    assert world.handled == [thing]
    assert [action for action, _ in world.notes(started)] == ["signing.complete"]


@pytest.mark.parametrize("hostile", ["other_person", "other_text", "other_document"])
def test_a_completion_that_is_not_what_was_asked_for_is_refused(
    world: SigningWorld, thing: uuid.UUID, hostile: str
) -> None:
    """S1: another person, another text or another document leaves no signature, no evidence and no log-in."""
    started = world.start(thing)
    world.sign(started, hostile=hostile)
    view = world.watch(started)
    assert view.state is SigningState.FAILED
    assert view.session_token is None
    assert view.message is not None
    assert "godtogs inte" in view.message.sv
    assert world.handled == []
    assert world.row(started).evidence_encrypted is None
    ((action, data),) = world.notes(started)
    assert action == "signing.not_accepted"
    assert data["faults"] == [hostile]


def test_after_a_refused_completion_the_right_person_can_sign(world: SigningWorld, thing: uuid.UUID) -> None:
    """S1: a refused completion does not use up the right to sign."""
    first = world.start(thing)
    world.sign(first, hostile="other_person")
    world.watch(first)
    second = world.start(thing)
    world.sign(second)
    assert world.watch(second).state is SigningState.COMPLETE
    assert world.handled == [thing]


def test_the_app_does_not_let_another_person_sign(world: SigningWorld, thing: uuid.UUID) -> None:
    """S1: the order itself names who can sign it."""
    started = world.start(thing)
    answer = world.stand_in.act(f"orders/{started.qr_content}/sign", {"personal_number": STRANGER.digits})
    assert answer.status_code == 409
    assert world.watch(started).state is SigningState.PENDING


def test_looking_again_at_a_complete_order_changes_nothing(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.sign(started)
    world.watch(started)
    asked = world.bankid.collected
    assert world.watch(started).state is SigningState.COMPLETE
    world.wall.move_to(world.wall.now() + timedelta(minutes=1))
    assert world.signings.collect_due() == 0
    assert world.handled == [thing]
    assert world.bankid.collected == asked


def test_what_is_signed_cannot_be_signed_again(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.sign(started)
    world.watch(started)
    with pytest.raises(AlreadySigned):
        world.start(thing)
    assert world.start(thing, ANNA).signing_id != started.signing_id


def test_a_signature_that_its_cause_no_longer_accepts_leaves_no_trace_of_its_effects(
    world: SigningWorld, thing: uuid.UUID
) -> None:
    """S1: the handler's refusal undoes all that it did, and is noted."""
    world.refuses = True
    started = world.start(thing)
    world.sign(started)
    assert world.watch(started).state is SigningState.FAILED
    with world.runtime.database.transaction() as session:
        assert audit_log.entries_of(session, f"thing:{thing}") == []
    ((action, data),) = world.notes(started)
    assert (action, data["reason"]) == ("signing.not_accepted", "too-late-in-a-test")


def test_bankid_is_asked_once_in_two_seconds_whoever_watches(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    for after_seconds in (0, 0.5, 1, 0.4, 0):
        world.watch(started, after_seconds=after_seconds)
    assert world.bankid.collected == 1
    world.watch(started, after_seconds=0.2)  # 2.1 seconds after the answer
    assert world.bankid.collected == 2


def test_the_worker_finds_the_signature_that_nobody_watches(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.sign(started)
    assert world.signings.collect_due() == 1
    assert world.signings.collect_due() == 0
    assert world.handled == [thing]
    assert world.watch(started).session_token is not None


def test_a_new_order_for_the_same_thing_replaces_the_one_that_waits(world: SigningWorld, thing: uuid.UUID) -> None:
    """BankID would refuse the second while the first is under way."""
    first, second = world.start(thing), world.start(thing)
    assert world.watch(first).state is SigningState.FAILED
    world.sign(second)
    assert world.watch(second).state is SigningState.COMPLETE


def test_the_signer_is_logged_in_once(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.sign(started)
    token = world.watch(started).session_token
    assert token is not None
    assert world.watch(started).session_token is None
    with world.runtime.database.transaction() as session:
        login = session.scalars(sa.select(LoginSession).where(LoginSession.token_hash == token_hash(token))).one()
    assert login.person_index == world.runtime.cipher.blind_index(ERIK.digits)


def test_an_identification_logs_in_whoever_identifies(world: SigningWorld) -> None:
    started = world.signings.identify(end_user_ip="192.0.2.7")
    world.sign(started, personal_number=ANNA.digits)
    view = world.watch(started)
    assert (view.purpose, view.state) == (SigningPurpose.IDENTIFY, SigningState.COMPLETE)
    assert view.session_token is not None
    assert world.row(started).person_index == world.runtime.cipher.blind_index(ANNA.digits)


def test_only_the_holder_of_the_secret_sees_the_order(world: SigningWorld, thing: uuid.UUID) -> None:
    started, other = world.start(thing), world.start(uuid.uuid4(), ANNA)
    for secret in ("", "guess", other.secret):
        with pytest.raises(NotFound):
            world.signings.watch(started.signing_id, secret, end_user_ip="192.0.2.7")
        with pytest.raises(NotFound):
            world.signings.cancel(started.signing_id, secret)
    with pytest.raises(NotFound):
        world.signings.watch(uuid.uuid4(), started.secret, end_user_ip="192.0.2.7")


def test_the_qr_code_counts_the_seconds_of_the_wall(world: SigningWorld, thing: uuid.UUID) -> None:
    """Business time may stand still in the sandbox; the code must not."""
    started = world.start(thing)
    seen = [world.watch(started, after_seconds=seconds).qr_content for seconds in (0, 1, 5)]
    parts = [content.split(".") for content in seen if content]
    assert [part[2] for part in parts] == ["0", "1", "6"]
    assert len({part[3] for part in parts}) == 3


def test_a_person_who_cancels_in_the_app_is_told_so(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.stand_in.act(f"orders/{started.qr_content}/cancel", {})
    view = world.watch(started)
    assert (view.state, view.qr_content, view.auto_start_token) == (SigningState.FAILED, None, None)
    assert view.message is not None
    assert view.message.en == "You cancelled in the BankID app."


def test_the_watcher_can_end_the_order(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.signings.cancel(started.signing_id, started.secret)
    assert world.watch(started).state is SigningState.FAILED
    answer = world.stand_in.act(f"orders/{started.qr_content}/sign", {})
    assert answer.status_code == 409


def test_an_order_that_bankid_has_forgotten_has_failed(world: SigningWorld, thing: uuid.UUID) -> None:
    """A result is handed over once: who has lost it starts again."""
    started = world.start(thing)
    world.stand_in.pass_time(3600)
    assert world.watch(started).state is SigningState.FAILED
    assert world.start(thing).signing_id != started.signing_id


def test_an_order_that_nobody_begins_is_renewed_for_three_minutes_while_somebody_watches(
    world: SigningWorld, thing: uuid.UUID
) -> None:
    """S1: BankID ends what is not begun in thirty seconds; the code on the page stays alive, and then says so."""
    started = world.start(thing)
    tokens = {started.qr_content}
    for _ in range(5):
        view = world.watch(started, after_seconds=31)
        assert view.state is SigningState.PENDING
        tokens.add(str(view.qr_content))
    assert len(tokens) == 6
    view = world.watch(started, after_seconds=31)
    assert view.state is SigningState.FAILED
    assert view.message is not None
    assert view.message.en == "The QR code was not scanned. Open the BankID app, scan the code and try again."


def test_a_renewed_order_is_for_the_same_person_text_and_thing(world: SigningWorld, thing: uuid.UUID) -> None:
    """S1: what is signed is what was asked for first."""
    started = world.start(thing)
    renewed = world.watch(started, after_seconds=31)
    refused = world.stand_in.act(f"orders/{renewed.qr_content}/sign", {"personal_number": ANNA.digits})
    assert refused.status_code == 409
    world.stand_in.act(f"orders/{renewed.qr_content}/sign", {})
    assert world.watch(started).state is SigningState.COMPLETE
    assert world.handled == [thing]


def test_an_identification_is_renewed_as_well(world: SigningWorld) -> None:
    started = world.signings.identify(end_user_ip="192.0.2.7")
    renewed = world.watch(started, after_seconds=31)
    world.stand_in.act(f"orders/{renewed.qr_content}/sign", {"personal_number": ERIK.digits})
    assert world.watch(started).session_token


def test_an_order_that_nobody_watches_is_not_renewed(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.wall.move_to(world.wall.now() + timedelta(seconds=31))
    assert world.signings.collect_due() == 1
    assert world.row(started).state == SigningState.FAILED


def test_an_order_that_cannot_be_renewed_has_failed(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    other = world.start(uuid.uuid4(), ANNA)
    world.bankid.away = True
    assert world.watch(started, after_seconds=31).state is SigningState.FAILED
    world.bankid.away = False
    assert world.watch(other, after_seconds=1).state is SigningState.PENDING


def test_while_bankid_is_away_the_order_waits(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    world.stand_in.act("faults", {"fault": "maintenance"})
    assert world.watch(started).state is SigningState.PENDING
    world.stand_in.act("faults", {"fault": None})
    world.sign(started)
    assert world.watch(started).state is SigningState.COMPLETE


def test_nothing_is_kept_of_an_order_that_bankid_did_not_take(world: SigningWorld, thing: uuid.UUID) -> None:
    world.stand_in.act("faults", {"fault": "html_502"})
    with pytest.raises(BankIdUnavailable):
        world.start(thing)
    with world.runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Signing)) == 0


def test_a_text_without_end_is_refused_before_anything_is_asked(world: SigningWorld, thing: uuid.UUID) -> None:
    with pytest.raises(VisibleTextRefused):
        world.start(thing, text="a" * 40_000)


def test_what_could_open_the_order_is_not_kept_in_the_clear(world: SigningWorld, thing: uuid.UUID) -> None:
    started = world.start(thing)
    row = world.row(started)
    kept = b"".join(
        value
        for value in (row.secret_hash, row.order_ref_encrypted, row.auto_start_token_encrypted, row.person_encrypted)
        if value is not None
    )
    for secret in (started.secret, started.qr_content, ERIK.digits):
        assert secret.encode() not in kept


def test_two_who_watch_at_the_same_time_take_one_completion(committed: SigningWorld, thing: uuid.UUID) -> None:
    started = committed.start(thing)
    committed.sign(started)
    with ThreadPoolExecutor(4) as pool:
        watching = [pool.submit(committed.watch, started, after_seconds=0) for _ in range(4)]
        views = [one.result() for one in watching]
    views.append(committed.watch(started))
    assert committed.handled == [thing]
    assert committed.bankid.collected == 1
    assert [view.session_token for view in views if view.session_token] != []
    assert len([view for view in views if view.session_token]) == 1


def test_processes_that_share_the_database_alone_ask_bankid_once_in_two_seconds(
    committed: SigningWorld, thing: uuid.UUID
) -> None:
    """Tabs, web processes and the worker: each has a client and a database of its own, and the row decides."""
    started = committed.start(thing)
    databases = [Database(committed.runtime.database.url) for _ in range(3)]
    clients = [AskedBankId(committed.bankid.client, committed.runtime) for _ in databases]
    processes = [
        Signings(replace(committed.runtime, database=database), client, {}, committed.stand_in.roots)
        for database, client in zip(databases, clients, strict=True)
    ]

    def look(number: int) -> SigningState | int:
        process = processes[number % len(processes)]
        if number % 4 == 0:
            return process.collect_due()
        return process.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7").state

    try:
        for rounds in range(1, 4):
            with ThreadPoolExecutor(12) as pool:
                assert set(pool.map(look, range(12))) <= {SigningState.PENDING, 0}
            assert sum(client.collected for client in clients) == rounds
            committed.wall.move_to(committed.wall.now() + timedelta(seconds=2))
    finally:
        for database in databases:
            database.dispose()


def test_of_two_orders_started_at_the_same_time_one_stands(committed: SigningWorld, thing: uuid.UUID) -> None:
    """Both have found nothing that waits when both have asked BankID: the database decides."""
    committed.bankid.pause = threading.Barrier(2)

    def start() -> str:
        try:
            committed.start(thing)
        except SigningInProgress:
            return "in progress"
        return "started"

    with ThreadPoolExecutor(2) as pool:
        outcomes = [attempt.result() for attempt in [pool.submit(start), pool.submit(start)]]
    assert sorted(outcomes) == ["in progress", "started"]
    with committed.runtime.database.transaction() as session:
        assert session.scalars(sa.select(Signing.state)).all() == [SigningState.PENDING]
