"""A guarantor's own link, declining, and what of an agreement is left then (rules G2, G7)."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from agreements.credit.service import lapse_unsigned
from agreements.credit.services.complete_signatures import NothingToSign
from agreements.credit.services.decline_guarantee import (
    GuaranteeInvitationOver,
    GuaranteeInvitations,
    GuarantorNotReplaceable,
    give_up_for_another_guarantor,
)
from tests.support.credit import ANNA, ERIK, LIMIT, MARIA, STRANGER, CreditWorld
from underwriting.kernel.errors import LoginRequired, NotFound, Refusal
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.signing_rule import Signatory, SigningRule
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState, SigningState
from underwriting.platform import outbox
from underwriting.platform.authentication import ANONYMOUS


def letters_to(credit: CreditWorld, recipient: str) -> list[str]:
    """What *recipient* was written, the newest first."""
    with credit.runtime.database.transaction() as session:
        found = outbox.latest(session, credit.runtime, count=100)
    return [one.body for one in found if one.recipient == recipient]


def token_of(credit: CreditWorld, recipient: str) -> str:
    """The token in the guarantor's link."""
    found = re.search(r"/invitation/([\w-]+)", letters_to(credit, recipient)[0])
    assert found is not None
    return found[1]


def decline(credit: CreditWorld, agreement_id, person: PersonalNumber, *, tell: bool = False) -> None:  # type: ignore[no-untyped-def]
    """*person* declines."""
    guarantee = credit.guarantee_of(agreement_id, person)
    GuaranteeInvitations(credit.runtime).decline(
        guarantee.id, reason="Jag vill inte riskera huset.", tell=tell, caller=credit.person(person)
    )


def give_up(credit: CreditWorld, application_id, declined: PersonalNumber) -> None:  # type: ignore[no-untyped-def]
    """Another is named in the place of *declined*."""
    with credit.runtime.database.transaction() as session:
        give_up_for_another_guarantor(
            session,
            credit.runtime,
            application_id,
            declined_index=credit.runtime.cipher.blind_index(declined.digits),
            actor="person:test",
            at=credit.clock.now(),
        )


def test_the_link_shows_its_guarantor_the_whole_documents_and_the_sum(credit: CreditWorld) -> None:
    """G2: the named person, identified by BankID, sees cap, credit and documents before signing."""
    agreement = credit.grant()
    invitations, token = GuaranteeInvitations(credit.runtime), token_of(credit, "erik@exempel.example")
    shown = invitations.show(token, credit.person(ERIK))
    assert (shown.guarantee.cap, shown.limit) == (Money.kronor(327_000), LIMIT)
    assert {one.kind for one in shown.documents} == {"guarantee", "guarantee_information"}
    assert credit.guarantee_of(agreement.id, ERIK).invitation_hash != token.encode()


@pytest.mark.parametrize("person", [MARIA, ANNA, STRANGER])
def test_the_link_shows_nobody_else_anything(credit: CreditWorld, person: PersonalNumber) -> None:
    """G2: before BankID nothing is shown, and then not to another guarantor, the signatory or a stranger."""
    credit.grant()
    invitations, token = GuaranteeInvitations(credit.runtime), token_of(credit, "erik@exempel.example")
    with pytest.raises(LoginRequired):
        invitations.show(token, ANONYMOUS)
    with pytest.raises(NotFound):
        invitations.show(token, credit.person(person))
    with pytest.raises(NotFound):
        invitations.show(token + "x", credit.person(ERIK))


def test_the_link_ends_with_the_time_for_signatures(credit: CreditWorld) -> None:
    """G2: from the first second after the fourteenth day it leads nowhere."""
    agreement = credit.grant()
    invitations, token = GuaranteeInvitations(credit.runtime), token_of(credit, "erik@exempel.example")
    credit.clock.move_to(agreement.sign_by - timedelta(seconds=1))
    assert invitations.show(token, credit.person(ERIK)).limit == LIMIT
    credit.clock.move_to(agreement.sign_by)
    with pytest.raises(GuaranteeInvitationOver):
        invitations.show(token, credit.person(ERIK))


@pytest.mark.parametrize("tell", [False, True])
def test_the_applicant_is_told_of_a_refusal_and_reads_the_reason_only_if_allowed(
    credit: CreditWorld, tell: bool
) -> None:
    """G2: a guarantor who declines is named to the applicant, the reason only where the guarantor lets it be told."""
    agreement = credit.grant()
    decline(credit, agreement.id, ERIK, tell=tell)
    told = letters_to(credit, "anna@exempel.example")[0]
    assert "Erik Sandström" in told
    assert ("huset" in told) is tell
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.REFUSED
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING


def test_only_the_guarantor_declines_and_only_what_is_not_signed(credit: CreditWorld) -> None:
    """G2: nobody declines for another; who has signed or declined cannot decline again."""
    agreement = credit.grant()
    guarantee = credit.guarantee_of(agreement.id, ERIK)
    invitations = GuaranteeInvitations(credit.runtime)
    with pytest.raises(NotFound):
        invitations.decline(guarantee.id, reason="x", tell=False, caller=credit.person(MARIA))
    credit.complete(credit.start_guarantee(agreement.id, ERIK))
    with pytest.raises(NothingToSign):
        decline(credit, agreement.id, ERIK)
    decline(credit, agreement.id, MARIA)
    with pytest.raises(NothingToSign):
        decline(credit, agreement.id, MARIA)


