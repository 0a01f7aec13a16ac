"""Human review: asked for by a natural person, answered by a person within a month."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.values import ApplicationBody
from tests.support.lending import ANNA, BERTIL, OWNER, LendingWorld, guarantor_json, sole_trader_json
from tests.unit.decisions.test_determination_service import LESS, move_clock
from underwriting.decisions.desk import Desk
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.reviews import (
    NoNewDecision,
    NothingToReview,
    ReviewAnswered,
    ReviewUnderWay,
    answer_by,
)
from underwriting.kernel.errors import InvalidInput, NotFound
from underwriting.kernel.vocabulary import RequestChannel, ReviewOutcome, Role
from underwriting.platform.authentication import RoleMissing

VIEW = "Kostnaderna var för högt räknade."


@pytest.mark.parametrize(
    ("requested_at", "deadline"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 4, 2, 22, tzinfo=UTC)),  # summer time since
        (datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 2, 28, 23, tzinfo=UTC)),  # no 31 February
        (datetime(2028, 1, 31, 9, tzinfo=UTC), datetime(2028, 2, 29, 23, tzinfo=UTC)),
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), datetime(2026, 4, 3, 22, tzinfo=UTC)),  # 3 March in Stockholm
    ],
)
def test_the_deadline_is_the_end_of_the_day_one_month_later(requested_at: datetime, deadline: datetime) -> None:
    """D9: counted in Stockholm."""
    assert answer_by(requested_at) == deadline


def declined(world: LendingWorld, body: ApplicationBody | None = None) -> Any:
    """The id of an application that the policy has declined."""
    application_id = world.submitted(body or world.body(expected_monthly_costs="350000.00"))
    world.decisions.assess_due()
    return application_id


def declined_trader(world: LendingWorld) -> Any:
    return declined(world, world.read(sole_trader_json(expected_monthly_costs="390000.00")))


def test_the_owner_of_an_enskild_firma_asks_and_is_answered(world: LendingWorld) -> None:
    """D9: received, queued with its deadline, answered with grounds, told; the grounds are for staff."""
    application_id, desk = declined_trader(world), Desk(world.decisions)
    asked = desk.request_review(application_id, VIEW, world.person(OWNER))
    assert asked.answer_by == answer_by(world.runtime.clock.now())
    (waiting,) = desk.reviews(world.staff())
    assert (waiting.view, waiting.guarantor_id, waiting.channel) == (VIEW, None, RequestChannel.PORTAL)
    assert VIEW not in world.letters("review-requested")[0].body

    desk.answer_review(asked.id, ReviewOutcome.UPHELD, "Beslutet står fast.", "Överskottet räcker inte.", world.staff())
    told = desk.own_review(application_id, world.person(OWNER))
    assert (told.outcome, told.answer) == (ReviewOutcome.UPHELD, "Beslutet står fast.")
    assert not hasattr(told, "grounds")
    (letter,) = world.letters("review-answered")
    assert "Beslutet står fast" not in letter.body
    assert "Överskottet" not in letter.body
    assert desk.reviews(world.staff()) == ()
    with pytest.raises(ReviewAnswered):
        desk.answer_review(asked.id, ReviewOutcome.UPHELD, "Igen.", "Igen.", world.staff())


def test_a_guarantor_asks_about_their_own_part(world: LendingWorld) -> None:
    """D9, D7: and neither the applicant nor another guarantor reads it."""
    guarantors = [guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")]
    application_id = world.submitted(world.body(guarantors=guarantors, expected_monthly_costs="350000.00"))
    world.sign(world.applications.start_confirmation(world.invitation_token(), end_user_ip="127.0.0.1"))
    world.decisions.assess_due()
    desk = Desk(world.decisions)
    desk.request_review(application_id, VIEW, world.person(BERTIL))
    assert world.letters("review-requested")[0].recipient == "bertil@example.se"
    with pytest.raises(NotFound):
        desk.own_review(application_id, world.person(ANNA))


def test_a_company_is_no_natural_person(world: LendingWorld) -> None:
    """D9: a stranger and a signatory who is no guarantor find nothing."""
    application_id, desk = declined(world), Desk(world.decisions)
    with pytest.raises(NotFound):
        desk.request_review(application_id, VIEW, world.person(OWNER))
    with pytest.raises(NotFound):
        desk.record_review(application_id, None, VIEW, RequestChannel.PHONE, world.runtime.clock.now(), world.staff())


def test_there_is_nothing_to_review_before_a_decision(world: LendingWorld) -> None:
    """D9: an application under assessment is being looked at."""
    application_id = world.submitted()
    with pytest.raises(NothingToReview):
        Desk(world.decisions).request_review(application_id, VIEW, world.person(ANNA))


def test_one_request_at_a_time(world: LendingWorld) -> None:
    """D9: the second is told of the first."""
    application_id, desk = declined_trader(world), Desk(world.decisions)
    desk.request_review(application_id, VIEW, world.person(OWNER))
    with pytest.raises(ReviewUnderWay):
        desk.request_review(application_id, VIEW, world.person(OWNER))


def test_staff_record_when_the_request_came(world: LendingWorld) -> None:
    """D9: the month runs from then; never in the future, nor before the decision."""
    application_id, desk, staff = declined_trader(world), Desk(world.decisions), world.staff()
    decided = world.runtime.clock.now()
    move_clock(world, decided + timedelta(days=5))
    came = decided + timedelta(days=2)
    for wrong in (None, decided - timedelta(seconds=1), world.runtime.clock.now() + timedelta(seconds=1)):
        with pytest.raises(InvalidInput):
            desk.record_review(application_id, None, VIEW, RequestChannel.PHONE, wrong, staff)
    with pytest.raises(InvalidInput):
        desk.record_review(application_id, None, VIEW, RequestChannel.PORTAL, None, staff)
    recorded = desk.record_review(application_id, None, VIEW, RequestChannel.PHONE, came, staff)
    assert (recorded.requested_at, recorded.answer_by) == (came, answer_by(came))


def test_a_decision_that_nobody_changed_has_not_changed(world: LendingWorld) -> None:
    """D9, D8: the case is determined anew first, and can then become an offer only."""
    application_id, desk = declined_trader(world), Desk(world.decisions)
    asked = desk.request_review(application_id, VIEW, world.person(OWNER))
    with pytest.raises(NoNewDecision):
        desk.answer_review(asked.id, ReviewOutcome.CHANGED, "Ja.", "Ja.", world.staff())
    world.decisions.determine(application_id, LESS, "Omräknat.", world.staff(Role.SENIOR_UNDERWRITER))
    answered = desk.answer_review(asked.id, ReviewOutcome.CHANGED, "Du har ett erbjudande.", "Nytt.", world.staff())
    assert answered.outcome is ReviewOutcome.CHANGED


def test_who_does_not_answer(world: LendingWorld) -> None:
    """D8, D9: nobody answers their own, and only underwriters do."""
    application_id, desk = declined_trader(world), Desk(world.decisions)
    asked = desk.request_review(application_id, VIEW, world.person(OWNER))
    with pytest.raises(DecidingOnOneself):
        desk.answer_review(asked.id, ReviewOutcome.UPHELD, "Nej.", "Nej.", world.staff(person=OWNER))
    with pytest.raises(RoleMissing):
        desk.answer_review(asked.id, ReviewOutcome.UPHELD, "Nej.", "Nej.", world.staff(Role.AUDITOR))


def test_underwriters_are_warned_a_week_before_the_deadline_once(world: LendingWorld) -> None:
    """D9: of what nobody has answered."""
    application_id, desk = declined_trader(world), Desk(world.decisions)
    asked = desk.request_review(application_id, VIEW, world.person(OWNER))
    move_clock(world, asked.answer_by - timedelta(days=7, seconds=1))
    assert desk.warn_of_reviews() == 0
    move_clock(world, asked.answer_by - timedelta(days=7))
    assert [desk.warn_of_reviews() for _ in range(2)] == [1, 0]
    (letter,) = world.letters("review-deadline")
    assert letter.recipient == world.runtime.settings.lender.email
    assert VIEW not in letter.body
