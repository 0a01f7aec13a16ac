"""Those named as guarantors: asked, confirmed, refused, replaced, and what happens when they do not answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.guarantees.rules import InvitedTooOften
from schemas.values import NamedGuarantor
from tests.support.lending import (
    ANNA,
    BERTIL,
    CECILIA,
    CLEAN_HB,
    OWNER,
    STRANGER,
    LendingWorld,
    guarantor_json,
    sole_trader_json,
)
from underwriting.applications.models import Application, ApplicationGuarantor, ApplicationSupplement, EnquiryGround
from underwriting.applications.notices import NOTICE_VERSION, notice
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.applications.services.confirm_guarantor import InvitationClosed
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import InvalidInput, NotFound, NotPermitted
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import ApplicationState, GuarantorState, SigningState

BY_BERTIL = [guarantor_json(BERTIL, "Bertil Berg")]
TOO_LATE = datetime(2026, 3, 16, 23, 0, tzinfo=UTC)  # 2 March + 14 days is over when 17 March begins in Stockholm


def waiting(world: LendingWorld) -> Any:
    """An application that waits for Bertil alone."""
    return world.submitted(world.body(guarantors=BY_BERTIL))


def named(person: PersonalNumber, name: str) -> NamedGuarantor:
    return NamedGuarantor(personal_number=person, name=name, email="ny@example.se", phone="+46701111111")


def move_clock(world: LendingWorld, at: datetime) -> None:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(at)


def confirm(world: LendingWorld, token: str) -> Any:
    return world.sign(world.applications.start_confirmation(token, end_user_ip="127.0.0.1"))


def test_the_invited_person_sees_what_is_asked(world: LendingWorld) -> None:
    """A6: the notice, what the credit is, who named them, and until when."""
    waiting(world)
    invitation = world.applications.invitation(world.invitation_token())
    assert invitation.state == "invited"
    assert invitation.notice == notice()
    assert invitation.applicant == "Anna Andersson"
    assert invitation.confirm_by == TOO_LATE


def test_the_last_confirmation_begins_the_assessment(world: LendingWorld) -> None:
    """A6: with BankID, by the person who was named."""
    application_id = waiting(world)
    view = confirm(world, world.invitation_token())
    assert view.state is SigningState.COMPLETE
    shown = world.applications.view(application_id, world.person(ANNA))
    assert shown.state is ApplicationState.ASSESSING
    assert [guarantor.state for guarantor in shown.guarantors] == [GuarantorState.CONFIRMED]
    with world.runtime.database.transaction() as session:
        row = session.scalars(sa.select(ApplicationGuarantor)).one()
    assert (row.answered_at, row.notice_version) == (world.runtime.clock.now(), NOTICE_VERSION)


def test_with_one_of_two_confirmed_the_assessment_still_waits(world: LendingWorld) -> None:
    """A6: every person to be reported on has confirmed first."""
    body = world.body(guarantors=[*BY_BERTIL, guarantor_json(CECILIA, "Cecilia Carlsson")])
    application_id = world.submitted(body)
    confirm(world, world.invitation_token())
    assert world.applications.view(application_id, world.person(ANNA)).state is ApplicationState.SUBMITTED


def test_nobody_else_can_confirm_with_the_link(world: LendingWorld) -> None:
    """A6: whoever got hold of the link has not the person's BankID."""
    application_id = waiting(world)
    started = world.applications.start_confirmation(world.invitation_token(), end_user_ip="127.0.0.1")
    answer = world.bankid.act(f"orders/{started.qr_content}/sign", {"personal_number": ANNA.digits})
    assert answer.status_code == 409
    assert world.applications.view(application_id, world.person(ANNA)).state is ApplicationState.SUBMITTED


def test_a_link_that_nobody_was_sent_opens_nothing(world: LendingWorld) -> None:
    waiting(world)
    for token in ("", "x" * 43, world.invitation_token() + "x"):
        with pytest.raises(NotFound):
            world.applications.invitation(token)
        with pytest.raises(NotFound):
            world.applications.start_confirmation(token, end_user_ip="127.0.0.1")


