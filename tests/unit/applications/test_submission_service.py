"""Submission: what is signed, what the signature causes, and one open application per company."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.documents.plain_text import text_of
from tests.support.lending import ANNA, BERTIL, CECILIA, OWNER, STRANGER, LendingWorld, guarantor_json, sole_trader_json
from underwriting.applications.models import Application, EnquiryGround
from underwriting.applications.notices import NOTICE_VERSION, notice
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.applications.services.find_application import ApplicationOpen
from underwriting.kernel.errors import LoginRequired
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import ApplicationState, GuarantorState, SigningState
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller


def row_of(world: LendingWorld, application_id: Any) -> Application:
    with world.runtime.database.transaction() as session:
        return session.get_one(Application, application_id, populate_existing=True)


def submit(world: LendingWorld, application_id: Any, holder: Caller) -> Any:
    return world.sign(world.applications.submit(application_id, holder, end_user_ip="127.0.0.1"))


def test_the_text_states_what_the_applicant_is_bound_to(world: LendingWorld) -> None:
    """A3: amount, term, the highest fee rate, cancellation with its fees, and 30 days of binding."""
    application_id, holder = world.draft()
    text = " ".join(text_of(world.applications.review(application_id, holder).sv).split())
    for stated in (
        "200\u00a0000\u00a0kr",
        "12 månader",
        "högst 4,50\u00a0% per kalendermånad",
        "16.00",
        "1\u00a0500\u00a0kr",
        "30 dagar",
    ):
        assert stated in text or stated.replace("\u00a0", " ") in text, stated


def test_what_is_signed_is_what_was_reviewed(world: LendingWorld) -> None:
    """A3: the exact text, of which the applicant can read the English aid."""
    application_id, holder = world.draft()
    reviewed = world.applications.review(application_id, holder)
    submit(world, application_id, holder)
    signed = world.applications.signed_text(application_id, world.person(ANNA))
    assert (signed.sv, signed.en) == (text_of(reviewed.sv), text_of(reviewed.en))


def test_the_signature_submits_and_binds_for_thirty_days(world: LendingWorld) -> None:
    """A3: signed at 10:00 on 2 March 2026; 1 April is the last day, over at 22:00 UTC."""
    application_id, holder = world.draft()
    view = submit(world, application_id, holder)
    row = row_of(world, application_id)
    assert view.state is SigningState.COMPLETE
    assert row.submitted_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert row.binding_until == datetime(2026, 4, 1, 22, 0, tzinfo=UTC)
    assert row.shown_highest_fee_rate == "0.045"
    assert row.access_secret_hash is None


def test_a_submitter_who_is_the_only_guarantor_is_confirmed_at_once(world: LendingWorld) -> None:
    """A6: the submitter's own signature counts; nobody is left, so the assessment begins."""
    application_id = world.submitted()
    view = world.applications.view(application_id, world.person(ANNA))
    assert view.state is ApplicationState.ASSESSING
    assert [guarantor.state for guarantor in view.guarantors] == [GuarantorState.CONFIRMED]
    assert row_of(world, application_id).next_attempt_at is not None
    assert world.letters("guarantor-invitation") == []


