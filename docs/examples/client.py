"""A client of Borgen's HTTP interface in Python's standard library: python client.py https://borgen.example [TOKEN]

Drafts an application, changes it, reads it back and drops it. Only needs Python 3.11.
"""

import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

ATTEMPTS = 4
TRY_AGAIN = {429, 503}  # too many requests; temporarily unavailable

ANNA = "197701072394"  # a test number of Skatteverket's, never issued to anyone
DRAFT = {
    "company_form": "AB",
    "organisation_number": "559999-0008",
    "requested_amount": "250000.00",  # money is text: no float ever touches it
    "term_months": 12,
    "repayment_plan": "straight",
    "purpose": "inventory",
    "expected_monthly_revenue": "400000.00",
    "expected_monthly_costs": "310000.00",
    "monthly_debt_payments": "15000.00",
    "contact": {"name": "Anna Exempel", "email": "anna@exempel.example", "phone": "+46701234567"},
    "payout_account": {"bankgiro": "5999-0002"},
    "invoice_delivery": "email",
    "signatory_personal_number": ANNA,
    "guarantors": [
        {"personal_number": ANNA, "name": "Anna Exempel", "email": "anna@exempel.example", "phone": "+46701234567"}
    ],
    "beneficial_owners": [{"personal_number": ANNA, "share": "1", "politically_exposed": False}],
    "due_diligence": {
        "purpose_of_credit": "Stock for the season",
        "source_of_repayment": "Sales",
        "politically_exposed": False,
        "owners_complete": True,
        "trades_with_high_risk_countries": False,
    },
}


class Problem(Exception):
    """The service has not carried out a request; `request_id` is what to tell the lender when asking about it."""

    def __init__(self, document: dict[str, Any]) -> None:
        faults = [f"{error['pointer']}: {error['detail']}" for error in document.get("errors", [])]
        super().__init__("; ".join([document["detail"], *faults]))
        self.status: int = document["status"]
        self.rule: str | None = document.get("rule")
        self.request_id: str | None = document.get("request_id")


class Borgen:
    """The service at *address*; *token* says who asks: a machine client, a person, or the holder of a draft."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address = address.rstrip("/")
        self.token = token

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's body. Sends again what may have been lost, under one key, so that nothing is done twice."""
        headers = {"Accept": "application/json", "Accept-Language": "en", "Request-Id": str(uuid.uuid4())}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method != "GET":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=content, headers=headers, method=method)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                if error.code not in TRY_AGAIN or attempt == ATTEMPTS:
                    raise Problem(json.load(error)) from None
                pause = float(error.headers.get("Retry-After") or 2**attempt)
            except (urllib.error.URLError, TimeoutError):
                if attempt == ATTEMPTS:
                    raise
                pause = 2.0**attempt
            time.sleep(pause)
        raise AssertionError("the last attempt answers or raises")


def main(address: str, token: str | None = None) -> None:
    """Play the example, and print what happens."""
    service = Borgen(address, token)
    draft = service.call("POST", "/v1/applications", DRAFT)
    print(f"draft {draft['id']} is {draft['state']}")

    holder = Borgen(address, draft["access_secret"])  # which alone opens the draft until somebody has signed
    path = f"/v1/applications/{draft['id']}"
    holder.call("PATCH", path, {"term_months": 6})
    print(f"its term is {holder.call('GET', path)['term_months']} months")

    try:
        holder.call("PATCH", path, {"requested_amount": 250000.0})
    except Problem as problem:
        print(f"refused with {problem.status}: {problem}")

    holder.call("DELETE", path)
    print("dropped")


if __name__ == "__main__":
    main(*sys.argv[1:])
