"""Agreements from granted to signed, or lapsed, and who sees what of them."""

import itertools
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts, AgreementStateRefuses
from agreements.credit.service import (
    GuarantorDetails,
    NothingToSign,
    Signatory,
    SigningRule,
    grant,
    lapse_unsigned,
    lock_agreement,
    move,
)
from agreements.credit.services.view_agreement import Part
from agreements.documents.models import Document
from agreements.documents.plain_text import text_of
from agreements.documents.rules import Words
from agreements.signing.models import Signing
from tests.support.credit import (
    ANNA,
    ERIK,
    LIMIT,
    MARIA,
    STAFF,
    STRANGER,
    CreditWorld,
    granted_terms,
)
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber, is_ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.text import Language
from underwriting.kernel.vocabulary import (
    AgreementState,
    CompanyForm,
    GuaranteeState,
    SigningState,
)
from underwriting.platform import outbox
from underwriting.platform.authentication import ANONYMOUS

BOTH_SIGN = SigningRule.jointly(
    (Signatory(ANNA, "Anna Lindqvist"), Signatory(STRANGER, "Okänd Främling", "okand@exempel.example"))
)


def letters(credit: CreditWorld) -> Sequence[outbox.Message]:
    with credit.runtime.database.transaction() as session:
        return outbox.latest(session, credit.runtime, count=50)


def documents_of(credit: CreditWorld, subject_id: uuid.UUID) -> Sequence[Document]:
    with credit.runtime.database.transaction() as session:
        return session.scalars(sa.select(Document).where(Document.subject_id == subject_id)).all()


def shown(
    credit: CreditWorld, agreement_id: uuid.UUID, document_id: uuid.UUID, person: PersonalNumber, **how: Language
) -> str:
    """What a page shows the person of a document, as running text."""
    words = credit.agreements.document_shown(agreement_id, document_id, credit.person(person), **how)
    return text_of(words) if isinstance(words, Words) else words


def text_for(credit: CreditWorld, agreement_id: uuid.UUID, person: PersonalNumber, *, language: Language = "sv") -> str:
    """The last of what the person may read: a guarantor's own guarantee, a signatory's agreement."""
    view = credit.agreements.documents(agreement_id, credit.person(person))[-1]
    return shown(credit, agreement_id, view.id, person, language=language)


def test_what_was_granted_is_kept_as_it_was_granted(credit: CreditWorld) -> None:
    """G1: limit, fee rate, term, terms version and granted-at; the prices of that day stand in the row."""
    agreement = credit.agreement(credit.grant().id)
    assert agreement.state == AgreementState.SIGNING
    assert (agreement.limit_ore, str(agreement.fee_rate), agreement.term_months) == (21_800_000, "0.015000", 12)
    assert agreement.granted_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert (agreement.cancellation_fee_ore, agreement.same_day_cancellation_fee_ore) == (150_000, 150_000)
    assert (agreement.cancellation_days, agreement.window_policy) == (5, "calendar")
    assert agreement.first_drawdown_ore == LIMIT.ore
    assert agreement.terms_version == "v3"
    assert agreement.ocr is not None
    assert is_ocr_number(agreement.ocr)
    assert agreement.ocr.startswith(str(agreement.number))


def test_signatures_are_awaited_to_the_end_of_the_fourteenth_day(credit: CreditWorld) -> None:
    """G2: granted 2 March; 16 March is the last day, which ends at 23:00 in UTC."""
    assert credit.grant().sign_by == datetime(2026, 3, 16, 23, 0, tzinfo=UTC)


def test_an_application_becomes_one_agreement_however_often_it_is_granted(credit: CreditWorld) -> None:
    """G1: a decision that is carried out twice grants once."""
    application_id = uuid.uuid4()
    first, second = credit.grant(application_id=application_id), credit.grant(application_id=application_id)
    assert first.id == second.id
    assert len(letters(credit)) == 3
    assert credit.actions(first.id).count("agreement.granted") == 1


