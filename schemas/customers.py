"""What is known of a customer and what staff look into (rules K1, D16). For staff alone."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.answers import Answer
from schemas.fields import (
    BilingualField,
    BooleanField,
    ChoiceField,
    DateField,
    IdField,
    InstantField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import RateField
from schemas.loading import Body
from schemas.problems import fault, refusal_of
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    DiligenceKind,
    DiligenceResult,
    DiligenceState,
    ExposureRelation,
    OwnerControl,
    RiskClass,
)

LARGEST_EVIDENCE_BODY = 14 * 1024 * 1024
"""Bytes of a body that holds a file of 10 MB in base64."""
_TEXT = 4000
_MOST = 50
_MOST_ITEMS = 500
_NUMBER = {"description": "Twelve digits of a person, ten of a company"}
_NOT_BASE64 = Text("Filen ska vara base64", "The file is base64")


@dataclass(frozen=True, slots=True)
class SettlementBody:
    """What looking into it came to; *finding* by the names of its members."""

    result: DiligenceResult
    note: str = field(repr=False)
    finding: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EvidenceBody:
    """A file that shows it."""

    name: str = field(repr=False)
    media_type: str
    content: bytes = field(repr=False)


class _Members(Body[Mapping[str, Any]]):
    """Loads as its members, without those of which nothing was said."""

    def make(self, **members: Any) -> Mapping[str, Any]:
        """The members."""
        return {name: value for name, value in members.items() if value is not None}


class FoundOwnerSchema(_Members):
    """Who holds or controls; *of* is the company held where it is another than the customer."""

    number = TextField(longest=12, required=True, described=_NUMBER)
    name = TextField(longest=200, load_default=None)
    share = RateField(load_default=None)
    control = ChoiceField(OwnerControl, load_default=OwnerControl.VOTES)
    of = TextField(longest=12, load_default=None)
    relatives = ListField(TextField(longest=12), most=_MOST, load_default=())
    politically_exposed = BooleanField(load_default=None)


class FoundExposureSchema(_Members):
    """Whether a person is politically exposed, by which function, until when."""

    number = TextField(longest=12, required=True, described=_NUMBER)
    exposed = BooleanField(required=True)
    relation = ChoiceField(ExposureRelation, load_default=ExposureRelation.SELF)
    function = TextField(longest=200, load_default=None)
    ended_on = DateField(load_default=None)


class StaffFindingSchema(_Members):
    """What looking into it brought to light; of what is left out nothing is said. *owners* are all that there are."""

    owners = ListField(ObjectField(FoundOwnerSchema), most=_MOST, load_default=None)
    registered = ListField(ObjectField(FoundOwnerSchema), most=_MOST, load_default=None)
    exposed = ListField(ObjectField(FoundExposureSchema), most=_MOST, load_default=None)
    purpose_of_credit = TextField(longest=_TEXT, lines=True, load_default=None)
    source_of_repayment = TextField(longest=_TEXT, lines=True, load_default=None)
    origin_of_funds = TextField(longest=_TEXT, lines=True, load_default=None)
    trades_with_high_risk_countries = BooleanField(load_default=None)
    takes_cash = BooleanField(load_default=None)
    industry = TextField(longest=5, load_default=None)


class BeginItemSchema(Body[tuple[DiligenceKind, str]]):
    """What staff begin to look into by themselves, and why; loads as the two."""

    kind = ChoiceField(DiligenceKind, required=True)
    note = TextField(longest=_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> tuple[DiligenceKind, str]:
        """Kind and note."""
        return members["kind"], members["note"]


class SettlementSchema(Body[SettlementBody]):
    """What looking into it came to."""

    result = ChoiceField(DiligenceResult, required=True)
    note = TextField(longest=_TEXT, lines=True, required=True)
    finding = ObjectField(StaffFindingSchema, load_default=dict)

    def make(self, **members: Any) -> SettlementBody:
        """The settlement."""
        return SettlementBody(**members)


class ItemNoteSchema(Body[str]):
    """Why somebody with authority approves, or does not; loads as the note."""

    note = TextField(longest=_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> str:
        """The note."""
        note: str = members["note"]
        return note


class EvidenceFileSchema(Body[EvidenceBody]):
    """A file: PDF, PNG or JPEG of at most 10 MB."""

    name = TextField(longest=200, required=True)
    media_type = TextField(longest=40, required=True)
    content = TextField(longest=LARGEST_EVIDENCE_BODY, required=True, described={"description": "Base64"})

    def make(self, **members: Any) -> EvidenceBody:
        """The file."""
        try:
            content = base64.b64decode(members.pop("content"), validate=True)
        except (binascii.Error, ValueError):
            raise refusal_of((fault("/content", _NOT_BASE64, None),)) from None
        return EvidenceBody(**members, content=content)


class EvidenceSchema(Answer):
    """A file that was added."""

    id = IdField()
    name = TextField(longest=200)
    media_type = TextField(longest=40)
    size_bytes = WholeNumberField()
    sha256 = TextField(longest=64)
    added_by = TextField(longest=100)
    added_at = InstantField()


class ItemSummarySchema(Answer):
    """Something that waits for a person."""

    id = IdField()
    application_id = IdField()
    kind = ChoiceField(DiligenceKind)
    state = ChoiceField(DiligenceState)
    opened_at = InstantField()
    taken_by = TextField(longest=100)


class ItemSchema(ItemSummarySchema):
    """Something that was or is looked into; *needs_authority*: a senior underwriter approves it."""

    opened_by = TextField(longest=100)
    taken_at = InstantField()
    needs_authority = BooleanField()
    result = ChoiceField(DiligenceResult)
    note = TextField(longest=10 * _TEXT, lines=True)
    settled_by = TextField(longest=100)
    settled_at = InstantField()
    approved_by = TextField(longest=100)
    approved_at = InstantField()
    evidence = ListField(ObjectField(EvidenceSchema), most=_MOST)


class RiskReasonSchema(Answer):
    """What raised the class, and where it is said that it does."""

    code = TextField(longest=40)
    risk_class = ChoiceField(RiskClass)
    text = BilingualField()
    source = TextField(longest=400)


class AssessmentSchema(Answer):
    """A risk class as it was given; its table holds since *table_on*."""

    risk_class = ChoiceField(RiskClass)
    table_on = DateField()
    reasons = ListField(ObjectField(RiskReasonSchema), most=_MOST)
    measures = ListField(TextField(longest=40), most=_MOST)
    assessed_at = InstantField()


class OwnerSchema(Answer):
    """A beneficial owner; of the number the date of birth alone. *share* with those of close relatives."""

    number = TextField(longest=20)
    name = TextField(longest=200)
    share = TextField(longest=20)
    basis = ListField(TextField(longest=20), most=_MOST)
    politically_exposed = BooleanField()


class CustomerSchema(Answer):
    """All that is known of the customer of an application: assessments and items the newest first."""

    application_id = IdField()
    assessments = ListField(ObjectField(AssessmentSchema), most=_MOST_ITEMS)
    owners = ListField(ObjectField(OwnerSchema), most=_MOST)
    gaps = ListField(ChoiceField(DiligenceKind), most=_MOST)
    items = ListField(ObjectField(ItemSchema), most=_MOST_ITEMS)
