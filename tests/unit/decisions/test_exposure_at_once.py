"""Two decisions at the same moment about one group, or with one guarantor, keep the limits together (rules D2, G6).

Each of two threads waits where it has read the books and not written, for the other to come there or for half a second:
without the lock both come, and both have read what was there before.
"""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.guarantees.models import Guarantee
from tests.support.lending import (
    ANNA,
    BERTIL,
    CECILIA,
    CLEAN_AB,
    CLEAN_HB,
    CLEAN_KB,
    LendingWorld,
    guarantor_json,
)
from underwriting.decisions.override import Determination, ReasonCode
from underwriting.decisions.services import accept_offer, assess_application, determine_case
from underwriting.decisions.services.accept_offer import ExposureExceeded
from underwriting.kernel.errors import Refusal
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome, SigningState

OUT = Money.kronor(3_700_000)
"""What is out with the group already; 300 000 kr are left of the 4 000 000 that it may have by the shipped policy."""
LEFT = Money.kronor(300_000)
ASKED = Money.kronor(200_000)
REFERRED = ("559999-1121", "559999-1014")  # in reconstruction; with many remarks
OTHERS = (("HB", CLEAN_HB), ("KB", CLEAN_KB))
APPROVE = Determination(
    outcome=DecisionOutcome.APPROVED,
    limit=ASKED,
    fee_rate=Decimal("0.0275"),
    reason_code=ReasonCode.DOCUMENTS_SEEN,
)
Meeting = Callable[[ModuleType, str], None]


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Has two threads meet before they call a function of a module, if both come."""
    barrier = threading.Barrier(2)

    def before(module: ModuleType, name: str) -> None:
        function = getattr(module, name)

        def met(*given: Any, **named: Any) -> Any:
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(0.5)
            return function(*given, **named)

        monkeypatch.setattr(module, name, met)

    return before


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act came to, or the refusal that it met, each in a thread of its own."""

    def done(act: Callable[[], object]) -> object:
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(done, acts))


def much_is_out(world: LendingWorld) -> None:
    """A credit of Anna's AB that leaves 300 000 kr to its group."""
    world.submitted(world.body(company_form="AB", organisation_number=CLEAN_AB))
    assert world.decisions.assess_due() == 1
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(Agreement).values(limit_ore=OUT.ore))


def submitted(world: LendingWorld, **changes: Any) -> list[Any]:
    """The ids of applications of the HB and the KB that Anna signs for and owns."""
    return [
        world.submitted(world.body(**({"company_form": form, "organisation_number": number} | changes)))
        for form, number in OTHERS
    ]


def granted(world: LendingWorld) -> Money:
    """The sum of the limits that were granted beside the first."""
    with world.runtime.database.transaction() as session:
        limits = session.scalars(sa.select(Agreement.limit_ore).order_by(Agreement.id)).all()
    return Money(sum(limits[1:]))


def states(world: LendingWorld, applications: list[Any]) -> list[ApplicationState]:
    return sorted(world.applications.view(each, world.staff()).state for each in applications)


def test_two_applications_of_a_group_decided_at_once_keep_its_limit(
    committed_world: LendingWorld, meet: Meeting
) -> None:
    """D2: the second is offered the 100 000 kr that the first has left."""
    world = committed_world
    much_is_out(world)
    applications = submitted(world)
    meet(assess_application, "record")
    assert at_once(world.decisions.assess_next, world.decisions.assess_next) == [True, True]
    assert states(world, applications) == [ApplicationState.APPROVED, ApplicationState.COUNTER_OFFER]
    assert granted(world) == ASKED


def test_two_applications_with_one_guarantor_decided_at_once_keep_what_one_may_promise(
    committed_world: LendingWorld, meet: Meeting
) -> None:
    """G6: the caps of Anna's guarantees leave 300 000 kr of 5 000 000; nobody has signed the first one's yet."""
    world = committed_world
    world.submitted()
    world.decisions.assess_due()
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(Guarantee).values(cap_ore=Money.kronor(4_700_000).ore))
    applications = [guaranteed_by_anna(world, *each) for each in zip(OTHERS, (BERTIL, CECILIA), strict=True)]
    meet(assess_application, "record")
    assert at_once(world.decisions.assess_next, world.decisions.assess_next) == [True, True]
    assert states(world, applications) == [ApplicationState.APPROVED, ApplicationState.REFERRED]
    found = [world.decisions.decisions(each, world.staff())[0] for each in applications]
    (referred,) = [each for each in found if each.outcome is DecisionOutcome.REFERRED]
    assert [line.key for line in referred.trace if line.rule == "G6" and line.points is None] == [
        "referral.guarantor_exposure"
    ]