def test_granting_the_same_application_in_two_threads_makes_one_agreement(committed_credit: CreditWorld) -> None:
    """G1: the second waits for the first and finds its agreement."""
    terms = granted_terms(committed_credit.runtime.clock.now())

    def grant_it(_: int) -> uuid.UUID:
        with committed_credit.runtime.database.transaction() as session:
            return grant(session, committed_credit.runtime, terms, at=terms.status_checked_at).id

    with ThreadPoolExecutor(3) as pool:
        granted = list(pool.map(grant_it, range(3)))
    assert len(set(granted)) == 1
    with committed_credit.runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Agreement)) == 1


def test_everyone_who_signs_is_written_to_with_a_link_of_their_own(credit: CreditWorld) -> None:
    agreement = credit.grant()
    erik, maria = (credit.guarantee_of(agreement.id, person) for person in (ERIK, MARIA))
    links = {letter.recipient: letter.body for letter in letters(credit)}
    base = credit.runtime.settings.base_url
    assert f"{base}/agreements/{agreement.id}" in links["anna@exempel.example"]
    assert f"{base}/guarantees/{erik.id}" in links["erik@exempel.example"]
    assert f"{base}/guarantees/{maria.id}" in links["maria@exempel.example"]
    assert "måndagen den 16 mars 2026" in links["erik@exempel.example"]
    assert "327\u00a0000\u00a0kr" in links["erik@exempel.example"]


def test_a_signatory_without_an_own_address_is_reached_through_the_contact(credit: CreditWorld) -> None:
    credit.grant(signing_rule=BOTH_SIGN, guarantors=())
    assert {letter.recipient for letter in letters(credit)} == {"anna@exempel.example", "okand@exempel.example"}


def test_the_guarantee_is_as_for_an_own_debt_joint_and_capped(credit: CreditWorld) -> None:
    """G2, G3: the words that bind, the cap of 150 % (218 000 x 1.5 = 327 000), and what it covers."""
    text = text_for(credit, credit.grant().id, ERIK)
    assert "såsom för egen skuld" in text
    assert "solidariskt" in text
    assert "327\u00a0000\u00a0kr" in text
    for covered in ("kapital", "månadsavgifter", "dröjsmålsränta", "kostnader"):
        assert covered in text
    assert "Erik Sandström" in text
    assert "Maria" not in text


def test_a_guarantor_without_a_role_in_the_company_guarantees_as_a_consumer(credit: CreditWorld) -> None:
    """G2: what the guarantor is told depends on whether they lead or own the company."""
    owner = GuarantorDetails("Maria Holmberg", "maria@exempel.example", "+46701234569", has_role=True)
    erik = GuarantorDetails("Erik Sandström", "erik@exempel.example", "+46701234568")
    agreement = credit.grant(guarantors=((ERIK, erik), (MARIA, owner)))
    assert "konsument" in text_for(credit, agreement.id, ERIK)
    assert "konsument" not in text_for(credit, agreement.id, MARIA)


def test_a_guarantor_who_signs_for_the_company_has_a_role_in_it(credit: CreditWorld) -> None:
    """G2: Anna signs both the agreement and a guarantee of her own."""
    anna = GuarantorDetails("Anna Lindqvist", "anna@exempel.example", "+46701234567")
    agreement = credit.grant(guarantors=((ANNA, anna),))
    kinds = {view.kind: view.id for view in credit.agreements.documents(agreement.id, credit.person(ANNA))}
    assert set(kinds) == {"offer", "agreement", "guarantee_information", "guarantee"}
    text = shown(credit, agreement.id, kinds["guarantee"], ANNA)
    assert "konsument" not in text
    credit.complete(credit.start_agreement(agreement.id))
    credit.complete(credit.start_guarantee(agreement.id, ANNA))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED


