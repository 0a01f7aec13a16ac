"""Applications that wait for an underwriter, made without a browser: each signed in BankID's app and assessed."""

import uuid
from collections.abc import Sequence
from typing import Any

import requests

from schemas.applications import ApplicationSchema
from schemas.loading import load
from tests.browser.live import Live
from tests.support.lending import STRANGER, application_json, guarantor_json, sole_trader_json
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import Caller, token_hash

_BETWEEN_QUESTIONS_SECONDS = 3  # BankID is asked every other second

REFERRED_COMPANIES = {
    "559999-1014": "fyra anmärkningar",
    "559999-1121": "rekonstruktion",
    "559999-1154": "inaktivt",
    "559999-1170": "finns inte",
    "559999-1188": "okända anmärkningar och skuld",
    "559999-2202": "inaktivt, med uppgifter",
    "559999-2210": "vilande",
    "559999-2228": "fusion inledd",
    "559999-1162": "okänd registerstatus",
}
"""Numbers of companies whose reports send the case to an underwriter, and why."""
UNKNOWN_PARTNERSHIP = "969999-1171"
REFERRED_PERSONS = (
    *("197702112389", "197702182382", "197703152392", "197703312392", "197704012397"),
    *("197703052394", "197703312384"),
)
"""Guarantors of whom the same is so."""
REFERRED_OWNERS = ("197602022381", "197602042397", "197602109352")
"""Sole traders of whom the same is so."""


def waiting_bodies() -> list[dict[str, Any]]:
    """Twenty applications, each of another company, that are all referred."""
    bodies = [application_json(organisation_number=number) for number in REFERRED_COMPANIES]
    bodies.append(application_json(organisation_number=UNKNOWN_PARTNERSHIP, company_form="KB"))
    for place, digits in enumerate(REFERRED_PERSONS):
        person = PersonalNumber(digits)
        own = {"signatory_personal_number": digits, "guarantors": [guarantor_json(person, "Vera Vik")]}
        bodies.append(application_json(organisation_number=ordinary(place), **own))
    traders = (sole_trader_json(organisation_number=one, signatory_personal_number=one) for one in REFERRED_OWNERS)
    return [*bodies, *traders]


def ordinary(place: int) -> str:
    """The number of a company with nothing remarkable about it; each *place* has one of its own."""
    first = f"559998{place:03d}"
    doubled = (int(digit) * (2 - position % 2) for position, digit in enumerate(first))
    return first + str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def wait_for_an_underwriter(live: Live, bodies: Sequence[dict[str, Any]]) -> list[uuid.UUID]:
    """Have each of *bodies* applied for and signed, and all assessed; their ids, the oldest first."""
    ids = [_submitted(live, body) for body in bodies]
    live.work()
    return ids


def _submitted(live: Live, body: dict[str, Any]) -> uuid.UUID:
    house, on = live.house, stockholm_date(live.runtime.clock.now())
    read = load(ApplicationSchema(), body, on=on, terms=live.runtime.terms)
    view, secret = house.applications.create_draft(read, STRANGER)
    holder = Caller(actor="draft", draft_secret_hash=token_hash(secret))
    started = house.applications.submit(view.id, holder, end_user_ip="127.0.0.1")
    app = live.runtime.settings.bankid.app_url
    requests.post(f"{app}/orders/{started.qr_content}/sign", json={}, timeout=5).raise_for_status()
    live.wall.skip(seconds=_BETWEEN_QUESTIONS_SECONDS)
    house.signings.watch(started.signing_id, started.secret, end_user_ip="127.0.0.1")
    return view.id
