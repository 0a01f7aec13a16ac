"""What is not the caller's is not there: nobody, a stranger and staff of another role, at every operation."""

import uuid
from typing import Any

import pytest

from agreements.credit.services.seal_documents import seal_due
from tests.support.beginnings import apply, decide, running
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan, sign_all
from tests.support.lending import ANNA, BERTIL, OWNER, application_json
from tests.support.log_lines import log_lines
from underwriting.api_description.operation import STAFF, Audience, Operation
from underwriting.api_description.operations import OPERATIONS
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform.authentication import new_draft_secret

SAMPLES: dict[str, Any] = {
    "/v1/applications/{application_id}": {"term_months": 24},
    "/v1/applications/{application_id}/supplements": {"information": "Mer"},
    "/v1/applications/{application_id}/guarantors/{ordinal}": application_json()["guarantors"][0],
    "/v1/applications/{application_id}/guarantors/{ordinal}/invitation": {},
    "/v1/applications/{application_id}/overrides": {
        "outcome": "declined",
        "reason_code": "capacity",
        "reason": "Kassaflödet räcker inte.",
    },
    "/v1/applications/{application_id}/information-requests": {"question": "Varför?"},
    "/v1/overrides/{proposal_id}/rejection": {"reason": "För mycket."},
    "/v1/applications/{application_id}/review-request": {"view": "Uppgifterna är gamla."},
    "/v1/review-requests/{review_id}/answer": {"outcome": "upheld", "answer": "Nej.", "grounds": "Samma uppgifter."},
    "/v1/applications/{application_id}/assignment": {},
    "/v1/applications/{application_id}/fact-disputes": {
        "subject": "company",
        "fact": "remarks",
        "treatment": "unknown",
        "note": "Anmärkningen är struken.",
    },
    "/v1/applications/{application_id}/due-diligence/items": {"kind": "origin_of_funds", "note": "Varifrån?"},
    "/v1/applications/{application_id}/due-diligence/items/{item_id}/settlement": {"result": "refused", "note": "Nej."},
    "/v1/applications/{application_id}/due-diligence/items/{item_id}/approval": {"note": "Godkänns."},
    "/v1/applications/{application_id}/due-diligence/items/{item_id}/rejection": {"note": "Godkänns inte."},
    "/v1/applications/{application_id}/due-diligence/items/{item_id}/evidence": {
        "name": "a.pdf",
        "media_type": "application/pdf",
        "content": "JVBERi0=",
    },
    "/v1/due-diligence/sanctions-matches/{match_id}/clearance": {"note": "En annan person."},
    "/v1/due-diligence/sanctions-matches/{match_id}/confirmation": {"note": "Samma person."},
    "/v1/agreements/{agreement_id}/drawdowns": {"amount": "1.00"},
    "/v1/agreements/{agreement_id}/cancellation": {},
    "/v1/agreements/{agreement_id}/redemption": {"on": "2026-03-02"},
    "/v1/agreements/{agreement_id}/signing-rule": {
        "signatories": [{"personal_number": "19790209-2381", "name": "Anna Andersson"}],
        "alternatives": [{"persons": ["19790209-2381"]}],
        "evidence": "Registreringsbevis",
    },
    "/v1/agreements/{agreement_id}/partners": {
        "number": "969999-9000",
        "name": "Nils Berg",
        "entered_on": "2020-01-01",
        "evidence": "Näringslivsregistret",
    },
    "/v1/agreements/{agreement_id}/drawdowns/resumption": {"reason": "De som är kvar räcker."},
    "/v1/partners/{partner_id}/exit": {"exited_on": "2026-01-15", "evidence": "Ändringsbevis"},
    "/v1/partners/{partner_id}/broken-limitation": {"broken_on": "2026-01-15"},
    "/v1/guarantees/{guarantee_id}/refusal": {"reason": "Nej."},
    "/v1/guarantees/{guarantee_id}/stop": {"reason": "Förvaltare."},
    "/v1/guarantees/{guarantee_id}/release": {"reason": "Skilsmässa."},
    "/v1/policies": {"document": "{}"},
    "/v1/policies/{policy_id}/publications": {},
    "/v1/agreements/{agreement_id}/invoice-delivery": {"delivery": "email"},
    "/v1/invoices/{invoice_id}/paper-fee-credit": {"reason": "goodwill"},
    "/v1/invoice-runs": {"period": "2026-03"},
    "/v1/paper-invoice-prices": {"since": "2030-01-01", "amount": "65.00"},
    "/v1/invoices/{invoice_id}/late-charges": {"kind": "reminder"},
    "/v1/reference-rates": {"since": "2026-07-01", "rate": "0.02", "source": "Riksbanken"},
    "/v1/fee-runs": {"month": "2026-02"},
    "/v1/payments/{payment_id}/allocation": {"takes_back_id": "0199a1b2-0000-7000-8000-000000000000"},
    "/v1/agreements/{agreement_id}/refunds": {"amount": "1.00", "reason": "Betalat för mycket"},
    "/v1/payments/{payment_id}/return": {"reason": "Fel mottagare", "bankgiro": "5999-0002"},
    "/v1/webhook-endpoints": {"url": "http://127.0.0.1:9/events"},
    "/v1/webhook-endpoints/{endpoint_id}/replays": {"since": "2026-01-01T00:00:00Z"},
    "/v1/sandbox/clock": {"at": "2030-01-01T00:00:00Z"},
}
CLOSED = [each for each in OPERATIONS if each.needs_login]
ROLES = {Audience.UNDERWRITER: Role.UNDERWRITER, Audience.BILLING: Role.BILLING}


