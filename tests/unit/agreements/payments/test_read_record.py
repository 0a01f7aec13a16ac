"""What the books say of a borrower at a moment, on the real database: nothing later is read."""

from datetime import datetime

from agreements.billing.service import charge_month
from agreements.credit.models import Agreement
from agreements.guarantees import service as guarantees
from agreements.payments.rules import Settled
from agreements.payments.service import Record, promises_of, record_of
from tests.support.credit import ANNA, ERIK, MARIA, STRANGER
from tests.support.running import FEE, LIMIT, PART, RunningWorld
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import CompanyForm

COMPANY, OTHER = OrganisationNumber("5599990008"), OrganisationNumber("5599990016")
NOTHING = Record(credits=0, settled=Settled(), exposure=Money.ZERO, group_exposure=Money.ZERO)


def record(
    world: RunningWorld, at: datetime, *group: PersonalNumber, company: OrganisationNumber | PersonalNumber = COMPANY
) -> Record:
    index = world.runtime.cipher.blind_index
    with world.runtime.database.transaction() as session:
        return record_of(session, index(company.digits), group=[index(one.digits) for one in group], at=at)


def charge(world: RunningWorld, month: Month) -> None:
    assert charge_month(world.runtime, month).count


def running_at(world: RunningWorld, text: str = "2026-03-02 10:00:00") -> Agreement:
    """120 000 kr paid out: 10 000 kr are due on the last bank day of each month from April, and 2 400 kr a month."""
    world.to(text)
    return world.running()


def test_a_company_without_agreements_has_no_record(world: RunningWorld) -> None:
    """D13: known to be nothing."""
    running_at(world)
    assert record(world, world.clock.now(), STRANGER, company=OTHER) == NOTHING


def test_a_granted_credit_is_an_exposure_before_it_is_paid_out(world: RunningWorld) -> None:
    """D2: what may still be drawn counts; nothing was before the agreement was granted."""
    before = world.to("2026-03-02 09:00:00")
    granted_at = world.to("2026-03-02 10:00:00")
    world.granted()
    assert record(world, before) == NOTHING
    found = record(world, granted_at)
    assert (found.credits, found.exposure, found.group_exposure) == (0, LIMIT, LIMIT)


def test_fees_and_instalments_are_counted_when_they_have_been_to_be_paid(world: RunningWorld) -> None:
    """D13: March's fee is paid in time, April's instalment is overdue on 15 May and its fee on the 19th."""
    agreement = running_at(world)
    world.to("2026-04-01 19:00:00")
    charge(world, Month(2026, 3))
    paid_at = world.to("2026-04-10 12:00:00")
    world.pay(agreement, FEE)
    assert record(world, paid_at).settled == Settled(in_time=1)
    world.to("2026-05-04 19:00:00")
    charge(world, Month(2026, 4))
    assert record(world, world.to("2026-05-15 08:00:00")).settled == Settled(in_time=1, late=1, overdue=PART)
    found = record(world, world.to("2026-05-19 08:00:00"))
    assert found.settled == Settled(in_time=1, late=2, overdue=PART + FEE)
    assert (found.credits, found.exposure) == (1, LIMIT + FEE)
    late_at = world.to("2026-05-20 12:00:00")
    world.pay(agreement, PART + FEE)
    found = record(world, late_at)
    assert (found.settled, found.exposure) == (Settled(in_time=1, late=2), LIMIT - PART)


def test_nothing_after_the_moment_is_read(world: RunningWorld) -> None:
    """D13: a look back at each moment gives what was seen then, whatever has been booked since."""
    agreement = running_at(world)
    seen = {}
    for text, act in (
        ("2026-04-01 19:00:00", lambda: charge(world, Month(2026, 3))),
        ("2026-04-20 12:00:00", lambda: world.pay(agreement, FEE)),
        ("2026-05-18 12:00:00", lambda: world.pay(agreement, PART)),
        ("2026-05-19 12:00:00", lambda: world.granted()),
    ):
        at = world.to(text)
        act()
        seen[at] = record(world, at, ANNA)
    world.to("2026-07-01 12:00:00")
    assert {at: record(world, at, ANNA) for at in seen} == seen
    assert len(set(seen.values())) == len(seen)