def test_others_are_invited_and_the_assessment_waits(world: LendingWorld) -> None:
    """A6: nobody is reported on before they have confirmed; they have to the end of 16 March."""
    body = world.body(guarantors=[guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")])
    application_id = world.submitted(body)
    view = world.applications.view(application_id, world.person(ANNA))
    assert view.state is ApplicationState.SUBMITTED
    assert [guarantor.state for guarantor in view.guarantors] == [GuarantorState.CONFIRMED, GuarantorState.INVITED]
    assert view.confirm_by == datetime(2026, 3, 16, 23, 0, tzinfo=UTC)
    assert row_of(world, application_id).next_attempt_at is None
    (letter,) = world.letters("guarantor-invitation")
    assert letter.recipient == "bertil@example.se"
    assert "http://127.0.0.1:8080/invitations/" in letter.body


def test_only_a_hash_of_the_invitation_is_kept(world: LendingWorld) -> None:
    """A6: the link's token is 256 bits, 43 characters, and stands in no row."""
    world.submitted(world.body(guarantors=[guarantor_json(BERTIL, "Bertil Berg")]))
    token = world.invitation_token()
    assert len(token) == 43
    with world.runtime.database.transaction() as session:
        rows = str(session.execute(sa.text("SELECT to_jsonb(t)::text FROM application_guarantor t")).all())
    assert token not in rows
    assert token.encode().hex() not in rows


def test_reason_and_notice_are_kept_per_subject_before_any_bureau_is_asked(world: LendingWorld) -> None:
    """A6: one row for the company and one for each person, with the text and its version."""
    application_id = world.submitted(
        world.body(guarantors=[guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")])
    )
    row = row_of(world, application_id)
    index = world.runtime.cipher.blind_index
    with world.runtime.database.transaction() as session:
        grounds = {ground.subject_index: ground for ground in session.scalars(sa.select(EnquiryGround))}
    assert grounds.keys() == {row.company_index, index(ANNA.digits), index(BERTIL.digits)}
    for ground in grounds.values():
        assert row.reference in ground.reason
        assert ground.notice_version == NOTICE_VERSION
        assert notice().sv in ground.notice_text
        assert notice().en in ground.notice_text


def test_the_notice_says_who_gets_a_copy_and_that_an_enquiry_is_seen_for_a_year() -> None:
    """A6: a copy to persons, HB and KB; an enquiry on a person is visible for a year."""
    for words in ("kopia", "fysisk person", "handelsbolag", "kommanditbolag", "ett år"):
        assert words in notice().sv
    for words in ("copy", "natural person", "trading partnership", "limited partnership", "one year"):
        assert words in notice().en


def test_a_sole_trader_without_guarantor_is_assessed_at_once(world: LendingWorld) -> None:
    """A4, A6: the owner has signed; nobody else is concerned."""
    application_id = world.submitted(world.read(sole_trader_json()))
    assert world.applications.view(application_id, world.person(OWNER)).state is ApplicationState.ASSESSING


def test_somebody_elses_bankid_does_not_submit(world: LendingWorld) -> None:
    """A9: only the signatory named in the draft can sign it."""
    application_id, holder = world.draft()
    started = world.applications.submit(application_id, holder, end_user_ip="127.0.0.1")
    answer = world.bankid.act(f"orders/{started.qr_content}/sign", {"personal_number": BERTIL.digits})
    assert answer.status_code == 409
    assert world.applications.view(application_id, holder).state is ApplicationState.DRAFT


def test_a_draft_that_changes_after_the_order_was_started_is_not_submitted(world: LendingWorld) -> None:
    """A3: what was signed is not what the draft says; the signature is undone and can be given again."""
    application_id, holder = world.draft()
    started = world.applications.submit(application_id, holder, end_user_ip="127.0.0.1")
    changed = world.body(requested_amount="50000.00")
    world.applications.change_draft(application_id, lambda _: changed, holder)
    assert world.sign(started).state is SigningState.FAILED
    assert world.applications.view(application_id, holder).state is ApplicationState.DRAFT
    assert submit(world, application_id, holder).state is SigningState.COMPLETE
    signed = world.applications.signed_text(application_id, world.person(ANNA)).sv
    assert "50\u00a0000\u00a0kr" in signed
    assert "200\u00a0000\u00a0kr" not in signed


def test_a_draft_dropped_while_it_is_being_signed_stays_dropped(world: LendingWorld) -> None:
    """A3: the order completes into nothing."""
    application_id, holder = world.draft()
    started = world.applications.submit(application_id, holder, end_user_ip="127.0.0.1")
    world.applications.delete_draft(application_id, holder)
    assert world.sign(started).state is SigningState.FAILED


def test_submitting_twice_is_refused(world: LendingWorld) -> None:
    """A3: it is signed already."""
    application_id = world.submitted()
    with pytest.raises(ApplicationStateRefuses) as refused:
        world.applications.submit(application_id, world.person(ANNA), end_user_ip="127.0.0.1")
    assert refused.value.rule == "A3"


def test_a_second_application_is_refused_and_its_stranger_learns_no_reference(world: LendingWorld) -> None:
    """A8: the first one's reference is shown to its owner only."""
    first = row_of(world, world.submitted())
    application_id, holder = world.draft()
    with pytest.raises(ApplicationOpen) as refused:
        world.applications.submit(application_id, holder, end_user_ip="127.0.0.1")
    assert refused.value.rule == "A8"
    assert first.reference not in refused.value.detail.sv

    anna = Caller("person", person_index=world.person(ANNA).person_index, draft_secret_hash=holder.draft_secret_hash)
    with pytest.raises(ApplicationOpen) as told:
        world.applications.submit(application_id, anna, end_user_ip="127.0.0.1")
    assert first.reference in told.value.detail.sv
    assert first.reference in told.value.detail.en


def test_when_the_first_is_over_the_company_may_apply_again(world: LendingWorld) -> None:
    """A8: undecided ones only."""
    world.submitted()
    world.runtime.clock.move_to(world.runtime.clock.now() + timedelta(days=31))  # type: ignore[attr-defined]
    assert world.applications.lapse_due() == 1
    second = world.submitted()
    assert world.applications.view(second, world.person(ANNA)).state is ApplicationState.ASSESSING


def test_of_two_that_sign_for_one_company_at_the_same_time_one_wins(committed_world: LendingWorld) -> None:
    """A8: two threads, two signatories, one company; the unique index decides, and the other one's order fails."""
    world = committed_world
    orders = []
    for person in (ANNA, CECILIA):
        body = world.body(signatory_personal_number=person.digits, guarantors=[guarantor_json(person, "Namn Namnsson")])
        application_id, holder = world.draft(body)
        started = world.applications.submit(application_id, holder, end_user_ip="127.0.0.1")
        assert world.bankid.act(f"orders/{started.qr_content}/sign", {}).ok
        orders.append((application_id, started))
    world.wall.move_to(world.wall.now() + timedelta(seconds=3))
    together = threading.Barrier(2)

    def complete(position: int) -> None:
        together.wait()
        started = orders[position][1]
        states[position] = world.signings.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7").state

    states: dict[int, SigningState] = {}
    threads = [threading.Thread(target=complete, args=(position,)) for position in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(states.values()) == [SigningState.COMPLETE, SigningState.FAILED]
    found = sorted(row_of(world, application_id).state for application_id, _ in orders)
    assert found == [ApplicationState.ASSESSING, ApplicationState.DRAFT]


def test_every_step_is_in_the_applications_audit_chain(world: LendingWorld) -> None:
    application_id = world.submitted()
    with world.runtime.database.transaction() as session:
        actions = [entry.action for entry in audit_log.entries_of(session, f"application:{application_id}")]
        assert audit_log.first_broken_link(session, f"application:{application_id}") is None
    assert actions[:1] == ["application.created"]
    assert [action for action in actions if action in ("application.signed", "application.all_confirmed")] == [
        "application.signed",
        "application.all_confirmed",
    ]


def test_a_stranger_cannot_list_and_the_signatory_sees_their_own(world: LendingWorld) -> None:
    application_id = world.submitted()
    other = PersonalNumber("197702012399")
    assert [item.id for item in world.applications.list_applications(world.person(ANNA)).items] == [application_id]
    assert world.applications.list_applications(world.person(other)).items == ()
    assert [item.id for item in world.applications.list_applications(world.staff()).items] == [application_id]
    with pytest.raises(LoginRequired):
        world.applications.list_applications(STRANGER)
