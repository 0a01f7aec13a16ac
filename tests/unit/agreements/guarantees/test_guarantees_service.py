"""Guarantees in the database, and the register of them."""

import uuid
from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from agreements.credit.service import grant
from agreements.guarantees import service
from agreements.guarantees.models import Guarantee
from agreements.guarantees.rules import Liability
from agreements.ledger import rules as ledger_rules
from agreements.ledger import service as ledger
from tests.support.credit import ERIK, MARIA, STRANGER, granted_terms
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, GuaranteeState
from underwriting.platform.runtime import Runtime

CAP = Money.kronor(327_000)  # 150 % of 218 000
PAID_OUT = Money.kronor(218_000)


@pytest.fixture
def at(runtime: Runtime) -> datetime:
    return runtime.clock.now()


@pytest.fixture
def granted(runtime: Runtime, at: datetime) -> Callable[[], uuid.UUID]:
    """A new agreement that Erik and Maria guarantee."""

    def make() -> uuid.UUID:
        with runtime.database.transaction() as session:
            return grant(session, runtime, granted_terms(at), at=at).id

    return make


def of(session: Session, runtime: Runtime, agreement_id: uuid.UUID, person: PersonalNumber) -> Guarantee:
    index = runtime.cipher.blind_index(person.digits)
    return next(one for one in service.of_agreement(session, agreement_id) if one.person_index == index)


def states(session: Session, agreement_id: uuid.UUID) -> list[str]:
    return [guarantee.state for guarantee in service.of_agreement(session, agreement_id)]


def sign_both(session: Session, runtime: Runtime, agreement_id: uuid.UUID, at: datetime) -> None:
    for person in (ERIK, MARIA):
        service.record_signature(session, of(session, runtime, agreement_id, person), actor="signing:1", at=at)


def pay_out(session: Session, agreement_id: uuid.UUID, at: datetime) -> None:
    posting = ledger_rules.payout(PAID_OUT, payout_id=agreement_id, booked_on=date(2026, 3, 2))
    ledger.post(session, agreement_id, posting, at=at)
    service.bring_into_force(session, agreement_id, at=at)


def test_each_guarantor_has_an_own_guarantee_with_its_cap(
    runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime
) -> None:
    """G2: 150 % of the limit: 218 000 x 1.5 = 327 000."""
    with runtime.database.transaction() as session:
        erik, maria = service.of_agreement(session, granted())
        assert (service.person_of(runtime, erik), service.person_of(runtime, maria)) == (ERIK, MARIA)
        assert {erik.cap_ore, maria.cap_ore} == {CAP.ore}
        assert service.details_of(runtime, erik).email == "erik@exempel.example"
        assert erik.state == GuaranteeState.INVITED


def test_no_personal_data_of_a_guarantor_stands_in_the_clear(
    runtime: Runtime, granted: Callable[[], uuid.UUID]
) -> None:
    with runtime.database.transaction() as session:
        guarantee = of(session, runtime, granted(), ERIK)
        kept = guarantee.person_encrypted + guarantee.details_encrypted + guarantee.person_index
    assert ERIK.digits.encode() not in kept
    assert b"erik@" not in kept


def test_a_guarantee_is_in_force_from_the_first_payout_and_ends_with_the_agreement(
    runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime
) -> None:
    """G2: signed, in force, ended."""
    agreement_id = granted()
    with runtime.database.transaction() as session:
        sign_both(session, runtime, agreement_id, at)
        assert states(session, agreement_id) == ["signed", "signed"]
        pay_out(session, agreement_id, at)
        assert states(session, agreement_id) == ["in_force", "in_force"]
        service.end(session, agreement_id, at=at)
        assert states(session, agreement_id) == ["ended", "ended"]
        assert all(guarantee.ended_at == at for guarantee in service.of_agreement(session, agreement_id))


def test_a_guarantee_of_an_agreement_that_is_not_paid_out_lapses(
    runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime
) -> None:
    agreement_id = granted()
    with runtime.database.transaction() as session:
        service.record_signature(session, of(session, runtime, agreement_id, ERIK), actor="signing:1", at=at)
        service.end(session, agreement_id, at=at)
        assert states(session, agreement_id) == ["lapsed", "lapsed"]