def test_what_was_declined_is_never_signed(credit: CreditWorld) -> None:
    """G2: neither with a new order nor with one that was started before."""
    agreement = credit.grant()
    started = credit.start_guarantee(agreement.id, ERIK)
    decline(credit, agreement.id, ERIK)
    assert credit.complete(started).state is SigningState.FAILED
    with pytest.raises(NothingToSign):
        credit.start_guarantee(agreement.id, ERIK)
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.REFUSED


def test_without_another_guarantor_the_approval_lapses(credit: CreditWorld) -> None:
    """G2: everybody else has signed, one has declined: after fourteen days it lapses and nothing is owed."""
    agreement = credit.grant()
    decline(credit, agreement.id, ERIK)
    credit.complete(credit.start_guarantee(agreement.id, MARIA))
    credit.complete(credit.start_agreement(agreement.id))
    credit.clock.move_to(agreement.sign_by)
    assert lapse_unsigned(credit.runtime) == 1
    assert credit.agreement(agreement.id).state == AgreementState.LAPSED
    assert credit.balances(agreement.id) == {}


def test_naming_another_gives_the_agreement_up_for_everybody(credit: CreditWorld) -> None:
    """G7: a guarantor who signed beside one who is replaced is bound by nothing but what they sign anew."""
    agreement = credit.grant()
    pending = credit.start_agreement(agreement.id)
    credit.complete(credit.start_guarantee(agreement.id, MARIA))
    decline(credit, agreement.id, ERIK)
    give_up(credit, agreement.application_id, ERIK)
    assert credit.agreement(agreement.id).state == AgreementState.LAPSED
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.REPLACED
    assert credit.guarantee_of(agreement.id, MARIA).state == GuaranteeState.LAPSED
    assert credit.complete(pending).state is SigningState.FAILED
    again = credit.grant(application_id=agreement.application_id)
    assert again.id != agreement.id
    assert credit.guarantee_of(again.id, MARIA).state == GuaranteeState.INVITED
    assert credit.grant(application_id=agreement.application_id).id == again.id


def test_nobody_is_replaced_who_has_not_declined(credit: CreditWorld) -> None:
    """G2: not while the guarantor considers it, not after signing, and not when the time is over."""
    agreement = credit.grant()
    with pytest.raises(GuarantorNotReplaceable):
        give_up(credit, agreement.application_id, ERIK)
    decline(credit, agreement.id, ERIK)
    with pytest.raises(GuarantorNotReplaceable):
        give_up(credit, agreement.application_id, MARIA)
    credit.clock.move_to(agreement.sign_by)
    with pytest.raises(GuarantorNotReplaceable):
        give_up(credit, agreement.application_id, ERIK)


def test_a_guarantee_is_signed_or_declined_and_never_both(committed_credit: CreditWorld) -> None:
    """G2: the guarantor's signature and refusal race; one wins, and a replaced guarantee is never signed."""
    credit = committed_credit
    for _ in range(3):
        agreement = credit.grant()
        guarantee = credit.guarantee_of(agreement.id, ERIK)
        started = credit.start_guarantee(agreement.id, ERIK)
        assert credit.bankid.act(f"orders/{started.qr_content}/sign", {}).ok
        credit.pass_wall(seconds=3)
        together = Barrier(2)
        refused: list[Refusal] = []

        def sign(started=started, together=together) -> None:  # type: ignore[no-untyped-def]
            together.wait()
            credit.signings.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7")

        def refuse(agreement=agreement, together=together, refused=refused) -> None:  # type: ignore[no-untyped-def]
            together.wait()
            try:
                decline(credit, agreement.id, ERIK)
                give_up(credit, agreement.application_id, ERIK)
            except Refusal as error:
                refused.append(error)

        racers = [Thread(target=sign), Thread(target=refuse)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        now = credit.guarantee_of(agreement.id, ERIK)
        assert now.id == guarantee.id
        if refused:
            assert (now.state, now.signed_at is not None) == (GuaranteeState.SIGNED, True)
        else:
            assert (now.state, now.signed_at) == (GuaranteeState.REPLACED, None)


JOINTLY = SigningRule.jointly(
    (Signatory(ANNA, "Anna Lindqvist"), Signatory(STRANGER, "Nils Berg", email="nils@exempel.example"))
)


def test_when_time_is_over_everybody_is_told_who_waits_for_something(credit: CreditWorld) -> None:
    """G2: the borrower, each who signs at an address of their own, and the guarantors, but for who has declined."""
    agreement = credit.grant(signing_rule=JOINTLY)
    decline(credit, agreement.id, ERIK)
    before = {one: len(letters_to(credit, f"{one}@exempel.example")) for one in ("anna", "nils", "maria", "erik")}
    credit.clock.move_to(agreement.sign_by)
    assert lapse_unsigned(credit.runtime) == 1
    after = {one: len(letters_to(credit, f"{one}@exempel.example")) for one in before}
    assert {one: after[one] - before[one] for one in before} == {"anna": 1, "nils": 1, "maria": 1, "erik": 0}


def test_those_who_sign_for_the_company_are_told_that_what_they_signed_is_given_up(credit: CreditWorld) -> None:
    """G7: a co-signatory with an own address learns that the agreement does not bind, signed or not."""
    agreement = credit.grant(signing_rule=JOINTLY)
    credit.complete(credit.start_agreement(agreement.id, STRANGER))
    decline(credit, agreement.id, ERIK)
    give_up(credit, agreement.application_id, ERIK)
    assert "gäller inte, även om du har undertecknat det" in letters_to(credit, "nils@exempel.example")[0]
