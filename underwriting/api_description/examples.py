"""Bodies to send, as examples: each can be read by the schema of its operation (`tests/api/test_examples.py`)."""

from collections.abc import Mapping
from typing import Any

_PERSON = "19790209-2381"  # a test number of Skatteverket's, issued to nobody

EXAMPLES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("POST", "/v1/agreements/{agreement_id}/drawdowns"): {"amount": "50000.00"},
    ("PUT", "/v1/agreements/{agreement_id}/payout-account"): {
        "bankgiro": "5999-0002",
        "holder": "Exempelbolaget AB",
        "evidence": "Utdrag från bankgirot 2026-03-02",
    },
    ("POST", "/v1/payouts/{payout_id}/release"): {"evidence": "Registreringsbevis från Bolagsverket 2026-03-02"},
    ("POST", "/v1/payout-files/{file_id}/refusal"): {"reason": "Beloppet stämmer inte med uttaget."},
    ("POST", "/v1/agreements/{agreement_id}/cancellation"): {
        "channel": "phone",
        "received_at": "2026-03-02T09:41:00Z",
        "note": "Ringde växeln; samtalslogg 4711.",
    },
    ("POST", "/v1/agreements/{agreement_id}/redemption"): {"on": "2026-03-31"},
    ("POST", "/v1/agreements/{agreement_id}/plan-changes"): {
        "repayment_plan": "at_term",
        "term_months": 18,
        "first_month": "2026-05",
    },
    ("POST", "/v1/agreements/{agreement_id}/annulment"): {"ground": "fraud", "reason": "Den sökande var en annan."},
    ("POST", "/v1/agreements/{agreement_id}/signing-rule"): {
        "signatories": [{"personal_number": _PERSON, "name": "Anna Andersson", "roles": ["board_member"]}],
        "alternatives": [{"persons": [_PERSON]}, {"seats": [{"role": "board_member"}]}],
        "wording": "Firman tecknas av styrelsen eller av Anna Andersson.",
        "evidence": "Registreringsbevis 2026-03-02",
    },
    ("POST", "/v1/agreements/{agreement_id}/partners"): {
        "number": _PERSON,
        "name": "Anna Andersson",
        "entered_on": "2020-01-15",
        "evidence": "Näringslivsregistret 2026-03-02",
    },
    ("POST", "/v1/partners/{partner_id}/exit"): {"exited_on": "2026-02-16", "evidence": "Ändringsbevis 2026-02-20"},
    ("PUT", "/v1/partners/{partner_id}/exit"): {"exited_on": "2026-02-17", "evidence": "Rättat bevis 2026-02-25"},
    ("POST", "/v1/partners/{partner_id}/broken-limitation"): {"broken_on": "2026-03-02"},
    ("POST", "/v1/agreements/{agreement_id}/drawdowns/resumption"): {"reason": "Den nya bolagsmannen är granskad."},
    ("POST", "/v1/guarantees/{guarantee_id}/refusal"): {"reason": "Jag har sålt min andel.", "tell_applicant": True},
    ("POST", "/v1/guarantees/{guarantee_id}/stop"): {"reason": "Borgensmannen har fått en förvaltare."},
    ("POST", "/v1/guarantees/{guarantee_id}/release"): {"reason": "En ny delägare går i borgen i stället."},
    ("POST", "/v1/signings"): {"purpose": "agreement", "subject_id": "019ca000-0000-7000-8000-000000000001"},
}
"""By method and path."""