def path_of(operation: Operation, loan: Loan, ids: dict[str, str]) -> str:
    """The operation's path at *loan*'s own things; what it does not have is nobody's."""
    nobodys = dict.fromkeys(operation.path_parameters, str(uuid.uuid4()))
    own = nobodys | ids | {"application_id": loan.application_id, "agreement_id": loan.agreement_id}
    return operation.path.format(**own) + ("?status=unmatched" if operation.path == "/v1/payments" else "")


def things_of(world: HouseWorld, loan: Loan) -> dict[str, str]:
    """The ids of everything that *loan* has."""
    documents = loan.borrower.get(f"{loan.agreement}/documents")["items"]
    guarantees = loan.borrower.get(f"{loan.agreement}/guarantees")["items"]
    return {
        "document_id": documents[0]["id"],
        "guarantee_id": guarantees[0]["id"],
        "payout_id": str(uuid.uuid4()),  # no answer tells it before it is held
        "cancellation_id": str(uuid.uuid4()),
        "ordinal": "1",
        "month": "2026-03",
    }


def ask(caller: Api, operation: Operation, path: str) -> int:
    return caller.call(operation.method, path, SAMPLES.get(operation.path) if operation.has_body else None).status_code


def test_a_stranger_finds_nothing_and_changes_nothing(world: HouseWorld) -> None:
    """D7: at every operation, whoever asks: nobody, a person without part in it, and an applicant of something else."""
    loan = running(world)
    ids = things_of(world, loan)
    other = apply(world, BODIES[CompanyForm.EF])
    before = [loan.borrower.get(path) for path in (loan.application, loan.agreement, f"{loan.agreement}/ledger")]
    callers = {"nobody": world.anyone(), "stranger": world.log_in(BERTIL), "other applicant": other.borrower}
    found = {
        f"{who}: {operation.method} {operation.path} {status}"
        for operation in CLOSED
        for who, caller in callers.items()
        if (status := ask(caller, operation, path_of(operation, loan, ids))) not in (401, 403, 404)
    }
    of_their_own = ("/v1/applications", "/v1/me")
    assert found == {f"{who}: GET {path} 200" for who in ("stranger", "other applicant") for path in of_their_own}
    assert callers["stranger"].get("/v1/applications")["items"] == []
    assert [each["id"] for each in other.borrower.get("/v1/applications")["items"]] == [other.application_id]
    assert [
        loan.borrower.get(path) for path in (loan.application, loan.agreement, f"{loan.agreement}/ledger")
    ] == before


@pytest.mark.parametrize("role", ROLES.values())
def test_a_role_opens_what_it_opens(world: HouseWorld, role: Role) -> None:
    """D8: underwriters and billing have each their own, and 403 says so elsewhere."""
    caller = world.staff(role)
    audience = next(each for each in ROLES if ROLES[each] is role)
    closed = [each for each in CLOSED if set(each.who) <= set(STAFF) and audience not in each.who]
    assert closed
    loan = Loan({}, str(uuid.uuid4()), caller, agreement_id=str(uuid.uuid4()))
    ids = dict.fromkeys(("document_id", "guarantee_id", "payout_id", "cancellation_id"), str(uuid.uuid4()))
    found = {each.name: ask(caller, each, path_of(each, loan, ids)) for each in closed}
    assert set(found.values()) == {403}, found


