"""Who was shown whose personal data: an entry `read` on the chain of every subject, before the answer leaves (S3).

1. Personal data are encrypted under their subject's key. What is decrypted while a request of staff or of a machine
   client is answered, or a command that shows data runs, counts as shown to whoever asked: never less than what stands
   in the answer, at times more. No page and no call has to think of it.
2. An entry says who, by which call at which thing, what kinds of data, when, and the request's id; never the data.
3. The same caller, call, thing and kinds leave no second entry within `AGAIN_AFTER_SECONDS` from the same process, nor
   does an answer that is given again for an `Idempotency-Key`.
4. Nothing is shown that could not be noted: where the entry is not written, the request fails.

Persons who are shown their own matter are not noted: BankID's log-ins are.
"""

import functools
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask, Response, make_response

from underwriting.platform import audit_log, opened, request_ids
from underwriting.platform.callers import Caller, current_caller
from underwriting.platform.opened import Opened
from underwriting.platform.runtime import Runtime

AGAIN_AFTER_SECONDS = 300.0
"""By the machine's clock."""
MOST_REMEMBERED = 20_000
_PROBLEM = "application/problem+json"


class DataKind(StrEnum):
    """What was shown."""

    IDENTITY = "identity"  # personal and organisation numbers
    CONTACT = "contact"  # names and addresses
    APPLICATION = "application"  # what the applicant told
    CREDIT_REPORT = "credit_report"
    DECISION = "decision"  # its facts, grounds and reasons
    DOCUMENT = "document"
    SIGNATURE = "signature"
    ACCOUNT = "account"
    PAYMENT = "payment"
    MESSAGE = "message"
    DUE_DILIGENCE = "due_diligence"  # who was held against a sanctions list, and what came of it


KINDS: Mapping[str, tuple[DataKind, ...]] = {
    "agreement.company": (DataKind.IDENTITY,),
    "agreement.details": (DataKind.CONTACT,),
    "annulment.reason": (DataKind.APPLICATION,),
    "application.company": (DataKind.IDENTITY,),
    "application.details": (DataKind.APPLICATION, DataKind.CONTACT, DataKind.IDENTITY),
    "application_guarantor.person": (DataKind.IDENTITY,),
    "application_guarantor.details": (DataKind.CONTACT,),
    "application_supplement.content": (DataKind.APPLICATION,),
    "credit_report.parsed": (DataKind.CREDIT_REPORT,),
    "credit_report.raw": (DataKind.CREDIT_REPORT,),
    "received_answer.body": (DataKind.CREDIT_REPORT,),
    "decision.facts": (DataKind.DECISION,),
    "decision.trace": (DataKind.DECISION,),
    "decision.reason": (DataKind.DECISION,),
    "decision.conditions": (DataKind.DECISION,),
    "override_proposal.conditions": (DataKind.DECISION,),
    "override_proposal.reason": (DataKind.DECISION,),
    "override_proposal.settled_reason": (DataKind.DECISION,),
    "human_review.view": (DataKind.APPLICATION,),
    "human_review.answer": (DataKind.DECISION,),
    "human_review.answer_english": (DataKind.DECISION,),
    "human_review.grounds": (DataKind.DECISION,),
    "fact_dispute.told": (DataKind.CREDIT_REPORT,),
    "fact_dispute.corrected": (DataKind.CREDIT_REPORT,),
    "fact_dispute.note": (DataKind.CREDIT_REPORT,),
    "fact_dispute.document": (DataKind.DOCUMENT,),
    "screened_case.parties": (DataKind.CONTACT, DataKind.IDENTITY),
    "sanctions_match.found": (DataKind.CONTACT, DataKind.DUE_DILIGENCE, DataKind.IDENTITY),
    "sanctions_match.note": (DataKind.DUE_DILIGENCE,),
    "risk_assessment.content": (DataKind.DUE_DILIGENCE,),
    "due_diligence_item.basis": (DataKind.DUE_DILIGENCE, DataKind.IDENTITY),
    "due_diligence_item.note": (DataKind.DUE_DILIGENCE,),
    "due_diligence_item.finding": (DataKind.CONTACT, DataKind.DUE_DILIGENCE, DataKind.IDENTITY),
    "due_diligence_evidence.name": (DataKind.DUE_DILIGENCE,),
    "due_diligence_evidence.content": (DataKind.DOCUMENT, DataKind.DUE_DILIGENCE),
    "document.content": (DataKind.DOCUMENT,),
    "document.reading_aid": (DataKind.DOCUMENT,),
    "document.sealed": (DataKind.DOCUMENT, DataKind.SIGNATURE),
    "document.words": (DataKind.DOCUMENT,),
    "cancellation.note": (DataKind.APPLICATION,),
    "guarantee.person": (DataKind.IDENTITY,),
    "guarantee.details": (DataKind.CONTACT,),
    "guarantee.refusal": (DataKind.APPLICATION,),
    "guarantee_release.reason": (DataKind.APPLICATION,),
    "liable_partner.details": (DataKind.CONTACT, DataKind.IDENTITY),
    "signing_rule_change.content": (DataKind.CONTACT, DataKind.IDENTITY),
    "login_session.person": (DataKind.IDENTITY,),
    "outbox_message.recipient": (DataKind.CONTACT,),
    "outbox_message.content": (DataKind.MESSAGE,),
    "payment_file.content": (DataKind.PAYMENT,),
    "incoming_payment.payer": (DataKind.ACCOUNT, DataKind.CONTACT, DataKind.IDENTITY),
    "refund.payee": (DataKind.ACCOUNT, DataKind.CONTACT),
    "refund.reason": (DataKind.PAYMENT,),
    "refund.content": (DataKind.PAYMENT,),
    "payout.account": (DataKind.ACCOUNT,),
    "payout.evidence": (DataKind.ACCOUNT,),
    "payout_file.content": (DataKind.PAYMENT,),
    "payout_file.refusal": (DataKind.PAYMENT,),
    "bank_report.content": (DataKind.PAYMENT,),
    "account_check.account": (DataKind.ACCOUNT,),
    "account_check.holder": (DataKind.ACCOUNT,),
    "account_check.evidence": (DataKind.ACCOUNT,),
    "signing.person": (DataKind.IDENTITY,),
    "signing.visible_text": (DataKind.DOCUMENT,),
    "signing.evidence": (DataKind.SIGNATURE,),
    "staff_user.personal": (DataKind.IDENTITY,),
}
"""What each encrypted column holds."""

