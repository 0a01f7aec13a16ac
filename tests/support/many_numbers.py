"""Many guarantors whose personal numbers are stored in the first form, two for each application."""

import os
from collections.abc import Callable, Iterator

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FIRST_KEY = b"e" * 32  # BORGEN_ENCRYPTION_KEY of the tests' environment
CONTEXT = "application_guarantor.person"

_APPLICATIONS = """
INSERT INTO application (reference, state, company_form, company_encrypted, company_index, requested_amount_ore,
    term_months, purpose, monthly_revenue_ore, monthly_costs_ore, monthly_debt_payments_ore, invoice_delivery,
    signatory_index, details_encrypted, created_by, created_at)
SELECT 'N' || number, 'declined', 'AB', '', '', 100, 12, 'inventory', 0, 0, 0, 'email', '', '', 'system',
    '2026-03-02 09:00Z'
FROM generate_series(1, %s) AS number
"""
_COPY = (
    "COPY application_guarantor (application_id, ordinal, state, person_encrypted, person_index, details_encrypted)"
    " FROM STDIN (FORMAT BINARY)"
)


def place_as_index(place: int) -> bytes:
    """An index that tells the place of its number: for what does not look for people."""
    return place.to_bytes(32, "big")


def make(url: str, *, count: int, index_of: Callable[[int], bytes] = place_as_index) -> None:
    """Put *count* numbers, an even count, into the database at *url*; they run from 190000000000 upwards."""
    with psycopg.connect(url) as connection:
        connection.execute(_APPLICATIONS, [count // 2])
        ids = [row[0] for row in connection.execute("SELECT id FROM application ORDER BY id")]
        with connection.cursor().copy(_COPY) as copy:
            copy.set_types(["uuid", "int4", "text", "bytea", "bytea", "bytea"])
            for place, stored in enumerate(_stored(count)):
                copy.write_row((ids[place // 2], place % 2 + 1, "confirmed", stored, index_of(place), b""))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) application")
        connection.execute("VACUUM (ANALYZE) application_guarantor")


def number(place: int) -> str:
    """The number that is stored at *place*."""
    return str(190_000_000_000 + place)


def _stored(count: int) -> Iterator[bytes]:
    aead, bound_to = AESGCM(FIRST_KEY), b"\x01" + CONTEXT.encode()
    for place in range(count):
        nonce = os.urandom(12)
        yield b"\x01" + nonce + aead.encrypt(nonce, number(place).encode(), bound_to)
