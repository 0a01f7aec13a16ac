"""The page in a bundle that tells a stranger how to check it (rules S1, S3)."""

import base64
from datetime import datetime
from pathlib import Path

from agreements.signing.bundle import Signed
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey

_ED25519 = bytes.fromhex("302a300506032b6570032100")  # what stands before such a key (RFC 8410, 4)
_TEMPLATES = Path(__file__).parent.parent / "templates"


def write_readme(runtime: Runtime, signed: Signed, *, at: datetime) -> bytes:
    """The README of the bundle of *signed*, exported at the instant *at*: Markdown in UTF-8, English and Swedish."""
    lender, public = runtime.settings.lender, SealKey(runtime.settings.seal_key.reveal()).public
    values = {
        "kind": signed.about["kind"],
        "document_id": signed.about["id"],
        "document": signed.name,
        "count": len(signed.signatures),
        "lender": lender.name,
        "lender_number": lender.organisation_number.formatted,
        "exported_at": at.isoformat(timespec="seconds"),
        "public_key": public.hex(),
        "public_key_der": base64.b64encode(_ED25519 + public).decode(),
        "options": _options(signed),
    }
    parts = ["bundle.md"]
    if signed.sealed is not None:
        parts.append("bundle_seal.md")
    parts.append("bundle.sv.md")
    return "\n".join(_text(part).format(**values) for part in parts).encode()


def _options(signed: Signed) -> str:
    """What a stranger adds who has the certificates of the seal, and of its time stamp, from elsewhere."""
    if signed.sealed is None:
        return ""
    stamped = " --time-stamp-roots time-stamp-roots.pem" if signed.sealed.time_stamps else ""
    return f" \\\n        --seal-certificates lender.pem{stamped}"


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
