"""The underwriter's desk: second approvals, human reviews, assignments, facts that a bureau has wrong (D8, D9, D13)."""

import base64
import binascii
from typing import Any

from schemas.answers import Answer
from schemas.decisions import StaffDecisionSchema
from schemas.fields import BooleanField, ChoiceField, IdField, InstantField, ListField, ObjectField, TextField
from schemas.kernel_fields import MoneyField, RateField
from schemas.loading import Body
from schemas.problems import fault, refusal_of
from schemas.values import AssignmentBody, DisputeBody, ReviewAnswerBody, ReviewBody
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DecisionOutcome, FactTreatment, RequestChannel, ReviewOutcome

LARGEST_DOCUMENT = 1_000_000
"""Bytes of the document that shows a fact to be wrong."""
LARGEST_DISPUTE_BYTES = 2 * LARGEST_DOCUMENT
"""Bytes of a body that holds such a document."""
_MOST_SHOWN = 200
_TEXT = 4000
_LONGEST_ENCODED = (LARGEST_DOCUMENT + 2) // 3 * 4
_DOCUMENT_TYPES = ("application/pdf", "image/jpeg", "image/png")
_NOT_BASE64 = Text("Dokumentet ska vara base64 och högst 1 MB", "The document is base64, of at most 1 MB")
_WRONG_TYPE = Text("Dokumentet ska vara PDF, JPEG eller PNG", "The document is PDF, JPEG or PNG")
_DOCUMENT_WITH_TYPE = Text("Dokument och typ anges tillsammans", "A document and its type stand together")
_VALUE_OR_ABSENT = Text(
    "En rättad uppgift har antingen ett värde eller är känd att saknas",
    "A corrected fact either has a value or is known to be absent",
)
_NO_VALUE = Text("En uppgift som läses som okänd har inget värde", "A fact that is read as unknown has no value")


class ProposalSchema(Answer):
    """A determination that waits for a second person (rule D8), or what became of it."""

    id = IdField()
    application_id = IdField()
    reference = TextField(longest=20)
    state = TextField(longest=20)
    outcome = ChoiceField(DecisionOutcome)
    limit = MoneyField()
    fee_rate = RateField()
    conditions = TextField(longest=1000)
    reason_code = TextField(longest=40)
    reason = TextField(longest=_TEXT, lines=True)
    proposed_by = TextField(longest=100)
    proposed_at = InstantField()
    settled_by = TextField(longest=100)
    settled_at = InstantField()
    settled_reason = TextField(longest=_TEXT, lines=True)


class ProposalListSchema(Answer):
    """The proposals that stand, the oldest first."""

    items = ListField(ObjectField(ProposalSchema), most=_MOST_SHOWN)