def test_an_invited_guarantor_is_not_brought_into_force(
    runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime
) -> None:
    agreement_id = granted()
    with runtime.database.transaction() as session:
        service.bring_into_force(session, agreement_id, at=at)
        assert states(session, agreement_id) == ["invited", "invited"]


def test_the_register_answers_what_a_person_has_at_risk(
    runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime
) -> None:
    """G6: two guarantees bind Erik with 327 000 each; 218 000 is owed under the first and nothing under the second."""
    paid_out, signed, invited = granted(), granted(), granted()
    with runtime.database.transaction() as session:
        for agreement_id in (paid_out, signed):
            sign_both(session, runtime, agreement_id, at)
        pay_out(session, paid_out, at)
        exposure = service.of_person(session, runtime.cipher.blind_index(ERIK.digits))
    assert [(one.agreement_id, one.state, one.at_risk) for one in exposure.guarantees] == [
        (paid_out, GuaranteeState.IN_FORCE, PAID_OUT),
        (signed, GuaranteeState.SIGNED, Money.ZERO),
        (invited, GuaranteeState.INVITED, Money.ZERO),
    ]
    assert exposure.caps == Money.kronor(654_000)
    assert exposure.at_risk == PAID_OUT


def test_no_more_than_the_cap_is_at_risk(runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime) -> None:
    """G3, G6: the debt may grow above the cap, what the guarantor answers for does not."""
    agreement_id = granted()
    with runtime.database.transaction() as session:
        sign_both(session, runtime, agreement_id, at)
        pay_out(session, agreement_id, at)
        more = ledger_rules.payout(Money.kronor(109_001), payout_id="more", booked_on=date(2026, 3, 2))
        ledger.post(session, agreement_id, more, at=at)  # 218 000 + 109 001 = 327 001
        exposure = service.of_person(session, runtime.cipher.blind_index(ERIK.digits))
    assert exposure.at_risk == CAP


def test_what_has_ended_is_no_longer_at_risk(runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime) -> None:
    """G6: an ended guarantee is listed and weighs nothing."""
    agreement_id = granted()
    with runtime.database.transaction() as session:
        sign_both(session, runtime, agreement_id, at)
        pay_out(session, agreement_id, at)
        service.end(session, agreement_id, at=at)
        exposure = service.of_person(session, runtime.cipher.blind_index(ERIK.digits))
    assert len(exposure.guarantees) == 1
    assert (exposure.caps, exposure.at_risk) == (Money.ZERO, Money.ZERO)


def test_the_register_knows_nothing_of_a_stranger(runtime: Runtime) -> None:
    """G6: who guarantees nothing has nothing at risk."""
    with runtime.database.transaction() as session:
        exposure = service.of_person(session, runtime.cipher.blind_index(STRANGER.digits))
    assert exposure.guarantees == ()


def test_those_liable_are_borrower_partners_and_guarantors_in_force(
    runtime: Runtime, granted: Callable[[], uuid.UUID], at: datetime
) -> None:
    """G5: by law the partners of a handelsbolag too; a guarantor from the first payout on."""
    agreement_id = granted()
    with runtime.database.transaction() as session:
        sign_both(session, runtime, agreement_id, at)
        before = service.liable_parties(session, agreement_id, CompanyForm.HB, partners=(), on=at.date())
        pay_out(session, agreement_id, at)
        after = service.liable_parties(session, agreement_id, CompanyForm.HB, partners=(), on=at.date())
    assert [party.liability for party in before] == [Liability.BORROWER, Liability.PARTNERS]
    assert [party.liability for party in after[2:]] == [Liability.GUARANTOR, Liability.GUARANTOR]
    assert {party.cap for party in after[2:]} == {CAP}


def test_a_guarantee_that_does_not_exist_is_not_found(runtime: Runtime) -> None:
    with pytest.raises(NotFound), runtime.database.transaction() as session:
        service.get(session, uuid.uuid4())
