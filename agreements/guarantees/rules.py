"""Personal guarantees: the cap, the words that the text must hold, and who is liable (rules G2, G3, G5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.statutes import Statute
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm

OWN_DEBT_WORDS = "såsom för egen skuld"
"""What makes a guarantee a *proprieborgen*: the creditor may turn to the guarantor at once (HB 10 kap. 9 §)."""
JOINT_WORDS = "solidariskt"
"""The word for joint and several liability."""
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
    Without a *cap* the party answers for the whole debt; *statute* is the ground of a liability by law.
    """

    liability: Liability
    reference: object | None = None
    cap: Money | None = None
    statute: Statute | None = None


class GuaranteeTextIncomplete(Conflict):
    """A guarantee's text lacks the words or the cap that it needs (rules G2, G3): it is not put up for signature."""

    slug = "guarantee-text-incomplete"
    title = Text("Borgenstexten är inte fullständig", "The guarantee's text is incomplete")
    rule = "G2"


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


def liable_parties(form: CompanyForm, *, guarantees: Iterable[tuple[object, Money]]) -> tuple[LiableParty, ...]:
    """Who is liable for an agreement (rule G5, first form): the borrower, by law its partners, and the guarantors.

    *guarantees* are those in force, each with its reference and cap. A sole trader is the same person as the business.
    """
    by_law = {
        CompanyForm.HB: (LiableParty(Liability.PARTNERS, statute=Statute(_PARTNERS_ACT, "1980:1102", "2 kap. 20 §")),),
        CompanyForm.KB: (
            LiableParty(Liability.GENERAL_PARTNERS, statute=Statute(_PARTNERS_ACT, "1980:1102", "1 kap. 2 §")),
        ),
    }
    guarantors = tuple(LiableParty(Liability.GUARANTOR, reference, cap) for reference, cap in guarantees)
    return (LiableParty(Liability.BORROWER), *by_law.get(form, ()), *guarantors)
