"""Every column of blind indexes, and where the numbers are that they were made of."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache

from underwriting.migrations.rows import metadata

SUFFIX = "_index"
Numbers = Callable[[bytes], Collection[str]]
"""The numbers in the plain text of one value."""


@dataclass(frozen=True, slots=True)
class Source:
    """An encrypted *column* that holds numbers, its *context* and how they are read from it."""

    column: str
    context: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class IndexedTable:
    """A table with blind indexes in *columns*. *sources* hold the numbers, of the row's own and of other tables' rows;
    *erased* is SQL over the row: true when nobody can read any more who it was."""

    name: str
    columns: tuple[str, ...]
    sources: tuple[Source, ...]
    erased: str

    def old(self, version: str = ":version") -> str:
        """SQL that is true for a row with an index of another version, as written in SQL, and not of nobody."""
        return " OR ".join(f"index_version_of({self.name}.{column}) NOT IN (0, {version})" for column in self.columns)


@cache
def indexed_tables() -> tuple[IndexedTable, ...]:
    """All of them, in the order of their names; found in the models: what is named `…_index` is one."""
    found = {
        name: tuple(c.name for c in table.columns if c.name.endswith(SUFFIX)) for name, table in metadata.tables.items()
    }
    return tuple(
        IndexedTable(name, columns, _SOURCES.get(name, ()), _ERASED[name])
        for name, columns in sorted(found.items())
        if columns
    )


def _itself(plain: bytes) -> Collection[str]:
    return (plain.decode(),)


def _of_applicants(plain: bytes) -> Collection[str]:
    content = json.loads(plain)
    return {content["signatory_personal_number"], *_in_signing_rule(content)}


def _of_signatories(plain: bytes) -> Collection[str]:
    return _in_signing_rule(json.loads(plain))


def _of_party(plain: bytes) -> Collection[str]:
    return (json.loads(plain)["party"]["number"],)


def _of_payer(plain: bytes) -> Collection[str]:
    return json.loads(plain)["indexed"]  # type: ignore[no-any-return]


def _in_signing_rule(content: Mapping[str, list[Mapping[str, str]]]) -> set[str]:
    return {one["personal_number"] for one in content["signing_rule"]}


_OF_ERASED = "EXISTS (SELECT FROM application WHERE id = application_id AND erased_at IS NOT NULL)"
_OF_ERASED_OR_GONE = "NOT EXISTS (SELECT FROM application WHERE id = application_id AND erased_at IS NULL)"
_KEY_DESTROYED = """
    EXISTS (SELECT FROM data_key WHERE wrapped IS NULL AND get_byte({column}, 0) = 2
            AND id = CAST(encode(substring({column} FROM 2 FOR 16), 'hex') AS uuid))
"""
_SOURCES: Mapping[str, tuple[Source, ...]] = {
    "application": (
        Source("company_encrypted", "application.company", _itself),
        Source("details_encrypted", "application.details", _of_applicants),
    ),
    "application_guarantor": (Source("person_encrypted", "application_guarantor.person", _itself),),
    "agreement": (
        Source("company_encrypted", "agreement.company", _itself),
        Source("details_encrypted", "agreement.details", _of_signatories),
    ),
    "guarantee": (Source("person_encrypted", "guarantee.person", _itself),),
    "signing": (Source("person_encrypted", "signing.person", _itself),),
    "login_session": (Source("person_encrypted", "login_session.person", _itself),),
    "staff_user": (Source("personal_encrypted", "staff_user.personal", _itself),),
    "sanctions_match": (Source("found_encrypted", "sanctions_match.found", _of_party),),
    "incoming_payment": (Source("payer_encrypted", "incoming_payment.payer", _of_payer),),
}
_ERASED: Mapping[str, str] = {
    "application": "erased_at IS NOT NULL",
    "application_guarantor": _OF_ERASED,
    "agreement": "erased_at IS NOT NULL",
    "guarantee": "EXISTS (SELECT FROM agreement WHERE agreement.id = agreement_id AND erased_at IS NOT NULL)",
    "signing": "erased_at IS NOT NULL OR " + _KEY_DESTROYED.format(column="visible_text_encrypted"),
    "login_session": "false",  # the row is deleted
    "staff_user": "personal_encrypted IS NULL AND disabled_at IS NOT NULL",
    "enquiry_ground": _OF_ERASED,
    "bureau_question": _OF_ERASED_OR_GONE,
    "credit_report": "erased_at IS NOT NULL",
    "document": _KEY_DESTROYED.format(column="content_encrypted"),
    "human_review": _OF_ERASED,
    # They are found again as members of staff; where nobody has that index any more, nobody can be named by it.
    "override_proposal": "NOT EXISTS (SELECT FROM staff_user WHERE personal_index = proposer_index)",
    "cancellation": "NOT EXISTS (SELECT FROM staff_user WHERE personal_index = recorder_index)",
    "payout": "NOT EXISTS (SELECT FROM staff_user WHERE personal_index = prepared_index)",
    "refund": "NOT EXISTS (SELECT FROM staff_user WHERE personal_index = asker_index)",
    "sanctions_match": _OF_ERASED,
    "incoming_payment": "EXISTS (SELECT FROM payment_file WHERE payment_file.id = file_id AND erased_at IS NOT NULL)",
}