NOT_PERSONAL = frozenset(
    {
        "idempotency_key.answer",  # what the same caller was answered before, and noted for
        "signing.auto_start_token",
        "signing.order_ref",
        "signing.qr_start_secret",
        "staff_user.second_factor",
        "webhook_endpoint.secret",
    }
)
"""Secrets of ours, which say nothing of anybody."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is told of every subject at once: *call* by its name, *of* which things, under which request."""

    actor: str
    call: str
    of: tuple[tuple[str, str], ...] = ()
    request_id: str | None = None


def register(app: Flask, runtime: Runtime) -> None:
    """Note what every view of *app* shows to staff and machine clients; registered after the last of them."""
    memory = _Memory(AGAIN_AFTER_SECONDS, MOST_REMEMBERED)

    def noting(endpoint: str, view: Any) -> Any:
        @functools.wraps(view)
        def with_note(*args: Any, **kwargs: Any) -> Any:
            caller = current_caller()
            if not _is_watched(caller):
                return view(*args, **kwargs)
            with opened.watched() as found:
                response = make_response(view(*args, **kwargs))
            kinds = kinds_of(found) if _shows_something(response) else {}
            if kinds:
                reading = Reading(caller.actor, endpoint, _things(kwargs), request_ids.current())
                new = memory.new(reading, kinds)
                note(runtime, reading, new)
                memory.keep(reading, new)
            return response

        return with_note

    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = noting(endpoint, view)


@contextmanager
def command(runtime: Runtime, actor: str, call: str) -> Iterator[None]:
    """Note what is decrypted in the block, at its end: before the command prints it."""
    with opened.watched() as found:
        yield
    note(runtime, Reading(actor, call), kinds_of(found))


def kinds_of(found: Iterable[Opened]) -> dict[str, frozenset[DataKind]]:
    """What was shown of each subject, by what was decrypted."""
    kinds: dict[str, frozenset[DataKind]] = {}
    for subject, context in found:
        if context not in NOT_PERSONAL:
            kinds[subject] = kinds.get(subject, frozenset()) | frozenset(KINDS[context])
    return kinds


def note(runtime: Runtime, reading: Reading, kinds: Mapping[str, Iterable[DataKind]]) -> None:
    """Put an entry on the chain of every subject of *kinds*, in a transaction of its own unless one is open."""
    if not kinds:
        return
    told: dict[str, Any] = {"call": reading.call}
    if reading.of:
        told["of"] = dict(reading.of)
    if reading.request_id:
        told["request_id"] = reading.request_id
    notes = {subject: told | {"kinds": sorted(which)} for subject, which in kinds.items()}

    def write() -> None:
        with runtime.database.transaction() as session:
            audit_log.append_to_each(session, notes, audit_log.READ, actor=reading.actor, at=runtime.clock.now())

    runtime.database.retrying(write)


def _is_watched(caller: Caller) -> bool:
    return caller.is_staff or caller.client_id is not None


def _shows_something(response: Response) -> bool:
    """Whether there can be anything of anybody in it: problems repeat nothing, and who is sent on sees it there."""
    return not 300 <= response.status_code < 400 and response.status_code != 204 and response.mimetype != _PROBLEM


def _things(arguments: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The ids in the address; never a text, which might be anything."""
    ids = ((name, value) for name, value in arguments.items() if isinstance(value, uuid.UUID | int))
    return tuple(sorted((name, str(value)) for name, value in ids))


class _Memory:
    """What was noted a moment ago; the oldest goes first."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._until_seconds: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._lock = threading.Lock()

    def new(self, reading: Reading, kinds: Mapping[str, frozenset[DataKind]]) -> dict[str, frozenset[DataKind]]:
        """What of *kinds* was not noted for this caller, call and thing a moment ago."""
        now = time.monotonic()
        with self._lock:
            return {
                subject: which
                for subject, which in kinds.items()
                if self._until_seconds.get((reading.actor, reading.call, reading.of, subject, which), 0.0) <= now
            }

    def keep(self, reading: Reading, kinds: Mapping[str, frozenset[DataKind]]) -> None:
        """They have been noted."""
        until = time.monotonic() + self._seconds
        with self._lock:
            for subject, which in kinds.items():
                key = (reading.actor, reading.call, reading.of, subject, which)
                self._until_seconds[key] = until
                self._until_seconds.move_to_end(key)
            while len(self._until_seconds) > self._most:
                self._until_seconds.popitem(last=False)
