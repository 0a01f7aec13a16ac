"""Personal guarantees: the cap, the words that the text must hold, and who is liable (rules G2, G3, G5)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import add_months
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.statutes import FORMER_PARTNER_YEARS, Statute
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm

OWN_DEBT_WORDS = "såsom för egen skuld"
"""What makes a guarantee a *proprieborgen*: the creditor may turn to the guarantor at once (HB 10 kap. 9 §)."""
JOINT_WORDS = "solidariskt"
"""The word for joint and several liability."""
INVITATION_PAUSE = timedelta(minutes=10)
"""So long after one letter to a guarantor another one may follow."""
MOST_INVITATIONS = 10
"""So many letters with a link one guarantor gets about one thing."""
_PARTNERS_ACT = "Lag om handelsbolag och enkla bolag"


class Liability(StrEnum):
    """On what ground somebody answers for the debt (rule G5)."""

    BORROWER = "borrower"
    GUARANTOR = "guarantor"
    PARTNERS = "partners"  # every partner (bolagsman) of an HB, by law
    GENERAL_PARTNERS = "general_partners"  # every general partner (komplementär) of a KB, by law


@dataclass(frozen=True, slots=True)
class LiableParty:
    """Somebody who answers for the debt, jointly and severally (*solidariskt*) with the others on the list.

    *reference* is the guarantee's, None for the borrower and for those liable by law, whose names the register holds.
    Without a *cap* the party answers for the whole debt; *statute* is the ground of a liability by law. A former
    partner answers for *debts_before* the exit, and to the end of *until*.
    """

    liability: Liability
    reference: object | None = None
    cap: Money | None = None
    statute: Statute | None = None
    debts_before: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """One whom the register shows as partner (*bolagsman*), or of a KB as general partner, by days of registration."""

    reference: object
    entered_on: date
    exited_on: date | None = None
    limitation_broken_on: date | None = None

    @property
    def until(self) -> date | None:
        """The last day on which a former partner answers: five years after the exit, or after the break, if any."""
        if self.exited_on is None:
            return None
        return add_months(self.limitation_broken_on or self.exited_on, 12 * FORMER_PARTNER_YEARS.on(self.exited_on))

    def answers(self, *, arisen_on: date, on: date) -> bool:
        """Whether the partner answers on the day *on* for a debt that arose on a day (rule G5).

        A new partner also answers for older debts (lag 1980:1102, 2 kap. 22 §), a former one for those from before
        the day on which the exit was registered, within the limitation of 22 a §.
        """
        if self.exited_on is None or self.until is None:
            return on >= self.entered_on
        return arisen_on < self.exited_on and on <= self.until


@dataclass(frozen=True, slots=True)
class Debt:
    """What has *arisen* of each kind of debt, by legal day, and what of each kind is *settled*: paid or taken back."""

    arisen: Mapping[object, tuple[tuple[date, Money], ...]]
    settled: Mapping[object, Money]

    @property
    def owed(self) -> Money:
        """All that is left."""
        return self._left(lambda _: True)

    def owed_by(self, partner: Partner, *, on: date) -> Money:
        """What *partner* answers for on a day (rule G5): what arose before the exit, and has not been settled since.

        What was paid of one kind of debt has settled the oldest of it first.
        """
        return self._left(lambda arisen_on: partner.answers(arisen_on=arisen_on, on=on))

    def _left(self, counts: Callable[[date], bool]) -> Money:
        kinds = (
            Money.sum(amount for arisen_on, amount in days if counts(arisen_on)) - self.settled.get(kind, Money.ZERO)
            for kind, days in self.arisen.items()
        )
        return Money.sum(max(Money.ZERO, left) for left in kinds)


@dataclass(frozen=True, slots=True)
class Division:
    """Who of the guarantors carries how much in the end; *lost* is what the creditor bears."""

    shares: Mapping[object, Money]
    lost: Money


class GuaranteeTextIncomplete(Conflict):
    """A guarantee's text lacks the words or the cap that it needs (rules G2, G3): it is not put up for signature."""

    slug = "guarantee-text-incomplete"
    title = Text("Borgenstexten är inte fullständig", "The guarantee's text is incomplete")
    rule = "G2"


class InvitedTooOften(Conflict):
    """A guarantor was written to a moment ago, or often enough. Rule G2."""

    slug = "invited-too-often"
    title = Text(
        "Brevet skickades nyss eller redan många gånger", "The letter was sent a moment ago, or many times already"
    )
    rule = "G2"