def guaranteed_by_anna(world: LendingWorld, company: tuple[str, str], signatory: PersonalNumber) -> Any:
    """The id of an application of *signatory*'s company for which Anna, who has no part in it, is the guarantor."""
    form, number = company
    application_id = world.submitted(
        world.body(
            company_form=form,
            organisation_number=number,
            signatory_personal_number=signatory.digits,
            guarantors=[guarantor_json(ANNA, "Anna Andersson")],
            beneficial_owners=[{"personal_number": signatory.digits, "share": "1", "politically_exposed": False}],
        )
    )
    world.sign(world.applications.start_confirmation(world.invitation_token(), end_user_ip="127.0.0.1"))
    return application_id


def test_two_underwriters_at_once_keep_the_limit_of_a_group(committed_world: LendingWorld, meet: Meeting) -> None:
    """D8, G6: no authority exceeds what is left; the second is told how much that is, and nothing is written."""
    world = committed_world
    much_is_out(world)
    applications = [world.submitted(world.body(organisation_number=number)) for number in REFERRED]
    assert world.decisions.assess_due() == 2
    assert states(world, applications) == [ApplicationState.REFERRED] * 2
    meet(determine_case, "record")
    callers = (replace(world.staff(), actor=f"staff:{number}") for number in (1, 2))
    done = at_once(
        *(
            lambda one=one, caller=caller: world.decisions.determine(one, APPROVE, "Avtal har visats.", caller)
            for one, caller in zip(applications, callers, strict=True)
        )
    )
    (refusal,) = [each for each in done if isinstance(each, Refusal)]
    (fault,) = refusal.errors
    assert (refusal.rule, fault.pointer) == ("G6", "/limit")
    assert fault.detail.en == (
        "At most 100 000 kr: the limits on what is out with company, group and guarantors leave no more"
    ).replace("100 000 kr", Money.kronor(100_000).formatted())
    assert states(world, applications) == [ApplicationState.APPROVED, ApplicationState.REFERRED]
    assert granted(world) == ASKED


def test_two_offers_accepted_at_once_keep_the_limit_of_a_group(committed_world: LendingWorld, meet: Meeting) -> None:
    """D1, G6: each was within it when it was made; the second signature is not accepted, and its offer stands."""
    world = committed_world
    much_is_out(world)
    applications = [too_much_asked(world, *each) for each in zip(OTHERS, (ANNA, BERTIL), strict=True)]
    assert world.decisions.assess_due() == 2
    assert states(world, applications) == [ApplicationState.COUNTER_OFFER] * 2
    started = [
        world.decisions.accept_counter_offer(each, world.person(signatory), end_user_ip="127.0.0.1")
        for each, signatory in zip(applications, (ANNA, BERTIL), strict=True)
    ]
    meet(accept_offer, "grant_credit")
    views = at_once(*(lambda one=one: world.sign(one) for one in started))
    assert sorted(view.state for view in views) == [SigningState.COMPLETE, SigningState.FAILED]  # type: ignore[attr-defined]
    assert states(world, applications) == [ApplicationState.APPROVED, ApplicationState.COUNTER_OFFER]
    assert granted(world) == Money.kronor(218_000) <= LEFT
    asked_again = [
        (each, signatory)
        for each, signatory in zip(applications, (ANNA, BERTIL), strict=True)
        if states(world, [each]) == [ApplicationState.COUNTER_OFFER]
    ]
    ((left, signatory),) = asked_again
    with pytest.raises(ExposureExceeded) as refused:
        world.decisions.accept_counter_offer(left, world.person(signatory), end_user_ip="127.0.0.1")
    assert refused.value.rule == "G6"


def too_much_asked(world: LendingWorld, company: tuple[str, str], signatory: PersonalNumber) -> Any:
    """The id of an application of a company that Anna and Bertil own, one of whom signs for it and guarantees."""
    form, number = company
    owners = [{"personal_number": one.digits, "share": "0.5", "politically_exposed": False} for one in (ANNA, BERTIL)]
    return world.submitted(
        world.body(
            company_form=form,
            organisation_number=number,
            requested_amount="250000.00",
            signatory_personal_number=signatory.digits,
            guarantors=[guarantor_json(signatory, "Namn Namnsson")],
            beneficial_owners=owners,
        )
    )