class RejectionSchema(Body[str]):
    """Why a second person rejects a proposal; loads as the reason."""

    reason = TextField(longest=_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> str:
        """The reason."""
        reason: str = members["reason"]
        return reason


class ReviewRequestSchema(Body[ReviewBody]):
    """A natural person's request for human review (rule D9). Staff add whose it is, and how and when it came in."""

    view = TextField(longest=_TEXT, lines=True, required=True)
    guarantor_id = IdField(load_default=None)
    channel = ChoiceField(RequestChannel, load_default=RequestChannel.PORTAL)
    received_at = InstantField(load_default=None)

    def make(self, **members: Any) -> ReviewBody:
        """The request."""
        return ReviewBody(**members)


class ReviewAnswerSchema(Body[ReviewAnswerBody]):
    """What a review came to: what the person is told, and the grounds, which are for staff."""

    outcome = ChoiceField(ReviewOutcome, required=True)
    answer = TextField(longest=_TEXT, lines=True, required=True)
    answer_english = TextField(longest=_TEXT, lines=True, load_default=None)
    grounds = TextField(longest=_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> ReviewAnswerBody:
        """The answer."""
        return ReviewAnswerBody(**members)


class OwnReviewSchema(Answer):
    """A review as the person who asked for it reads it."""

    id = IdField()
    application_id = IdField()
    view = TextField(longest=_TEXT, lines=True)
    requested_at = InstantField()
    answer_by = InstantField(described={"description": "It is answered before then"})
    answered_at = InstantField()
    outcome = ChoiceField(ReviewOutcome)
    answer = TextField(longest=_TEXT, lines=True)
    answer_english = TextField(longest=_TEXT, lines=True)


class StaffReviewSchema(OwnReviewSchema):
    """A review as staff read it; without *guarantor_id* the owner of an enskild firma asks."""

    reference = TextField(longest=20)
    guarantor_id = IdField()
    decision_id = IdField()
    channel = ChoiceField(RequestChannel)
    recorded_by = TextField(longest=100)
    answered_by = TextField(longest=100)
    grounds = TextField(longest=_TEXT, lines=True)


class ReviewListSchema(Answer):
    """Reviews that wait for an answer, the nearest deadline first."""

    items = ListField(ObjectField(StaffReviewSchema), most=_MOST_SHOWN)


class AssignmentRequestSchema(Body[AssignmentBody]):
    """To whom a case is given; to the caller without a name."""

    username = TextField(longest=100, load_default=None)

    def make(self, **members: Any) -> AssignmentBody:
        """The assignment."""
        return AssignmentBody(**members)


class AssignmentSchema(Answer):
    """Who has a case, and since when."""

    application_id = IdField()
    username = TextField(longest=100)
    by = TextField(longest=100)
    assigned_at = InstantField()


class AssignmentListSchema(Answer):
    """The cases that the caller has."""

    items = ListField(ObjectField(AssignmentSchema), most=1000)


class FactDisputeSchema(Body[DisputeBody]):
    """A fact that a bureau has wrong (rule D13), with note and document."""

    subject = TextField(longest=80, required=True, described={"description": "As the trace names it"})
    fact = TextField(longest=40, required=True)
    treatment = ChoiceField(FactTreatment, required=True)
    value = TextField(longest=40, load_default=None, described={"description": "What is right, as text"})
    absent = BooleanField(load_default=False)
    note = TextField(longest=_TEXT, lines=True, required=True)
    document = TextField(longest=_LONGEST_ENCODED, load_default=None, described={"description": "Base64"})
    document_type = TextField(longest=40, load_default=None)

    def make(self, **members: Any) -> DisputeBody:
        """What is wrong; every fault at once."""
        document, type_ = members.pop("document"), members.pop("document_type")
        errors = []
        is_corrected = members["treatment"] is FactTreatment.CORRECTED
        if is_corrected and (members["value"] is None) is not members["absent"]:
            errors.append(fault("/value", _VALUE_OR_ABSENT, "D13"))
        if not is_corrected and (members["value"] is not None or members["absent"]):
            errors.append(fault("/value", _NO_VALUE, "D13"))
        if (document is None) is not (type_ is None):
            errors.append(fault("/document_type", _DOCUMENT_WITH_TYPE, None))
        elif type_ is not None and type_ not in _DOCUMENT_TYPES:
            errors.append(fault("/document_type", _WRONG_TYPE, None))
        content = None if document is None else _decoded(document)
        if document is not None and content is None:
            errors.append(fault("/document", _NOT_BASE64, None))
        if errors:
            raise refusal_of(tuple(errors))
        del members["absent"]
        return DisputeBody(**members, document=content, document_type=type_)


class FactDisputeAnswerSchema(Answer):
    """A fact that was marked as wrong: what was told, and what is read instead."""

    id = IdField()
    application_id = IdField()
    decision_id = IdField()
    subject = TextField(longest=80)
    fact = TextField(longest=40)
    treatment = TextField(longest=20)
    told = TextField(longest=80)
    read = TextField(longest=80)
    note = TextField(longest=_TEXT, lines=True)
    document_type = TextField(longest=40)
    document_sha256 = TextField(longest=64)
    disputed_by = TextField(longest=100)
    disputed_at = InstantField()


class FactDisputeListSchema(Answer):
    """Every fact of an application that was marked as wrong, the newest first."""

    items = ListField(ObjectField(FactDisputeAnswerSchema), most=_MOST_SHOWN)


class DecidedAnewSchema(Answer):
    """The decision on the corrected facts."""

    decision = ObjectField(StaffDecisionSchema)
    dispute = ObjectField(FactDisputeAnswerSchema)


def _decoded(document: str) -> bytes | None:
    try:
        content = base64.b64decode(document, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if 0 < len(content) <= LARGEST_DOCUMENT else None
