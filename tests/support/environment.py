"""A complete environment of the service in which every outside party is on loopback and no party answers."""

import base64
from pathlib import Path

from agreements.documents.sandbox import seal_key


def complete_environment(folder: Path, *, database_url: str = "postgresql://postgres@/nowhere") -> dict[str, str]:
    """Every setting that the service demands; the files that it names are made, empty, in *folder*."""
    names = ("BANKID_CERTIFICATE", "BANKID_KEY", "BANKID_CA", "BANKID_ROOTS")
    files = {name: folder / f"{name.lower()}.pem" for name in names}
    for file in files.values():
        file.touch()
    seal = seal_key.make(folder, lender="Exempel Kredit AB")
    return {
        "DOCUMENT_SEAL_KEY": str(seal.key),
        "DOCUMENT_SEAL_CERTIFICATE": str(seal.certificate),
        "DATABASE_URL": database_url,
        "BORGEN_ENCRYPTION_KEY": base64.b64encode(b"e" * 32).decode(),
        "BORGEN_INDEX_KEY": base64.b64encode(b"i" * 32).decode(),
        "BORGEN_SESSION_KEY": base64.b64encode(b"s" * 32).decode(),
        "BORGEN_SEAL_KEY": base64.b64encode(b"a" * 32).decode(),
        "BORGEN_BASE_URL": "http://127.0.0.1:8080",
        "BORGEN_SANDBOX": "true",
        "STAFF_SECOND_FACTOR": "optional",
        "STAFF_IDLE_MINUTES": "480",
        "RATE_LIMIT": "100000",
        "RATE_LIMIT_SENSITIVE": "100000",
        "CREDITSAFE_URL": "http://127.0.0.1:9/creditsafe",
        "CREDITSAFE_USERNAME": "borgen",
        "CREDITSAFE_PASSWORD": "creditsafe-password",
        "CREDITSAFE_COMPANY_BLOCK": "COMPANY",
        "CREDITSAFE_PERSON_BLOCK": "PERSON",
        "BANKID_URL": "https://127.0.0.1:9/rp/v6.0",
        "BANKID_APP_URL": "http://127.0.0.1:9/bankid",
        "BANK_URL": "http://127.0.0.1:9/bank",
        "BANK_TOKEN": "bank-token",
        "LENDER_NAME": "Exempel Kredit AB",
        "LENDER_ORGANISATION_NUMBER": "559999-0008",
        "LENDER_EMAIL": "kredit@exempel.example",
        "LENDER_PHONE": "08-123 45 67",
        "LENDER_BANKGIRO": "5999-0002",
        "LENDER_IBAN": "SE4550000000058398257466",
        "LENDER_BIC": "EXMPSESS",
        **{name: str(file) for name, file in files.items()},
    }
