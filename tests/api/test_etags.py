"""Optimistic versions: `ETag` on what is read, `If-Match` honoured by every operation that says so."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.beginnings import assessed, granted
from tests.support.house import Api, HouseWorld
from tests.support.lending import BERTIL, application_json, guarantor_json
from tests.support.sanctions import NOTE, like_an_entry, loaded
from underwriting.api_description.operations import OPERATIONS
from underwriting.kernel.vocabulary import Role

STALE = '"00000000000000000000000000000000"'


def tag_of(reader: Api, path: str) -> str:
    answer = reader.call("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def draft(world: HouseWorld) -> tuple[Api, str]:
    made = world.anyone().post("/v1/applications", application_json())
    return Api(world.app, made["access_secret"]), f"/v1/applications/{made['id']}"


def is_outdated(answer: TestResponse) -> bool:
    return answer.status_code == 412 and answer.get_json()["type"] == "/problems/outdated"


def test_the_tag_changes_with_what_is_shown_and_with_nothing_else(world: HouseWorld) -> None:
    holder, path = draft(world)
    first = tag_of(holder, path)
    assert tag_of(holder, path) == first
    changed = holder.call("PATCH", path, {"term_months": 24}, If_Match=first)
    assert changed.status_code == 200
    assert changed.headers["ETag"] == tag_of(holder, path) != first


def test_of_two_who_read_the_same_the_second_is_told_to_read_again(world: HouseWorld) -> None:
    holder, path = draft(world)
    read = tag_of(holder, path)
    assert holder.call("PATCH", path, {"term_months": 24}, If_Match=read).status_code == 200
    refused = holder.call("PATCH", path, {"term_months": 6}, If_Match=read)
    assert is_outdated(refused)
    assert "hämta dem igen" in refused.get_json()["title"]
    assert holder.get(path)["term_months"] == 24
    assert holder.call("PATCH", path, {"term_months": 6}, If_Match=tag_of(holder, path)).status_code == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("*", 200),
        (f"{STALE}, {{tag}}", 200),
        ("W/{tag}", 412),  # a weak tag is no promise that nothing differs
        ("", 412),
        ("what is this", 412),
        (STALE, 412),
        ("{tag}", 200),
    ],
)
def test_the_header_is_read_as_the_standard_says(world: HouseWorld, header: str, status: int) -> None:
    holder, path = draft(world)
    sent = header.replace("{tag}", tag_of(holder, path))
    assert holder.call("PATCH", path, {"term_months": 24}, If_Match=sent).status_code == status


def test_without_the_header_the_last_word_counts(world: HouseWorld) -> None:
    holder, path = draft(world)
    assert holder.call("PATCH", path, {"term_months": 24}).status_code == 200
    assert holder.call("PATCH", path, {"term_months": 6}).status_code == 200


def test_a_key_that_met_an_old_tag_may_be_sent_again_with_the_new_one(world: HouseWorld) -> None:
    """A7: what was not carried out for the sake of its tag is no answer for a day."""
    holder, path = draft(world)
    key = {"Idempotency_Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
    assert is_outdated(holder.call("PATCH", path, {"term_months": 24}, If_Match=STALE, **key))
    tag = tag_of(holder, path)
    first = holder.call("PATCH", path, {"term_months": 24}, If_Match=tag, **key)
    again = holder.call("PATCH", path, {"term_months": 24}, If_Match=tag, **key)
    assert (first.status_code, again.data, again.headers["ETag"]) == (200, first.data, first.headers["ETag"])
    assert again.headers["Idempotent-Replayed"] == "true"


def test_somebody_elses_thing_is_not_found_whatever_the_tag(world: HouseWorld) -> None:
    holder, path = draft(world)
    other, _ = draft(world)
    for tag in ("*", STALE, tag_of(holder, path)):
        assert other.call("PATCH", path, {"term_months": 24}, If_Match=tag).status_code == 404


def test_every_operation_that_takes_a_tag_refuses_an_old_one(world: HouseWorld) -> None:
    """Each is refused before its own rules are asked: what it was decided on is not what is there."""
    tried = {(method, path) for method, path, answer in _tried(world) if is_outdated(answer)}
    assert tried == {(one.method, one.path) for one in OPERATIONS if one.takes_tag_of}


def _tried(world: HouseWorld) -> Iterator[tuple[str, str, TestResponse]]:
    holder, drafted = draft(world)
    application = "/v1/applications/{application_id}"
    for method, rest, body in (
        ("PATCH", "", {"term_months": 24}),
        ("DELETE", "", None),
        ("POST", "/submit", None),
    ):
        yield method, application + rest, holder.call(method, drafted + rest, body, If_Match=STALE)

    made = world.anyone().post("/v1/applications", application_json())
    borrower = world.sign(Api(world.app, made["access_secret"]).post(f"/v1/applications/{made['id']}/submit"))
    underwriter = world.staff(Role.UNDERWRITER)
    override = {"outcome": "declined", "reason_code": "other", "reason": "Det räcker inte till den här gången."}
    changes: tuple[tuple[Api, str, str, Any], ...] = (
        (borrower, "POST", "/supplements", {"information": "Mer om lagret"}),
        (borrower, "PUT", "/guarantors/1", guarantor_json(BERTIL, "Bertil Berg")),
        (borrower, "POST", "/guarantors/1/invitation", {}),
        (borrower, "POST", "/counter-offer/acceptance", None),
        (underwriter, "POST", "/overrides", override),
        (underwriter, "POST", "/information-requests", {"question": "Hur stort är lagret?"}),
        (underwriter, "POST", "/bureau-questions", None),
        (borrower, "POST", "/review-request", {"view": "Uppgifterna är gamla."}),
        (underwriter, "PUT", "/assignment", {}),
        (underwriter, "DELETE", "/assignment", None),
        (
            underwriter,
            "POST",
            "/fact-disputes",
            {"subject": "company", "fact": "remarks", "treatment": "unknown", "note": "Anmärkningen är struken."},
        ),
    )
    for who, method, rest, body in changes:
        template = application + rest.replace("/1", "/{ordinal}")
        yield method, template, who.call(method, f"/v1/applications/{made['id']}{rest}", body, If_Match=STALE)

    world.work()  # the application is decided, so that the company may apply again
    loan = granted(world)
    for rest, asked in (
        ("/drawdowns", {"amount": "1000.00"}),
        ("/cancellation", {}),
        ("/redemption", {"on": "2026-03-09"}),
    ):
        answer = loan.borrower.call("POST", loan.agreement + rest, asked, If_Match=STALE)
        yield "POST", "/v1/agreements/{agreement_id}" + rest, answer
    delivery = "/invoice-delivery"
    answer = loan.borrower.call("PUT", loan.agreement + delivery, {"delivery": "email"}, If_Match=STALE)
    yield "PUT", "/v1/agreements/{agreement_id}" + delivery, answer
    by_staff: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/annulment", {"ground": "fraud", "reason": "En annan ansökte."}),
        ("/plan-changes", {"repayment_plan": "at_term", "term_months": 12}),
    )
    for rest, wished in by_staff:
        answer = underwriter.call("POST", loan.agreement + rest, wished, If_Match=STALE)
        yield "POST", "/v1/agreements/{agreement_id}" + rest, answer
    account = "/payout-account"
    another = {"bankgiro": "991-2346", "holder": "Bolaget AB", "evidence": "Kontoutdrag"}
    answer = world.staff(Role.BILLING).call("PUT", loan.agreement + account, another, If_Match=STALE)
    yield "PUT", "/v1/agreements/{agreement_id}" + account, answer

    administrator = world.staff(Role.ADMINISTRATOR)
    url = "http://127.0.0.1:9/hook"
    endpoint = administrator.post("/v1/webhook-endpoints", {"url": url})["id"]
    for method, rest in (("DELETE", ""), ("POST", "/secret-rotation"), ("POST", "/activation")):
        path = f"/v1/webhook-endpoints/{endpoint}{rest}"
        yield method, "/v1/webhook-endpoints/{endpoint_id}" + rest, administrator.call(method, path, If_Match=STALE)

    loaded(world.runtime)
    matched = assessed(world, like_an_entry())
    senior = world.staff(Role.SENIOR_UNDERWRITER)
    customer = f"{application}/due-diligence"
    begun = {"kind": "origin_of_funds", "note": NOTE}
    item = underwriter.post(f"{matched.application}/due-diligence/items", begun)["id"]
    settlement = {"result": "refused", "note": NOTE}
    file = {"name": "a.pdf", "media_type": "application/pdf", "content": "JVBERi0="}
    for who, method, rest, sent in (
        (underwriter, "POST", "/items", begun),
        (underwriter, "PUT", "/items/{item_id}/assignment", None),
        (underwriter, "DELETE", "/items/{item_id}/assignment", None),
        (underwriter, "POST", "/items/{item_id}/settlement", settlement),
        (underwriter, "POST", "/items/{item_id}/evidence", file),
        (senior, "POST", "/items/{item_id}/approval", {"note": NOTE}),
        (senior, "POST", "/items/{item_id}/rejection", {"note": NOTE}),
    ):
        path = f"{matched.application}/due-diligence{rest.format(item_id=item)}"
        yield method, customer + rest, who.call(method, path, sent, If_Match=STALE)
    matches = "/v1/due-diligence/sanctions-matches"
    (match,) = underwriter.get(matches)["items"]
    for rest in ("/clearance", "/confirmation"):
        answer = underwriter.call("POST", f"{matches}/{match['id']}{rest}", {"note": NOTE}, If_Match=STALE)
        yield "POST", f"{matches}/{{match_id}}{rest}", answer