def test_staff_read_and_do_not_act_for_the_borrower(world: HouseWorld) -> None:
    """P1, F3: what is the borrower's alone is refused to an administrator."""
    loan = running(world)
    ids = things_of(world, loan)
    administrator = world.staff(Role.ADMINISTRATOR)
    for operation in CLOSED:
        if not set(operation.who) & set(STAFF) and operation.path_parameters:
            status = ask(administrator, operation, path_of(operation, loan, ids))
            assert status in (401, 403, 404), f"{operation.name}: {status}"


def test_a_guarantor_sees_their_own_part(world: HouseWorld) -> None:
    """D7: the outcome and their own guarantee, and neither the ledger nor what the applicant is told."""
    loan = apply(world, BODIES[CompanyForm.HB])
    decide(world, loan)
    sign_all(world, loan)
    bertil = loan.people["bertil@example.se"]
    assert set(bertil.get(f"{loan.application}/decision")) <= {"application_id", "outcome", "decided_at", "reasons"}
    assert bertil.call("GET", loan.application).status_code == 404
    assert bertil.call("GET", f"{loan.agreement}/ledger").status_code == 404
    names = [each["name"] for each in bertil.get(f"{loan.agreement}/guarantees")["items"]]
    assert "Bertil Berg" in names
    documents = bertil.get(f"{loan.agreement}/documents")["items"]
    assert sorted(each["kind"] for each in documents) == ["agreement", "guarantee", "guarantee_information"]
    assert seal_due(world.runtime) > 0
    for document in documents:  # what is guaranteed, and the own; the evidence tells numbers
        page = bertil.call("GET", f"{loan.agreement.removeprefix('/v1')}/documents/{document['id']}").text
        file = bertil.call("GET", f"{loan.agreement}/documents/{document['id']}").data
        assert ("Bertil Berg" in page, ANNA.formatted in page) == (True, False)
        assert (b"/EmbeddedFiles" in file) is (document["kind"] == "guarantee")


def test_a_drafts_secret_opens_that_draft_alone_and_until_it_is_signed(world: HouseWorld) -> None:
    """A3: from the signature on the person is asked for."""
    first, second = (world.anyone().post("/v1/applications", application_json()) for _ in range(2))
    holder = Api(world.app, first["access_secret"])
    assert holder.get(f"/v1/applications/{first['id']}")["state"] == "draft"
    assert holder.call("GET", f"/v1/applications/{second['id']}").status_code == 404
    anna = world.sign(holder.post(f"/v1/applications/{first['id']}/submit"))
    assert holder.call("GET", f"/v1/applications/{first['id']}").status_code == 404
    assert anna.get(f"/v1/applications/{first['id']}")["state"] == "assessing"
    assert anna.call("GET", f"/v1/applications/{second['id']}").status_code in (200, 404)


def test_an_answer_shows_no_whole_personal_number(world: HouseWorld) -> None:
    """D7: dates of birth at most, whoever reads."""
    loan = apply(world, BODIES[CompanyForm.EF])
    decide(world, loan)
    sign_all(world, loan)
    underwriter = world.staff(Role.UNDERWRITER)
    for caller in (loan.borrower, underwriter):
        for operation in OPERATIONS:
            if operation.method == "GET" and operation.path_parameters in (("application_id",), ("agreement_id",)):
                path = operation.path.format(application_id=loan.application_id, agreement_id=loan.agreement_id)
                text = caller.call("GET", path).data.decode(errors="replace")
                for person in (OWNER, ANNA):
                    for written in (person.digits, person.digits[2:], person.formatted, person.formatted[2:]):
                        assert written not in text, path


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/applications/1", f"/v1/agreements/{uuid.UUID(int=1)}/nothing", "/v1/"]
)
def test_a_path_that_leads_nowhere_says_nothing_more(world: HouseWorld, path: str) -> None:
    answer = world.anyone("en").call("GET", path)
    assert (answer.status_code, answer.get_json()["title"]) == (404, "There is no such thing")


def test_a_fault_of_ours_shows_neither_trace_nor_data(world: HouseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"SELECT {ANNA.digits}")

    monkeypatch.setattr(type(world.house.applications), "view", fail)
    with log_lines("DEBUG") as logged:
        reader = Api(world.app, new_draft_secret()[0], language="en")
        answer = reader.call("GET", f"/v1/applications/{uuid.uuid4()}")
    assert answer.status_code == 500
    assert answer.get_json()["detail"] == "An error occurred on our side; nothing was changed"
    for hidden in ("Traceback", "SELECT", "RuntimeError", ANNA.digits):
        assert hidden not in answer.text
        assert hidden not in logged.getvalue()
    (line,) = [each for each in logged.objects() if each["event"] == "unforeseen_error"]
    assert line["request_id"] == answer.headers["Request-Id"]