def test_an_invitation_is_answered_once(world: LendingWorld) -> None:
    """A6: a confirmation is not taken back, a refusal neither."""
    waiting(world)
    token = world.invitation_token()
    confirm(world, token)
    assert world.applications.invitation(token).state == "confirmed"
    for again in (lambda: world.applications.refuse(token), lambda: confirm(world, token)):
        with pytest.raises(InvitationClosed) as refused:
            again()
        assert refused.value.rule == "A6"


def test_a_refusal_tells_the_applicant_who_can_name_another(world: LendingWorld) -> None:
    """A6, A3: the application waits; no report is asked for on who refused."""
    application_id = waiting(world)
    token = world.invitation_token()
    world.applications.refuse(token)
    view = world.applications.view(application_id, world.person(ANNA))
    assert view.state is ApplicationState.SUBMITTED
    assert [guarantor.state for guarantor in view.guarantors] == [GuarantorState.REFUSED]
    (letter,) = world.letters("guarantor-refused")
    assert letter.recipient == "anna@example.se"
    assert "Bertil Berg" in letter.body
    assert world.applications.invitation(token).state == "refused"


def test_a_replaced_guarantor_is_a_dated_supplement_and_the_new_one_is_invited(world: LendingWorld) -> None:
    """A3: the place stays, the person changes; the old link is dead and the new person has 14 days."""
    application_id = waiting(world)
    old_token = world.invitation_token()
    world.applications.refuse(old_token)
    move_clock(world, world.runtime.clock.now() + timedelta(days=2))
    view = world.applications.replace_guarantor(
        application_id, 1, named(CECILIA, "Cecilia Carlsson"), world.person(ANNA)
    )
    assert [(each.ordinal, each.name, each.state) for each in view.guarantors] == [
        (1, "Cecilia Carlsson", GuarantorState.INVITED)
    ]
    assert view.confirm_by == TOO_LATE + timedelta(days=2)
    with pytest.raises(NotFound):
        world.applications.invitation(old_token)
    confirm(world, world.invitation_token())
    assert world.applications.view(application_id, world.person(ANNA)).state is ApplicationState.ASSESSING
    with world.runtime.database.transaction() as session:
        supplement = session.scalars(sa.select(ApplicationSupplement)).one()
        grounds = session.scalars(sa.select(EnquiryGround.subject_index)).all()
    assert (supplement.kind, supplement.added_at) == ("guarantor", datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    assert world.runtime.cipher.blind_index(CECILIA.digits) in grounds


def test_the_same_person_is_not_named_twice_by_a_replacement(world: LendingWorld) -> None:
    """A4: nor by name of the first."""
    body = world.body(guarantors=[guarantor_json(ANNA, "Anna Andersson"), *BY_BERTIL])
    application_id = world.submitted(body)
    with pytest.raises(InvalidInput) as refused:
        world.applications.replace_guarantor(application_id, 2, named(ANNA, "Anna Andersson"), world.person(ANNA))
    assert [(error.pointer, error.rule) for error in refused.value.errors] == [("/personal_number", "A4")]


def test_a_sole_trader_does_not_become_their_own_guarantor_by_a_replacement(world: LendingWorld) -> None:
    """A4: the owner's own guarantee adds nothing."""
    application_id = world.submitted(world.read(sole_trader_json(guarantors=BY_BERTIL)))
    with pytest.raises(InvalidInput) as refused:
        world.applications.replace_guarantor(application_id, 1, named(OWNER, "Olle Olsson"), world.person(OWNER))
    assert [error.rule for error in refused.value.errors] == ["A4"]


def test_a_place_that_is_not_there_cannot_be_filled(world: LendingWorld) -> None:
    application_id = waiting(world)
    with pytest.raises(NotFound):
        world.applications.replace_guarantor(application_id, 2, named(CECILIA, "Cecilia"), world.person(ANNA))


def test_only_the_applicant_replaces(world: LendingWorld) -> None:
    application_id = waiting(world)
    with pytest.raises(NotFound):
        world.applications.replace_guarantor(application_id, 1, named(CECILIA, "Cecilia"), world.person(BERTIL))
    with pytest.raises(NotPermitted):
        world.applications.replace_guarantor(application_id, 1, named(CECILIA, "Cecilia"), world.staff())


def test_under_assessment_nobody_is_replaced(world: LendingWorld) -> None:
    """A3: reports are being asked for on those who confirmed."""
    application_id = world.submitted()
    with pytest.raises(ApplicationStateRefuses) as refused:
        world.applications.replace_guarantor(application_id, 1, named(CECILIA, "Cecilia"), world.person(ANNA))
    assert refused.value.rule == "A3"


@pytest.mark.parametrize(
    ("at", "lapses"),
    [(TOO_LATE - timedelta(microseconds=1), 0), (TOO_LATE, 1), (TOO_LATE + timedelta(days=1), 1)],
)
def test_an_unconfirmed_application_lapses_after_the_fourteenth_day(
    world: LendingWorld, at: datetime, lapses: int
) -> None:
    """A6: at the end of the 14th day, not a microsecond before."""
    application_id = waiting(world)
    move_clock(world, at)
    assert world.applications.lapse_due() == lapses
    state = world.applications.view(application_id, world.person(ANNA)).state
    assert state is (ApplicationState.LAPSED if lapses else ApplicationState.SUBMITTED)
    assert len(world.letters("application-lapsed")) == lapses
    assert world.applications.lapse_due() == 0


def test_too_late_is_too_late_even_before_the_job_has_run(world: LendingWorld) -> None:
    """A6: the instant counts, not the job; an order that completes after it is undone."""
    application_id = waiting(world)
    token = world.invitation_token()
    started = world.applications.start_confirmation(token, end_user_ip="127.0.0.1")
    move_clock(world, TOO_LATE)
    assert world.sign(started).state is SigningState.FAILED
    assert world.applications.invitation(token).state == "closed"
    with pytest.raises(InvitationClosed):
        world.applications.refuse(token)
    assert world.applications.view(application_id, world.person(ANNA)).state is ApplicationState.SUBMITTED


def test_an_undecided_application_lapses_after_the_thirtieth_day(world: LendingWorld) -> None:
    """A3: without a decision it binds nobody any more, and costs nothing."""
    application_id = world.submitted()
    move_clock(world, datetime(2026, 4, 1, 21, 59, 59, tzinfo=UTC))
    assert world.applications.lapse_due() == 0
    move_clock(world, datetime(2026, 4, 1, 22, 0, tzinfo=UTC))
    assert world.applications.lapse_due() == 1
    assert world.applications.view(application_id, world.person(ANNA)).state is ApplicationState.LAPSED
    (letter,) = world.letters("application-lapsed")
    assert "eftersom den inte avgjordes i tid" in letter.body


def test_a_draft_is_deleted_after_thirty_days(world: LendingWorld) -> None:
    """A3: what nobody signed is removed; what was signed is not."""
    signed = world.submitted()
    application_id, holder = world.draft()
    move_clock(world, world.runtime.clock.now() + timedelta(days=30))
    assert world.applications.delete_old_drafts() == 0
    move_clock(world, world.runtime.clock.now() + timedelta(seconds=1))
    assert world.applications.delete_old_drafts() == 1
    with pytest.raises(NotFound):
        world.applications.view(application_id, holder)
    assert world.applications.view(signed, world.person(ANNA)).id == signed


def test_strangers_learn_nothing_by_guessing_ids(world: LendingWorld) -> None:
    application_id = waiting(world)
    with pytest.raises(NotFound):
        world.applications.view(application_id, STRANGER)
    with pytest.raises(NotFound):
        world.applications.view(application_id, world.person(BERTIL))


def test_an_application_that_cannot_lapse_does_not_stop_the_others(world: LendingWorld) -> None:
    """A6: one of two cannot be read; the other lapses, and nothing is half done."""
    broken = waiting(world)
    other = world.submitted(world.body(guarantors=BY_BERTIL, company_form="HB", organisation_number=CLEAN_HB))
    with world.runtime.database.transaction() as session:
        session.get_one(Application, broken).details_encrypted = b"\x01 not what was encrypted at all"
    move_clock(world, TOO_LATE)
    assert world.applications.lapse_due() == 1
    with world.runtime.database.transaction() as session:
        assert session.get_one(Application, broken, populate_existing=True).state == ApplicationState.SUBMITTED
        assert session.get_one(Application, other, populate_existing=True).state == ApplicationState.LAPSED


def test_a_letter_is_sent_again_with_a_new_link_and_no_new_time(world: LendingWorld) -> None:
    """A6: by the applicant or one of staff; the link of before is over, the last day is the same."""
    application_id = waiting(world)
    first = world.invitation_token()
    for caller in (world.person(ANNA), world.staff()):
        move_clock(world, world.runtime.clock.now() + timedelta(minutes=10))
        view = world.applications.invite_again(application_id, 1, email=None, caller=caller)
        assert view.confirm_by == TOO_LATE
    assert len(world.letters("guarantor-invitation")) == 3
    with pytest.raises(NotFound):
        world.applications.invitation(first)
    confirm(world, world.invitation_token())
    assert world.applications.view(application_id, world.person(ANNA)).state is ApplicationState.ASSESSING


def test_a_wrong_address_is_mended_as_a_dated_supplement(world: LendingWorld) -> None:
    """A3: the person stays; the letter, and every later one, goes to the other address."""
    application_id = waiting(world)
    move_clock(world, world.runtime.clock.now() + timedelta(minutes=10))
    world.applications.invite_again(application_id, 1, email="ratt@example.se", caller=world.person(ANNA))
    assert [letter.recipient for letter in world.letters("guarantor-invitation")] == [
        "ratt@example.se",
        "bertil@example.se",
    ]
    with world.runtime.database.transaction() as session:
        assert session.scalars(sa.select(ApplicationSupplement.kind)).all() == ["guarantor"]
    assert world.applications.invitation(world.invitation_token()).name == "Bertil Berg"


def test_nobody_is_flooded_with_letters(world: LendingWorld) -> None:
    """G2: ten minutes between two letters, ten letters in all; what is refused changes no address."""
    application_id, anna = waiting(world), world.person(ANNA)
    with pytest.raises(InvitedTooOften):
        world.applications.invite_again(application_id, 1, email="a@example.se", caller=anna)
    for _ in range(9):
        move_clock(world, world.runtime.clock.now() + timedelta(minutes=10))
        world.applications.invite_again(application_id, 1, email=None, caller=anna)
    move_clock(world, world.runtime.clock.now() + timedelta(days=1))
    with pytest.raises(InvitedTooOften):
        world.applications.invite_again(application_id, 1, email=None, caller=anna)
    assert {letter.recipient for letter in world.letters("guarantor-invitation")} == {"bertil@example.se"}


def test_who_has_answered_or_is_out_of_time_is_not_asked_again(world: LendingWorld) -> None:
    """A6: not after a refusal, and not from the first second after the last day; nor for somebody else."""
    application_id, anna = waiting(world), world.person(ANNA)
    with pytest.raises(NotFound):
        world.applications.invite_again(application_id, 1, email=None, caller=world.person(BERTIL))
    with pytest.raises(NotFound):
        world.applications.invite_again(application_id, 2, email=None, caller=anna)
    move_clock(world, TOO_LATE)
    with pytest.raises(InvitationClosed):
        world.applications.invite_again(application_id, 1, email=None, caller=anna)
    move_clock(world, TOO_LATE - timedelta(days=1))
    world.applications.refuse(world.invitation_token())
    with pytest.raises(InvitationClosed):
        world.applications.invite_again(application_id, 1, email=None, caller=anna)


def test_those_who_were_asked_are_told_that_the_application_lapsed(world: LendingWorld) -> None:
    """A6: who was invited or has confirmed awaits nothing more; who has refused is left alone."""
    by = [guarantor_json(BERTIL, "Bertil Berg"), guarantor_json(CECILIA, "Cecilia Ceder")]
    world.submitted(world.body(company_form="HB", organisation_number=CLEAN_HB, guarantors=by))
    world.applications.refuse(world.invitation_token())  # Cecilia's is the newest
    move_clock(world, TOO_LATE)
    assert world.applications.lapse_due() == 1
    assert [letter.recipient for letter in world.letters("guarantor-not-needed")] == ["bertil@example.se"]
