"""The life of an application as a table, its deadlines and its reference."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.applications import rules
from underwriting.applications.rules import ApplicationEvent, ApplicationStateRefuses, advance
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.vocabulary import ApplicationState

S = ApplicationState
E = ApplicationEvent


@pytest.mark.parametrize("state", [state for state in S if state is not S.DRAFT])
@pytest.mark.parametrize("event", [E.CHANGED, E.DROPPED])
def test_only_a_draft_is_changed_or_dropped(state: ApplicationState, event: ApplicationEvent) -> None:
    """A3: after the signature nothing can be changed or withdrawn."""
    with pytest.raises(ApplicationStateRefuses) as refused:
        advance(state, event)
    assert refused.value.rule == "A3"


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (S.DRAFT, E.SIGNED, S.SUBMITTED),
        (S.SUBMITTED, E.ALL_CONFIRMED, S.ASSESSING),
        (S.SUBMITTED, E.CONFIRMATION_TIME_OVER, S.LAPSED),
        (S.SUBMITTED, E.BINDING_TIME_OVER, S.LAPSED),
        (S.ASSESSING, E.ATTEMPT_FAILED, S.ASSESSING),
        (S.ASSESSING, E.APPROVED, S.APPROVED),
        (S.ASSESSING, E.COUNTER_OFFERED, S.COUNTER_OFFER),
        (S.ASSESSING, E.REFERRED, S.REFERRED),
        (S.ASSESSING, E.DECLINED, S.DECLINED),
        (S.ASSESSING, E.BINDING_TIME_OVER, S.LAPSED),
        (S.REFERRED, E.INFORMATION_ASKED, S.INFORMATION_REQUESTED),
        (S.INFORMATION_REQUESTED, E.INFORMATION_GIVEN, S.REFERRED),
        (S.REFERRED, E.APPROVED, S.APPROVED),
        (S.REFERRED, E.COUNTER_OFFERED, S.COUNTER_OFFER),
        (S.REFERRED, E.DECLINED, S.DECLINED),
        (S.REFERRED, E.BINDING_TIME_OVER, S.LAPSED),
        (S.COUNTER_OFFER, E.OFFER_ACCEPTED, S.APPROVED),
        (S.COUNTER_OFFER, E.OFFER_EXPIRED, S.LAPSED),
        (S.COUNTER_OFFER, E.OFFER_DECLINED, S.LAPSED),
        (S.APPROVED, E.GUARANTOR_REPLACED, S.SUBMITTED),
        (S.DECLINED, E.REVIEWED, S.REFERRED),
    ],
)
def test_the_ways_between_states_are_those_of_the_table(
    state: ApplicationState, event: ApplicationEvent, after: ApplicationState
) -> None:
    assert advance(state, event) is after


@pytest.mark.parametrize("state", [S.APPROVED, S.LAPSED])
def test_nothing_happens_to_what_is_over(state: ApplicationState) -> None:
    for event in E:
        if (state, event) == (S.APPROVED, E.GUARANTOR_REPLACED):
            continue  # G2: what was granted is given up for a new decision
        with pytest.raises(ApplicationStateRefuses) as refused:
            advance(state, event)
        assert refused.value.rule, f"{event} names no rule"
        assert refused.value.detail.sv
        assert refused.value.detail.en


@pytest.mark.parametrize("state", [S.DRAFT, S.SUBMITTED, S.COUNTER_OFFER, S.DECLINED, S.LAPSED])
@pytest.mark.parametrize("event", [E.APPROVED, E.DECLINED])
def test_only_an_assessed_or_referred_case_is_decided(state: ApplicationState, event: ApplicationEvent) -> None:
    """D8: what is not with the policy or an underwriter cannot be decided."""
    with pytest.raises(ApplicationStateRefuses):
        advance(state, event)


@pytest.mark.parametrize(
    ("submitted_at", "until"),
    [
        # 2 March 2026 + 30 days = 1 April, which is over when 2 April begins: 00:00 CEST is 22:00 UTC the day before.
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 4, 1, 22, 0, tzinfo=UTC)),
        # 23:30 UTC is the next day in Stockholm: 3 March + 30 days = 2 April.
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), datetime(2026, 4, 2, 22, 0, tzinfo=UTC)),
        # 24 October + 30 days = 23 November; winter time again: 00:00 CET is 23:00 UTC.
        (datetime(2026, 10, 24, 9, 0, tzinfo=UTC), datetime(2026, 11, 23, 23, 0, tzinfo=UTC)),
    ],
)
def test_an_application_binds_to_the_end_of_the_thirtieth_day(submitted_at: datetime, until: datetime) -> None:
    """A3: bound for 30 days, counted in Stockholm."""
    assert rules.binding_until(submitted_at, terms=DEFAULT_TERMS) == until


def test_invited_persons_have_to_the_end_of_the_fourteenth_day() -> None:
    """A6: 2 March + 14 days = 16 March, over at 00:00 CET on the 17th."""
    invited_at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert rules.confirm_by(invited_at, terms=DEFAULT_TERMS) == datetime(2026, 3, 16, 23, 0, tzinfo=UTC)


def test_a_counter_offer_is_open_to_the_end_of_the_seventh_day() -> None:
    """D1: 2 March + 7 days = 9 March, over at 00:00 CET on the 10th."""
    offered_at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert rules.answer_by(offered_at, terms=DEFAULT_TERMS) == datetime(2026, 3, 9, 23, 0, tzinfo=UTC)


def test_a_reference_holds_no_characters_that_are_taken_for_others() -> None:
    assert not set("0O1IL8SZ") & set(rules.REFERENCE_ALPHABET)


@given(st.integers(0, rules.REFERENCE_COUNT - 1), st.integers(0, rules.REFERENCE_COUNT - 1))
def test_every_number_has_a_reference_of_its_own(one: int, other: int) -> None:
    first, second = rules.reference(one), rules.reference(other)
    assert (first == second) is (one == other)
    assert len(first) == 9
    assert first[4] == "-"