def test_the_agreement_states_the_price_and_its_terms(credit: CreditWorld) -> None:
    """G1, D6: 1.50 % of 218 000 is 3 270 kr a month; 218 000 / 12 = 18 166.66 and a bit."""
    text = text_for(credit, credit.grant().id, ANNA)
    for stated in (
        "1,50\u00a0%",
        "3\u00a0270\u00a0kr",
        "21\u00a0255\u00a0kr",
        "19,56\u00a0%",
        "18\u00a0166,66\u00a0kr",
        "måndagen den 16 mars 2026",
        "Exempelbolaget AB",
        "559999-0008",
    ):
        assert stated in text


def test_the_reading_aid_says_that_it_is_one(credit: CreditWorld) -> None:
    """G1: the Swedish text is the one that is signed."""
    agreement_id = credit.grant().id
    aid = text_for(credit, agreement_id, ANNA, language="en")
    assert "Reading aid. The Swedish text is the one that is signed and applies." in aid


def test_every_signatory_has_a_text_of_their_own(credit: CreditWorld) -> None:
    """S2: one document for each who has to sign."""
    agreement = credit.grant(signing_rule=BOTH_SIGN, guarantors=())
    assert sorted(one.kind for one in documents_of(credit, agreement.id)) == ["agreement", "agreement", "offer"]
    assert text_for(credit, agreement.id, ANNA) == text_for(credit, agreement.id, STRANGER)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_agreement_is_signed_by_the_last_signature_whichever_it_is(
    credit: CreditWorld, order: tuple[int, ...]
) -> None:
    """G2: the company and both guarantors, in any order."""
    agreement = credit.grant()
    starts = [
        lambda: credit.start_agreement(agreement.id),
        lambda: credit.start_guarantee(agreement.id, ERIK),
        lambda: credit.start_guarantee(agreement.id, MARIA),
    ]
    for position in order[:2]:
        credit.complete(starts[position]())
        assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    credit.complete(starts[order[2]]())
    signed = credit.agreement(agreement.id)
    assert signed.state == AgreementState.SIGNED
    assert signed.signed_at == credit.runtime.clock.now()


def test_where_the_rule_needs_two_both_sign(credit: CreditWorld) -> None:
    """S2: one of the two who sign together is not enough."""
    agreement = credit.grant(signing_rule=BOTH_SIGN, guarantors=())
    credit.complete(credit.start_agreement(agreement.id, ANNA))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    credit.complete(credit.start_agreement(agreement.id, STRANGER))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED


def test_only_those_of_the_signing_rule_sign_for_the_company(credit: CreditWorld) -> None:
    """S2: a guarantor has nothing to sign there, nor a signatory in a guarantee."""
    agreement = credit.grant()
    with pytest.raises(NotFound):
        credit.start_agreement(agreement.id, ERIK)
    guarantee = credit.guarantee_of(agreement.id, ERIK)
    with pytest.raises(NotFound):
        credit.agreements.prepare_guarantee(guarantee.id, credit.guarantee_of(agreement.id, MARIA).person_index)


def test_a_signature_by_the_wrong_person_leaves_the_agreement_unsigned(credit: CreditWorld) -> None:
    """S1: the stand-in answers with a stranger's signature."""
    agreement = credit.grant(guarantors=())
    view = credit.complete(credit.start_agreement(agreement.id), hostile="other_person")
    assert view.state is SigningState.FAILED
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    assert "agreement.signature_received" not in credit.actions(agreement.id)


def test_what_is_signed_is_bound_to_the_documents_bytes(credit: CreditWorld) -> None:
    """S1: the visible text names the hash, and the order carries it."""
    agreement = credit.grant()
    index = credit.runtime.cipher.blind_index(ANNA.digits)
    to_sign = credit.agreements.prepare_agreement(agreement.id, index)
    assert to_sign.document is not None
    assert to_sign.document.sha256.hex() in to_sign.visible_text
    assert str(agreement.number) in to_sign.visible_text
    credit.complete(credit.start_agreement(agreement.id))
    with credit.runtime.database.transaction() as session:
        signing = session.scalars(sa.select(Signing).where(Signing.subject_id == agreement.id)).one()
        assert signing.document_id == to_sign.document.id


