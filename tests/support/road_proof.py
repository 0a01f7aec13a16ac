"""What has to be so once every loan has come to its end, whoever was killed on the way."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.ledger import service as ledger
from agreements.reconciliation.service import broken
from agreements.signing.certificate_path import read_roots
from agreements.signing.services import check_documents
from tests.support.processes import wait_until
from tests.support.road import RoadPlace
from tests.support.road_processes import SIGNED_FILE
from tests.support.road_walk import Walk
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, AgreementState
from underwriting.platform import audit_check
from underwriting.platform.seal_key import SealKey

LIMIT = Money.kronor(200_000)
GUARANTORS = 2
DOCUMENTS = {
    "application": 1,
    "confirmation": GUARANTORS,
    "offer": 1,
    "agreement": 1,
    "guarantee": GUARANTORS,
    "guarantee_information": GUARANTORS,
}
"""What is made on every road; a cancelled one has its receipt as well."""
LETTERS = {
    "application-received": 1,
    "guarantor-invitation": GUARANTORS,
    "agreement-to-sign": 1,
    "guarantee-to-sign": GUARANTORS,
}
LETTERS_OF_A_SIGNED_ONE = {"agreement-signed": 1, "guarantee-signed": GUARANTORS, "paid-out": 1}
_PENDING = "SELECT count(*) FROM signing WHERE state = 'pending'"
_ON_THE_WAY = "SELECT count(*) FROM payout WHERE state NOT IN ('paid', 'withdrawn')"
_OPEN_FILES = "SELECT count(*) FROM payout_file WHERE state IN ('prepared', 'released')"
_COMPLETE = sa.text(
    "SELECT id FROM signing WHERE state = 'complete' AND (subject_id = :id"
    " OR subject_id IN (SELECT id FROM guarantee WHERE agreement_id = :id))"
)


def prove(place: RoadPlace, walks: Sequence[Walk]) -> None:
    """All of it, of *walks* that are all there were in the place."""
    for walk in walks:
        _paid_as_it_ended(place, walk)
    _nothing_waits(place)
    _documents_stand(place, walks)
    _letters_went_once(place, walks)
    assert broken(place.database) == ()
    with place.database.transaction() as session:
        key = SealKey(place.world.runtime.settings.seal_key.reveal())
        assert list(audit_check.check(session, public_key=key.public)) == []
        assert set(session.scalars(sa.select(Agreement.state))) <= {"running", "cancelled", "lapsed"}


def _paid_as_it_ended(place: RoadPlace, walk: Walk) -> None:
    """Once, what the books say, and not before the last signature; or never."""
    payments = _at_the_bank(place, walk)
    with place.database.transaction() as session:
        standing = {account: sum_ for account, sum_ in ledger.balances(session, walk.agreement_id).items() if sum_}
        complete = session.scalars(_COMPLETE, {"id": walk.agreement_id}).all()
    if walk.end is not AgreementState.RUNNING:
        assert payments == []
        assert Account.PRINCIPAL not in standing
        return
    ((amount, accepted_at),) = payments
    assert amount == LIMIT
    assert standing == {Account.PRINCIPAL: LIMIT, Account.BANK: -LIMIT}
    assert len(complete) == 1 + GUARANTORS
    signed = _signed_at_bankid(place)
    assert accepted_at > max(signed[walk.orders[signing_id]] for signing_id in complete)


def _at_the_bank(place: RoadPlace, walk: Walk) -> list[tuple[Money, datetime]]:
    """What the bank itself has noted of the agreement: each payment it took on, and when."""
    number = place.one("SELECT number FROM agreement WHERE id = :id", id=walk.agreement_id)
    query = "SELECT amount_ore, accepted_at FROM payment WHERE message = ?"
    with sqlite3.connect(place.folder / "bank.sqlite3") as book:
        rows = book.execute(query, [f"Kreditavtal {number}"]).fetchall()
    return [(Money(ore), datetime.fromisoformat(at)) for ore, at in rows]


def _signed_at_bankid(place: RoadPlace) -> dict[str, datetime]:
    """When BankID's app took each signature, by the order's token."""
    lines = (place.folder / SIGNED_FILE).read_text().splitlines()
    return {token: datetime.fromisoformat(at) for token, at in map(json.loads, lines)}


def _nothing_waits(place: RoadPlace) -> None:
    """Orders that nobody signed run out within minutes; there is no payout on its way, and no file to be sent."""
    place.clock.put_forward(minutes=10)
    assert wait_until(lambda: place.one(_PENDING) == 0), place.said("worker")
    assert (place.one(_ON_THE_WAY), place.one(_OPEN_FILES)) == (0, 0)


def _documents_stand(place: RoadPlace, walks: Sequence[Walk]) -> None:
    """Every kind for every agreement, once; each holds with its signatures, and is sealed where all have signed."""
    cancelled = sum(walk.end is AgreementState.CANCELLED for walk in walks)
    expected = Counter({kind: each * len(walks) for kind, each in DOCUMENTS.items()})
    expected["cancellation_receipt"] = cancelled
    with place.database.transaction() as session:
        kinds = session.execute(sa.text("SELECT kind, count(*) FROM document GROUP BY kind"))
        assert {kind: count for kind, count in kinds} == +expected  # noqa: C416 - rows are no pairs to a type checker
        roots = read_roots(place.world.runtime.settings.bankid.roots)
        for document_id in list(check_documents.ids_of_all(session)):
            faults = check_documents.faults_of(session, place.world.runtime, document_id, roots=roots)
            assert list(faults) == []


def _letters_went_once(place: RoadPlace, walks: Sequence[Walk]) -> None:
    """Every letter of a road that was not disturbed, and none twice."""
    running = sum(walk.end is AgreementState.RUNNING for walk in walks)
    expected = Counter({kind: each * len(walks) for kind, each in LETTERS.items()})
    expected.update({kind: each * running for kind, each in LETTERS_OF_A_SIGNED_ONE.items()})
    with place.database.transaction() as session:
        found = session.execute(sa.text("SELECT kind, business_key FROM outbox_message")).all()
    assert len({key for _, key in found}) == len(found)
    assert Counter(kind for kind, _ in found if kind in expected) == +expected
