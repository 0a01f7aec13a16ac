"""The environment in which `borgen up` runs the service: every outside party is a stand-in on this machine."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SECRETS = "secrets.env"
_RUNNING = "running.json"
_LOCK = "up.lock"
_WARNING = (
    "# Made by `borgen up`. Without these keys nobody can read what the database holds encrypted: keep them with it."
)
_KEYS = ("BORGEN_ENCRYPTION_KEY", "BORGEN_INDEX_KEY", "BORGEN_SESSION_KEY")
_KEYS_SINCE = ("BORGEN_SEAL_KEY",)  # made where they are missing: no data were written with them before
_LENDER = "Exempelkredit AB"
_PASSWORDS = ("CREDITSAFE_PASSWORD", "BISNODE_CLIENT_SECRET", "BANK_TOKEN")

CREDITSAFE_USER = BISNODE_CLIENT = "borgen"
"""Whom the bureaus' stand-ins know."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the service and its stand-ins answer: three ports in a row, the first of them chosen by BORGEN_PORT."""

    port: int

    @property
    def web(self) -> str:
        """The service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stand_ins(self) -> str:
        """The bureaus, the bank and BankID's app."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def stand_ins_by_tls(self) -> str:
        """The same by TLS, which the bureaus are asked by when it is wanted."""
        return f"https://127.0.0.1:{self.port + 1}"

    @property
    def bankid(self) -> str:
        """BankID as a relying party reaches it, by mutual TLS."""
        return f"https://127.0.0.1:{self.port + 2}"

    @property
    def bankid_app(self) -> str:
        """The page that plays the BankID app."""
        return f"{self.stand_ins}/bankid-app"


def lock_of(home: Path) -> Path:
    """The file that `borgen up` holds locked while it runs in *home*."""
    return home / _LOCK


def sandbox_environment(
    home: Path, addresses: Addresses, *, database_url: str, bureaus_by_tls: bool = False
) -> dict[str, str]:
    """Every setting of a sandbox at *addresses*; its keys and certificates are kept in *home*."""
    from agreements.documents.sandbox import seal_key
    from agreements.signing.sandbox import bankid, pki

    certificates = pki.make(home / "pki")
    seal = seal_key.make(home / "pki", lender=_LENDER)
    bureaus = settings_of_bureaus(addresses.stand_ins_by_tls if bureaus_by_tls else addresses.stand_ins)
    return {
        **kept_secrets(home),
        "DATABASE_URL": database_url,
        "BORGEN_BASE_URL": addresses.web,
        "BORGEN_SANDBOX": "true",
        "STAFF_SECOND_FACTOR": "optional",
        "STAFF_IDLE_MINUTES": "480",
        "RATE_LIMIT": "100000",
        "RATE_LIMIT_SENSITIVE": "100000",
        "BORGEN_SEAL_FOLDER": str(home / "seals"),
        **bureaus,
        **(ca_settings(certificates.ca) if bureaus_by_tls else {}),
        "BANKID_URL": addresses.bankid + bankid.PATH,
        "BANKID_CERTIFICATE": str(certificates.client_certificate),
        "BANKID_KEY": str(certificates.client_key),
        "BANKID_CA": str(certificates.ca),
        "BANKID_ROOTS": str(certificates.root),
        "BANKID_APP_URL": addresses.bankid_app,
        "DOCUMENT_SEAL_KEY": str(seal.key),
        "DOCUMENT_SEAL_CERTIFICATE": str(seal.certificate),
        "BANK_URL": f"{addresses.stand_ins}/bank",
        "LENDER_NAME": _LENDER,
        "LENDER_ORGANISATION_NUMBER": "559999-0008",
        "LENDER_EMAIL": "kredit@exempelkredit.example",
        "LENDER_PHONE": "08-123 45 67",
        "LENDER_BANKGIRO": "5999-0002",
        "LENDER_IBAN": "SE4550000000058398257466",
        "LENDER_BIC": "EXMPSESS",
    }


def settings_of_bureaus(address: str) -> dict[str, str]:
    """Every setting, passwords apart, of a service whose two bureaus are the stand-ins at *address*.

    The prices are invented.
    """
    from bureau_clients.sandbox import bisnode, creditsafe, creditsafe_cas

    return {
        "BUREAUS_COMPANIES": "creditsafe,bisnode",
        "BUREAUS_SOLE_TRADERS": "creditsafe,bisnode",
        "BUREAUS_PERSONS": "creditsafe,bisnode",
        "CREDITSAFE_URL": address + creditsafe.PATH,
        "CREDITSAFE_USERNAME": CREDITSAFE_USER,
        "CREDITSAFE_COMPANY_BLOCK": "BORGEN_C_CREDIT",
        "CREDITSAFE_PERSON_BLOCK": "BORGEN_P_CREDIT",
        "CREDITSAFE_STATUS_BLOCK": "BORGEN_C_BASIC",
        "CREDITSAFE_CAS_URL": address + creditsafe.CAS_PATH,
        "CREDITSAFE_COMPANY_TEMPLATE": creditsafe_cas.COMPANY_TEMPLATE,
        "CREDITSAFE_PERSON_TEMPLATE": creditsafe_cas.PERSON_TEMPLATE,
        "CREDITSAFE_PRICE_COMPANY": "24",
        "CREDITSAFE_PRICE_SOLE_TRADER": "29",
        "CREDITSAFE_PRICE_PERSON": "19",
        "CREDITSAFE_PRICE_STATUS": "2",
        "BISNODE_URL": address,
        "BISNODE_TOKEN_URL": address + bisnode.TOKEN_PATH,
        "BISNODE_CLIENT_ID": BISNODE_CLIENT,
        "BISNODE_RIGHT_TO_SIGN": "true",
        "BISNODE_PRICE_COMPANY": "27",
        "BISNODE_PRICE_SOLE_TRADER": "31",
        "BISNODE_PRICE_PERSON": "22",
        "BISNODE_PRICE_STATUS": "5",
    }


def ca_settings(ca: Path) -> dict[str, str]:
    """The settings by which a service trusts stand-ins that *ca* vouches for."""
    return {"CREDITSAFE_CA": str(ca), "BISNODE_CA": str(ca)}


def kept_secrets(home: Path) -> dict[str, str]:
    """The keys and passwords in *home*, made at the first start; what came later is added.

    Only their owner may read the file.
    """
    file = home / _SECRETS
    kept = _read_pairs(file) if file.exists() else {}
    made = (*(() if kept else _KEYS), *(name for name in _KEYS_SINCE if name not in kept))
    missing = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in made}
    missing |= {name: secrets.token_urlsafe(24) for name in _PASSWORDS if name not in kept}
    if missing:
        kept |= missing
        lines = [_WARNING, *(f"{name}={value}" for name, value in kept.items())]
        _write_private(file, "\n".join(lines) + "\n")
    return kept


def publish(home: Path, environment: Mapping[str, str]) -> None:
    """Let other commands in this folder find the service that runs here: its settings, for their owner only."""
    _write_private(home / _RUNNING, json.dumps(dict(environment)))


def published(home: Path) -> dict[str, str]:
    """The settings of the service that `borgen up` runs in *home*; empty when it does not run."""
    try:
        with lock_of(home).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        settings: dict[str, str] = json.loads((home / _RUNNING).read_text())
        return settings
    except FileNotFoundError:
        pass
    return {}


def _read_pairs(file: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _write_private(file: Path, text: str) -> None:
    """Write *text* at once or not at all."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    part.rename(file)