def test_an_agreement_that_is_not_signed_in_time_lapses_without_fee(credit: CreditWorld) -> None:
    """G2: at the last second it stands, then it lapses, nobody is bound and everybody is told."""
    agreement = credit.grant()
    credit.complete(credit.start_agreement(agreement.id))
    credit.complete(credit.start_guarantee(agreement.id, ERIK))
    credit.clock.move_to(agreement.sign_by - timedelta(seconds=1))
    assert lapse_unsigned(credit.runtime) == 0
    credit.clock.move_to(agreement.sign_by)
    assert lapse_unsigned(credit.runtime) == 1
    assert lapse_unsigned(credit.runtime) == 0
    lapsed = credit.agreement(agreement.id)
    assert (lapsed.state, lapsed.ended_at) == (AgreementState.LAPSED, agreement.sign_by)
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.LAPSED
    assert credit.guarantee_of(agreement.id, MARIA).state == GuaranteeState.LAPSED
    assert credit.balances(agreement.id) == {}
    told = {letter.recipient for letter in letters(credit)[:3]}
    assert told == {"anna@exempel.example", "erik@exempel.example", "maria@exempel.example"}


def test_a_signature_that_comes_when_time_is_over_is_not_taken(credit: CreditWorld) -> None:
    """G2: the order was started in time; whether the scheduler has run by then makes no difference."""
    agreement = credit.grant(guarantors=())
    started = credit.start_agreement(agreement.id)
    credit.clock.move_to(agreement.sign_by)
    assert credit.complete(started).state is SigningState.FAILED
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    with pytest.raises(NothingToSign):
        credit.start_agreement(agreement.id)


def test_a_signed_agreement_does_not_lapse(credit: CreditWorld) -> None:
    """G2: the time is for signatures that are missing."""
    agreement = credit.signed()
    credit.clock.move_to(agreement.sign_by + timedelta(days=1))
    assert lapse_unsigned(credit.runtime) == 0
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED


def test_a_transition_that_does_not_exist_is_refused_and_changes_nothing(credit: CreditWorld) -> None:
    """G1: states.md: what is not in the table does not exist."""
    agreement = credit.grant()
    at = credit.runtime.clock.now()
    with credit.runtime.database.transaction() as session:
        locked = lock_agreement(session, agreement.id)
        with pytest.raises(AgreementStateRefuses):
            move(session, locked, AgreementEvent.FIRST_PAYOUT_BOOKED, at=at, actor="bank", facts=AgreementFacts())
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    assert credit.agreement(agreement.id).version == 1


def test_an_agreement_that_does_not_exist_is_not_found(credit: CreditWorld) -> None:
    with pytest.raises(NotFound), credit.runtime.database.transaction() as session:
        lock_agreement(session, uuid.uuid4())


def test_each_party_sees_the_agreement_and_no_one_else_does(credit: CreditWorld) -> None:
    """D7: what is not the caller's is not found."""
    agreement_id = credit.grant().id
    agreements = credit.agreements
    assert agreements.require(agreement_id, credit.person(ANNA)) is Part.BORROWER
    assert agreements.require(agreement_id, credit.person(ERIK)) is Part.GUARANTOR
    assert agreements.require(agreement_id, STAFF) is Part.STAFF
    for caller in (credit.person(STRANGER), ANONYMOUS):
        for look in (agreements.show, agreements.guarantees, agreements.liable_parties, agreements.documents):
            with pytest.raises(NotFound):
                look(agreement_id, caller)
    with pytest.raises(NotFound):
        agreements.require(agreement_id, credit.person(ERIK), Part.STAFF, Part.BORROWER)