def check_invited_again(*, sent: int, last_at: datetime | None, at: datetime) -> None:
    """Raise InvitedTooOften unless a guarantor who got *sent* letters, the last one at *last_at*, may get another."""
    if sent >= MOST_INVITATIONS or (last_at is not None and at < last_at + INVITATION_PAUSE):
        raise InvitedTooOften


def guarantee_cap(limit: Money, *, terms: ProductTerms) -> Money:
    """The most that a guarantor pays (rule G2): a multiple of *limit*, with fees, late interest and costs inside."""
    return limit.at_rate(terms.guarantee_cap_rate)


def check_guarantee_text(text: str, *, cap: Money) -> None:
    """Raise GuaranteeTextIncomplete unless *text* holds the exact words and the cap in kronor (rules G2, G3).

    A line break inside the words counts as a fault: what is signed shall be found as it is written.
    """
    missing = [words for words in (OWN_DEBT_WORDS, JOINT_WORDS, cap.formatted()) if words not in text]
    if missing:
        raise GuaranteeTextIncomplete(
            Text("Texten saknar: {words}", "The text lacks: {words}").filled(words=", ".join(missing))
        )


def divide(
    debt: Money,
    commitments: Mapping[object, Money],
    *,
    insolvent: Collection[object] = (),
    barred: Collection[object] = (),
) -> Division:
    """How guarantors share *debt* among themselves when nothing else is agreed: by their caps (*regress*).

    In proportion to what each has undertaken, equally where that is the same (NJA 2017 s. 482); odd öre go to the
    first. What somebody *insolvent* cannot pay is shared by the others in the same proportion. For whom the claim is
    *barred* by limitation the creditor steps in (preskriptionslagen 1981:130, 9 §), and shares in an insolvent one's
    part too. Nobody carries more than the cap; what nobody is left to carry is the creditor's loss.
    """
    shares: dict[object, Money] = dict.fromkeys(commitments, Money.ZERO)
    left, lost = debt, Money.ZERO
    sharing = [reference for reference in commitments if reference not in insolvent or reference in barred]
    while left and sharing:
        parts = left.split_by([commitments[reference].ore for reference in sharing])
        full = [
            reference
            for reference, part in zip(sharing, parts, strict=True)
            if part > commitments[reference] and reference not in barred
        ]
        for reference, part in zip(sharing, parts, strict=True):
            if full and reference not in full:
                continue
            carried = commitments[reference] if full else part
            left -= carried
            if reference in barred:
                lost += carried
            else:
                shares[reference] = carried
        sharing = [reference for reference in sharing if reference not in full] if full else []
    return Division(shares, lost + left)


def may_release(*, approved: bool, co_guarantors: Collection[object], consenting: Collection[object]) -> bool:
    """Whether a guarantor may go: by consent of the lender and of every co-guarantor (rule G4, NJA 1989 s. 269)."""
    return approved and set(co_guarantors) <= set(consenting)


def liable_parties(
    form: CompanyForm,
    *,
    guarantees: Iterable[tuple[object, Money]],
    partners: Iterable[Partner] = (),
    on: date | None = None,
) -> tuple[LiableParty, ...]:
    """Who is liable for an agreement (rule G5): the borrower, by law its partners, and the guarantors.

    *guarantees* are those in force, each with its reference and cap. A sole trader is the same person as the business.
    Of *partners* those are listed who still answer *on* the day for anything; before any is recorded they stand as a
    group, whose names the register holds.
    """
    by_law = {
        CompanyForm.HB: (LiableParty(Liability.PARTNERS, statute=Statute(_PARTNERS_ACT, "1980:1102", "2 kap. 20 §")),),
        CompanyForm.KB: (
            LiableParty(Liability.GENERAL_PARTNERS, statute=Statute(_PARTNERS_ACT, "1980:1102", "1 kap. 2 §")),
        ),
    }
    guarantors = tuple(LiableParty(Liability.GUARANTOR, reference, cap) for reference, cap in guarantees)
    recorded = tuple(partners)
    lawful = tuple(
        replace(group, reference=one.reference, debts_before=one.exited_on, until=one.until)
        for group in by_law.get(form, ())
        for one in recorded
        if one.until is None or on is None or on <= one.until
    )
    return (LiableParty(Liability.BORROWER), *(lawful if recorded else by_law.get(form, ())), *guarantors)
