"""Who may know which part of a decision: the one place that says so (rules D7, D9, D14, K1).

Whatever is told of a decision, by API, page or mail, is what `told_to` gives for who is told. In short:

- The applicant: what concerns the company, the owner of an enskild firma and the terms, without points; what would have
  been enough, without what a guarantor would have to earn; conditions; of an underwriter's ruling its reason, unless
  that concerns others.
- A guarantor: what concerns them, and nobody else.
- Staff: everything. Grounds of sanctions and money laundering are for nobody else.

Events tell nobody any ground: the catalogue has no form for one.
"""

from dataclasses import dataclass, replace

from underwriting.decisions.explanation import Audience, explain
from underwriting.decisions.override import REASON_TEXTS, ReasonCode
from underwriting.decisions.policy import Policy
from underwriting.decisions.rules import DUE_DILIGENCE
from underwriting.decisions.scoring import Decision
from underwriting.decisions.sufficiency import Sufficiency
from underwriting.kernel.text import Text

BY_UNDERWRITER = Text("En handläggare har avgjort ansökan", "An underwriter has determined the application")
"""What the applicant is told where the underwriter's reason concerns others, or is for staff alone."""

FOR_STAFF_OR_OTHERS = frozenset(
    {
        ReasonCode.DUE_DILIGENCE,
        ReasonCode.GUARANTORS,
        ReasonCode.GUARANTOR_REMARKS,
        ReasonCode.IDENTITY_DOUBTFUL,
        ReasonCode.FACT_DISPUTED,
    }
)
"""The reasons of an underwriter that the applicant is not told."""


@dataclass(frozen=True, slots=True)
class ToldReason:
    """Why, in both languages, and the rule."""

    rule: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What was decided and on which ground: *reason_code* where an underwriter did.

    *enough* is what would have been enough, *conditions* what the credit is given on; None where there is none.
    """

    decision: Decision
    policy: Policy
    reason_code: ReasonCode | None
    enough: Sufficiency | None
    conditions: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody may know: the reasons, strongest first, and the rest of `Ruled`."""

    reasons: tuple[ToldReason, ...]
    enough: Sufficiency | None
    conditions: str | None


def told_to(audience: Audience, ruled: Ruled, *, guarantor: str | None = None) -> Told:
    """What *audience* may know of *ruled*; *guarantor* is the reference of the one who is told, and nobody else's."""
    match audience:
        case Audience.STAFF:
            return Told(reasons=_explained(audience, ruled), enough=ruled.enough, conditions=ruled.conditions)
        case Audience.GUARANTOR:
            return Told(reasons=_explained(audience, ruled, guarantor), enough=None, conditions=None)
        case Audience.APPLICANT:
            return Told(
                reasons=_reasons_for_applicant(ruled),
                enough=_enough_for_applicant(ruled),
                conditions=ruled.conditions,
            )


def _explained(audience: Audience, ruled: Ruled, guarantor: str | None = None) -> tuple[ToldReason, ...]:
    told = explain(ruled.decision, ruled.policy, audience=audience, guarantor=guarantor)
    shown = told.strongest if audience is Audience.STAFF else told.strongest + told.others
    return tuple(ToldReason(reason.rule, reason.text) for reason in shown)


def _reasons_for_applicant(ruled: Ruled) -> tuple[ToldReason, ...]:
    code = ruled.reason_code
    if code is None:
        return _explained(Audience.APPLICANT, ruled)
    return (ToldReason("D8", BY_UNDERWRITER if code in FOR_STAFF_OR_OTHERS else REASON_TEXTS[code]),)


def _enough_for_applicant(ruled: Ruled) -> Sufficiency | None:
    """Nothing beside grounds that are for staff: from what would not have been enough they could be guessed.

    Nor of what an underwriter has determined, whatever the reason: else those cases would be told apart by its absence.
    """
    concerns_staff = any(fired.subject == DUE_DILIGENCE for fired in ruled.decision.trace)
    if ruled.enough is None or concerns_staff or ruled.reason_code is not None:
        return None
    return replace(ruled.enough, guarantor_income=None, amount_with_guarantor=None)
