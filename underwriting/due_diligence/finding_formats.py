"""What staff have found, and a risk class with its reasons, as canonical JSON and back."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from underwriting.due_diligence.exposure import FoundExposure
from underwriting.due_diligence.items import FoundOwner, StaffFinding
from underwriting.due_diligence.risk import Assessment
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ExposureRelation, OwnerControl, RiskClass

_PLAIN = (
    "purpose_of_credit",
    "source_of_repayment",
    "origin_of_funds",
    "trades_with_high_risk_countries",
    "takes_cash",
    "industry",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReason:
    """What raised a class, as it was told then."""

    code: str
    risk_class: RiskClass
    text: Text
    source: str


def finding_to_json(finding: StaffFinding) -> dict[str, Any]:
    """The members of which something was said."""
    content: dict[str, Any] = {name: getattr(finding, name) for name in _PLAIN if getattr(finding, name) is not None}
    for name, owners in (("owners", finding.owners), ("registered", finding.registered)):
        if owners is not None:
            content[name] = [_owner_to_json(one) for one in owners]
    if finding.exposed is not None:
        content["exposed"] = [_exposure_to_json(one) for one in finding.exposed]
    return content


def finding_from_json(content: dict[str, Any]) -> StaffFinding:
    """What `finding_to_json` wrote."""
    owners, registered, exposed = content.get("owners"), content.get("registered"), content.get("exposed")
    return StaffFinding(
        **{name: content[name] for name in _PLAIN if name in content},
        owners=None if owners is None else tuple(map(_owner_from_json, owners)),
        registered=None if registered is None else tuple(map(_owner_from_json, registered)),
        exposed=None if exposed is None else tuple(map(_exposure_from_json, exposed)),
    )


def assessment_to_json(assessment: Assessment) -> dict[str, Any]:
    """The class with its reasons in words, so that it can be read when the table is another one."""
    return {
        "risk_class": str(assessment.risk_class),
        "table_on": assessment.table_on.isoformat(),
        "reasons": [
            {
                "code": str(row.factor),
                "risk_class": str(row.risk_class),
                "sv": row.text.sv,
                "en": row.text.en,
                "source": str(row.source),
            }
            for row in assessment.reasons
        ],
        "measures": [str(one) for one in assessment.measures],
    }


def reasons_from_json(content: dict[str, Any]) -> tuple[RiskReason, ...]:
    """The reasons of what `assessment_to_json` wrote."""
    return tuple(
        RiskReason(
            code=one["code"],
            risk_class=RiskClass(one["risk_class"]),
            text=Text(one["sv"], one["en"]),
            source=one["source"],
        )
        for one in content["reasons"]
    )


def _owner_to_json(owner: FoundOwner) -> dict[str, Any]:
    return {
        "number": owner.number,
        "name": owner.name,
        "share": str(owner.share),
        "control": str(owner.control),
        "of": owner.of,
        "relatives": list(owner.relatives),
        "politically_exposed": owner.politically_exposed,
    }


def _owner_from_json(content: dict[str, Any]) -> FoundOwner:
    changed = {
        "share": Decimal(content["share"]),
        "control": OwnerControl(content["control"]),
        "relatives": tuple(content["relatives"]),
    }
    return FoundOwner(**(content | changed))


def _exposure_to_json(found: FoundExposure) -> dict[str, Any]:
    return {
        "number": found.number,
        "exposed": found.exposed,
        "relation": str(found.relation),
        "function": found.function,
        "ended_on": found.ended_on.isoformat() if found.ended_on else None,
    }


def _exposure_from_json(content: dict[str, Any]) -> FoundExposure:
    ended_on = content["ended_on"]
    changed = {
        "relation": ExposureRelation(content["relation"]),
        "ended_on": date.fromisoformat(ended_on) if ended_on else None,
    }
    return FoundExposure(**(content | changed))
