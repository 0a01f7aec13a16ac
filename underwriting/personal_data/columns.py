"""Every column that is encrypted, found in the models: what is named `…_encrypted` is.

The context of a column is its table and its name, and the subject of a row's values is the house; what differs from
that stands here. Subjects are needed for values of the first form alone: newer ones name their key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from underwriting.kernel.vocabulary import SigningPurpose
from underwriting.migrations.rows import metadata
from underwriting.platform.encryption import HOUSE

SUFFIX = "_encrypted"
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]

_CONTEXTS: Mapping[str, str] = {  # as SQL over the row
    "staff_user.enrolment": "'staff_user.second_factor'",
    "webhook_endpoint.previous_secret": "'webhook_endpoint.secret'",
    "received_answer.body": "CASE compression WHEN 'none' THEN 'credit_report.raw' ELSE 'received_answer.body' END",
}
_OF_AGREEMENT = "(SELECT 'application:' || application_id FROM agreement WHERE agreement.id = {id})"
_OF_PAYMENT_FILE = "(SELECT 'payment_file:' || encode(sha256, 'hex') FROM payment_file WHERE payment_file.id = {id})"
_OF_PAYMENT = _OF_PAYMENT_FILE.format(
    id="(SELECT file_id FROM incoming_payment WHERE incoming_payment.id = payment_id)"
)
_OF_GUARANTOR = "(SELECT 'application:' || application_id FROM application_guarantor WHERE id = {id})"
_OF_GUARANTEE = (
    "(SELECT 'application:' || application_id FROM agreement JOIN guarantee ON agreement_id = agreement.id"
    " WHERE guarantee.id = {id})"
)
_OF_OFFER = "(SELECT 'application:' || application_id FROM decision WHERE id = {id})"
_OF_PLAN_CHANGE = (
    "(SELECT 'application:' || application_id FROM agreement JOIN plan_change ON agreement_id = agreement.id"
    " WHERE plan_change.id = {id})"
)
_OF_SIGNED_THING = f"""
    CASE signing.purpose
        WHEN '{SigningPurpose.APPLICATION}' THEN 'application:' || signing.subject_id
        WHEN '{SigningPurpose.CONFIRMATION}' THEN {_OF_GUARANTOR.format(id="signing.subject_id")}
        WHEN '{SigningPurpose.COUNTER_OFFER}' THEN {_OF_OFFER.format(id="signing.subject_id")}
        WHEN '{SigningPurpose.AGREEMENT}' THEN {_OF_AGREEMENT.format(id="signing.subject_id")}
        WHEN '{SigningPurpose.GUARANTEE}' THEN {_OF_GUARANTEE.format(id="signing.subject_id")}
        WHEN '{SigningPurpose.PLAN_CHANGE}' THEN {_OF_PLAN_CHANGE.format(id="signing.subject_id")}
        WHEN '{SigningPurpose.PLAN_CHANGE_CONSENT}' THEN {_OF_PLAN_CHANGE.format(id="signing.subject_id")}
        ELSE signing.purpose || ':' || signing.subject_id
    END
"""
_OF_DOCUMENT = f"""
    CASE document.kind
        WHEN 'confirmation' THEN {_OF_GUARANTOR.format(id="document.subject_id")}
        WHEN 'counter_offer' THEN {_OF_OFFER.format(id="document.subject_id")}
        WHEN 'agreement' THEN {_OF_AGREEMENT.format(id="document.subject_id")}
        WHEN 'guarantee' THEN {_OF_GUARANTEE.format(id="document.subject_id")}
        ELSE coalesce(
            {_OF_AGREEMENT.format(id="document.agreement_id")},
            (SELECT 'application:' || signing.subject_id FROM signing
             WHERE document_id = document.id AND purpose = '{SigningPurpose.APPLICATION}' LIMIT 1),
            'document:' || document.id
        )
    END
"""
_SUBJECTS: Mapping[str, str] = {  # as SQL over the row
    "application": "'application:' || id",
    **dict.fromkeys(
        (
            *("application_guarantor", "application_supplement", "decision", "agreement"),
            *("override_proposal", "human_review", "fact_dispute"),
            *("screened_case", "sanctions_match"),
            *("risk_assessment", "due_diligence_item", "due_diligence_evidence"),
        ),
        "'application:' || application_id",
    ),
    **dict.fromkeys(
        ("annulment", "cancellation", "guarantee", "guarantee_release", "liable_partner", "signing_rule_change"),
        _OF_AGREEMENT.format(id="agreement_id"),
    ),
    "payout": _OF_AGREEMENT.format(id="agreement_id"),
    "account_check": _OF_AGREEMENT.format(id="agreement_id"),
    "payout_file": "'payout_file:' || message_id",
    "bank_report": "'bank_report:' || encode(sha256, 'hex')",
    "signing": _OF_SIGNED_THING,
    "document": _OF_DOCUMENT,
    "credit_report": "'credit_report:' || id",
    "received_answer": "'credit_report:' || credit_report_id",
    "payment_file": "'payment_file:' || encode(sha256, 'hex')",
    "incoming_payment": _OF_PAYMENT_FILE.format(id="file_id"),
    "refund": f"coalesce({_OF_AGREEMENT.format(id='agreement_id')}, {_OF_PAYMENT})",
    "staff_user": "'staff:' || id",
    "login_session": "'login_session:' || id",
}


@dataclass(frozen=True, slots=True)
class EncryptedTable:
    """A table with encrypted columns. *contexts* has one SQL expression for each of *columns*; *subject* is one too."""

    name: str
    keys: tuple[str, ...]
    key_types: tuple[str, ...]
    columns: tuple[str, ...]
    contexts: tuple[str, ...]
    subject: str


@cache
def encrypted_tables() -> tuple[EncryptedTable, ...]:
    """All of them, in the order of their names."""
    tables = (_table(table) for _, table in sorted(metadata.tables.items()))
    return tuple(table for table in tables if table.columns)


def _table(table: sa.Table) -> EncryptedTable:
    columns = tuple(column.name for column in table.columns if column.name.endswith(SUFFIX))
    names = [f"{table.name}.{column.removesuffix(SUFFIX)}" for column in columns]
    return EncryptedTable(
        name=table.name,
        keys=tuple(column.name for column in table.primary_key.columns),
        key_types=tuple(str(column.type.compile(_POSTGRESQL)) for column in table.primary_key.columns),
        columns=columns,
        contexts=tuple(_CONTEXTS.get(name, f"'{name}'") for name in names),
        subject=f"coalesce({_SUBJECTS[table.name]}, '{HOUSE}')" if table.name in _SUBJECTS else f"'{HOUSE}'",
    )
