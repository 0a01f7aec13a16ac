"""What proves a signature, as it is kept and handed on: what BankID said as one JSON object, the audit log as lines."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agreements.signing.rules import Completion
from underwriting.kernel.identifiers import IdentifierInvalid, PersonalNumber
from underwriting.platform.encryption import canonical_json

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IdentifierInvalid)
"""What reading raises where something else stands than was written."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a chain of the audit log."""

    subject: str
    sequence: int
    action: str
    actor: str
    at: datetime
    data: Mapping[str, Any]
    previous_hash: bytes
    hash: bytes


def claims_of(completion: Completion) -> dict[str, str | None]:
    """What BankID said of the signer beside signature and status."""
    issued_on = completion.bank_id_issued_on
    return {
        "personal_number": completion.personal_number.digits,
        "name": completion.name,
        "given_name": completion.given_name,
        "surname": completion.surname,
        "device_ip": completion.device_ip,
        "device_uhi": completion.device_uhi,
        "bank_id_issued_on": issued_on.isoformat() if issued_on else None,
        "risk": completion.risk,
    }


def kept_form(completion: Completion, *, collected_at: datetime) -> dict[str, str | None]:
    """All that BankID handed over, and when it came, as it is kept."""
    return claims_of(completion) | {
        "signature": completion.signature,
        "ocsp_response": completion.ocsp_response,
        "collected_at": collected_at.isoformat(),
    }


def completion_of(kept: Mapping[str, Any]) -> Completion:
    """What `kept_form` was made of, but for the instant. Raises one of UNREADABLE."""
    issued_on = kept["bank_id_issued_on"]
    return Completion(
        personal_number=PersonalNumber(kept["personal_number"]),
        name=kept["name"],
        given_name=kept["given_name"],
        surname=kept["surname"],
        device_ip=kept["device_ip"],
        device_uhi=kept["device_uhi"],
        bank_id_issued_on=date.fromisoformat(issued_on) if issued_on else None,
        risk=kept["risk"],
        signature=kept["signature"],
        ocsp_response=kept["ocsp_response"],
    )


def fingerprint(completion: Completion) -> str:
    """The SHA-256 of the signature as it was received, in hexadecimal."""
    return hashlib.sha256(completion.signature.encode()).hexdigest()


def fingerprint_of_all(completion: Completion, *, collected_at: datetime) -> str:
    """The SHA-256 of all that is kept, in hexadecimal; the signature in it lets nobody guess the rest from it."""
    return hashlib.sha256(canonical_json(kept_form(completion, collected_at=collected_at))).hexdigest()


def evidence_files(number: int, completion: Completion) -> dict[str, bytes]:
    """The evidence of signature *number* as files inside a sealed document: XML signature, OCSP answer. ValueError."""
    return {
        f"underskrift-{number}.xml": base64.b64decode(completion.signature),
        f"underskrift-{number}.ocsp": base64.b64decode(completion.ocsp_response),
    }


def lines_of(log: Sequence[LogEntry]) -> bytes:
    """The entries as canonical JSON, one in a line."""
    return b"".join(canonical_json(_written(one)) + b"\n" for one in log)


def log_of(lines: bytes) -> list[LogEntry]:
    """What `lines_of` wrote. Raises one of UNREADABLE."""
    return [_read(json.loads(line)) for line in lines.splitlines()]


def _written(entry: LogEntry) -> dict[str, Any]:
    return {
        "subject": entry.subject,
        "sequence": entry.sequence,
        "action": entry.action,
        "actor": entry.actor,
        "at": entry.at.isoformat(),
        "data": dict(entry.data),
        "previous_hash": entry.previous_hash.hex(),
        "hash": entry.hash.hex(),
    }


def _read(value: Mapping[str, Any]) -> LogEntry:
    return LogEntry(
        subject=value["subject"],
        sequence=value["sequence"],
        action=value["action"],
        actor=value["actor"],
        at=datetime.fromisoformat(value["at"]),
        data=value["data"],
        previous_hash=bytes.fromhex(value["previous_hash"]),
        hash=bytes.fromhex(value["hash"]),
    )