def test_the_group_is_those_whom_the_same_person_has_signed_for(world: RunningWorld) -> None:
    """G6: another company's credit counts to the group of its signatory, and a sole trader's to its owner's."""
    running_at(world)
    at = world.clock.now()
    world.granted(company=OTHER, limit=Money.kronor(50_000))
    world.granted(
        company=STRANGER, company_form=CompanyForm.EF, signatory=STRANGER, limit=Money.kronor(30_000), guarantors=()
    )
    own = record(world, at)
    assert (own.exposure, own.group_exposure) == (LIMIT, LIMIT)
    assert record(world, at, ANNA).group_exposure == LIMIT + Money.kronor(50_000)
    assert record(world, at, ANNA, STRANGER).group_exposure == LIMIT + Money.kronor(80_000)
    assert record(world, at, MARIA).group_exposure == LIMIT
    assert record(world, at, ANNA).exposure == LIMIT


def test_what_ended_is_no_exposure_and_keeps_its_record(world: RunningWorld) -> None:
    """D13: of a credit redeemed in April only what had fallen due by then was to be paid."""
    agreement = running_at(world)
    world.to("2026-04-20 10:00:00")
    quote = world.redemptions.request(agreement.id, on=world.clock.now().date(), actor="test")
    world.pay(agreement, quote.total)
    ended = world.clock.now()
    assert record(world, ended).exposure == Money.ZERO
    later = world.to("2027-06-01 10:00:00")
    found = record(world, later)
    assert (found.credits, found.exposure, found.settled.late, found.settled.overdue) == (1, Money.ZERO, 0, Money.ZERO)
    assert found.settled.in_time == 2  # the fees of March and April


def test_a_persons_guarantees_are_counted_as_they_stood(world: RunningWorld) -> None:
    """G6: 150 % of 120 000 is promised when it is granted; at risk is what is owed or may be drawn, while it lasts."""
    index = world.runtime.cipher.blind_index(ERIK.digits)

    def promised(at: datetime) -> tuple[Money, Money]:
        with world.runtime.database.transaction() as session:
            found = promises_of(session, index, at=at)
            return found.at_risk, found.caps

    before = world.to("2026-03-02 09:00:00")
    agreement = running_at(world)
    running = world.clock.now()
    repaid = world.to("2026-05-18 12:00:00")
    world.pay(agreement, PART)
    ended = world.to("2026-06-01 12:00:00")
    with world.runtime.database.transaction() as session:
        guarantees.end(session, agreement.id, at=ended)
    cap = Money.kronor(180_000)
    assert promised(before) == (Money.ZERO, Money.ZERO)
    assert promised(running) == (LIMIT, cap)
    assert promised(repaid) == (LIMIT - PART, cap)
    assert promised(ended) == (Money.ZERO, Money.ZERO)


def test_a_guarantee_counts_from_the_moment_the_credit_is_granted(world: RunningWorld) -> None:
    """G6: it is to be signed, and the whole limit may be drawn; a credit that lapses unsigned takes it back."""
    index = world.runtime.cipher.blind_index(ERIK.digits)
    before = world.to("2026-03-02 09:00:00")
    granted_at = world.to("2026-03-02 10:00:00")
    agreement = world.granted()
    lapsed_at = world.to("2026-03-17 10:00:00")
    with world.runtime.database.transaction() as session:
        guarantees.end(session, agreement.id, at=lapsed_at)
        promised = [promises_of(session, index, at=at) for at in (before, granted_at, lapsed_at)]
    cap = Money.kronor(180_000)
    assert [(one.at_risk, one.caps) for one in promised] == [
        (Money.ZERO, Money.ZERO),
        (LIMIT, cap),
        (Money.ZERO, Money.ZERO),
    ]