def test_a_guarantor_sees_the_own_guarantee_alone_and_not_the_books(credit: CreditWorld) -> None:
    """D7: one guarantor sees nothing of another."""
    agreement_id = credit.grant().id
    (own,) = credit.agreements.guarantees(agreement_id, credit.person(ERIK))
    assert own.personal_number == ERIK
    assert len(credit.agreements.guarantees(agreement_id, credit.person(ANNA))) == 2
    with pytest.raises(NotFound):
        credit.agreements.ledger(agreement_id, credit.person(ERIK))
    with pytest.raises(NotFound):
        credit.agreements.guarantee(own.id, credit.person(MARIA))
    assert credit.agreements.guarantee(own.id, credit.person(ERIK)).cap == Money.kronor(327_000)


def test_documents_are_for_those_they_were_made_for(credit: CreditWorld) -> None:
    """D7: staff see all six, each party their own, a guarantor of the borrower's the agreement alone."""
    agreement_id = credit.grant().id
    assert len(credit.agreements.documents(agreement_id, STAFF)) == 6
    agreement, told, of_erik = credit.agreements.documents(agreement_id, credit.person(ERIK))
    assert (agreement.kind, told.kind, of_erik.kind) == ("agreement", "guarantee_information", "guarantee")
    with pytest.raises(NotFound):
        credit.agreements.document(agreement_id, of_erik.id, credit.person(MARIA))
    with pytest.raises(NotFound):
        credit.agreements.document(credit.grant().id, of_erik.id, credit.person(ERIK))


def test_everybody_is_sent_their_copy_when_all_have_signed(credit: CreditWorld) -> None:
    """G2: what the guarantor is told, and when: a copy of guarantee and agreement, which can be read before too."""
    agreement = credit.grant()
    before = len(letters(credit))
    for person in (ERIK, MARIA):
        credit.complete(credit.start_guarantee(agreement.id, person))
    assert len(letters(credit)) == before
    credit.complete(credit.start_agreement(agreement.id))
    sent = {letter.recipient: letter.body for letter in letters(credit)[: len(letters(credit)) - before]}
    assert set(sent) == {"anna@exempel.example", "erik@exempel.example", "maria@exempel.example"}
    guarantee = credit.guarantee_of(agreement.id, ERIK)
    assert f"/guarantees/{guarantee.id}" in sent["erik@exempel.example"]


def test_a_person_finds_all_agreements_that_they_have_a_part_in(credit: CreditWorld) -> None:
    first, second = credit.grant(), credit.grant(signing_rule=BOTH_SIGN, guarantors=())
    assert {one.id for one in credit.agreements.of_person(credit.person(ANNA))} == {first.id, second.id}
    (guaranteed,) = credit.agreements.of_person(credit.person(ERIK))
    assert (guaranteed.id, guaranteed.part) == (first.id, Part.GUARANTOR)
    (joint,) = credit.agreements.of_person(credit.person(STRANGER))
    assert (joint.id, joint.part) == (second.id, Part.BORROWER)


def test_a_sole_traders_number_is_kept_as_personal_data(credit: CreditWorld) -> None:
    """A1: the company's number of an EF is a personal number."""
    agreement = credit.grant(company_form=CompanyForm.EF, company=ANNA, borrower_name="Annas snickeri", guarantors=())
    kept = credit.agreement(agreement.id)
    assert ANNA.digits.encode() not in kept.company_encrypted + kept.details_encrypted
    assert credit.agreements.show(agreement.id, credit.person(ANNA)).organisation_number == ANNA


def test_an_agreement_that_cannot_lapse_does_not_stop_the_others(credit: CreditWorld) -> None:
    """G2: the oldest of two cannot be read; the other lapses, and nothing is half done."""
    broken, other = credit.grant(guarantors=()), credit.grant(guarantors=())
    with credit.runtime.database.transaction() as session:
        session.get_one(Agreement, broken.id).details_encrypted = b"\x01 not what was encrypted at all"
    credit.clock.move_to(other.sign_by)
    assert lapse_unsigned(credit.runtime) == 1
    assert credit.agreement(broken.id).state == AgreementState.SIGNING
    assert credit.agreement(other.id).state == AgreementState.LAPSED
