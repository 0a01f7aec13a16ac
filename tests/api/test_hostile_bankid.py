"""Whatever BankID hands over instead of what was asked for: nothing is signed, and everybody is told what they need.

The real application asks the stand-in over mutual TLS; the stand-in answers as an attacker would.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from agreements.signing.evidence import EvidenceFault
from agreements.signing.sandbox.hostile import Hostile
from tests.support.house import Api, HouseWorld
from tests.support.lending import ANNA, application_json
from underwriting.business_metrics import figures_of
from underwriting.platform import audit_log

FORGED = {
    Hostile.OTHER_PERSON: ["other_person"],
    Hostile.OTHER_TEXT: ["other_text"],
    Hostile.OTHER_DOCUMENT: ["other_document"],
    Hostile.IDENTIFICATION: ["not_a_signature"],
    Hostile.ALTERED_TEXT: ["other_text", "altered"],
    Hostile.ALTERED_SIGNATURE: ["altered"],
    Hostile.EXPIRED_CERTIFICATE: ["certificate_not_trusted", "status_not_good"],
    Hostile.UNKNOWN_CERTIFICATE: ["certificate_not_trusted", "status_not_good"],
    Hostile.REVOKED: ["status_not_good"],
    Hostile.WRONG_NONCE: ["other_status"],
    Hostile.UNKNOWN_RESPONDER: ["status_not_good"],
    Hostile.OLD_STATUS: ["status_not_good", "out_of_time"],
}
LEAKS = ("signaturevalue", "ocsp", "certifikat", "certificate", "digest", "nonce", ANNA.digits, ANNA.digits[2:])


def applied(world: HouseWorld) -> tuple[Api, str, Mapping[str, Any]]:
    """An application of Anna's that waits for her signature: its holder, its address and the started order."""
    draft = world.anyone().post("/v1/applications", application_json())
    holder = Api(world.app, draft["access_secret"])
    application = f"/v1/applications/{draft['id']}"
    return holder, application, holder.post(f"{application}/submit")


def sign(world: HouseWorld, started: Mapping[str, Any], hostile: Hostile | None) -> None:
    answer = world.bankid.act(f"orders/{started['qr_content']}/sign", {"hostile": hostile} if hostile else {})
    assert answer.ok, answer.text
    world.let_pass(timedelta(seconds=3))


def page_of(world: HouseWorld, started: Mapping[str, Any], language: str) -> str:
    """What the person sees who watches the order."""
    with world.app.test_client() as browser:
        browser.set_cookie("borgen_signing", started["secret"])
        browser.set_cookie("language", language)
        answer = browser.get(f"/signings/{started['signing_id']}")
        assert answer.status_code == 200
        return answer.text


def notes_on(world: HouseWorld, started: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What the audit log says of the order."""
    with world.runtime.database.transaction() as session:
        entries = audit_log.entries_of(session, f"signing:{UUID(started['signing_id'])}")
    return [(entry.action, entry.data.get("faults")) for entry in entries]


def counted(world: HouseWorld) -> dict[str, int]:
    """What the operator's dashboard counts of BankID orders."""
    with world.runtime.database.transaction() as session:
        (figure,) = (one for one in figures_of(world.runtime)(session) if one.name == "borgen_signatures")
    return {result: count for (result,), count in figure.samples.items()}


def test_every_way_to_forge_is_tried_below() -> None:
    assert {*FORGED, Hostile.COMPLETED_TWICE} == set(Hostile)
    assert {fault for faults in FORGED.values() for fault in faults} <= {str(fault) for fault in EvidenceFault}


@pytest.mark.parametrize("hostile", list(FORGED))
def test_what_is_forged_signs_nothing_and_is_noted_counted_and_told(world: HouseWorld, hostile: Hostile) -> None:
    """S1: no signature, no log-in; an entry, a figure that alarms, a line in the log, a page that says what to do."""
    holder, application, started = applied(world)
    with capture_logs() as lines:
        sign(world, started, hostile)
        swedish = page_of(world, started, "sv")
    assert holder.get(application)["state"] == "draft"
    watched = world.anyone().call("GET", f"/v1/signings/{started['signing_id']}", Signing_Secret=started["secret"])
    assert (watched.get_json()["state"], watched.get_json().get("session_token")) == ("failed", None)
    assert notes_on(world, started) == [("signing.not_accepted", FORGED[hostile])]
    assert counted(world) == {"complete": 0, "failed": 0, "not_accepted": 1}
    told = [line for line in lines if line["event"] == "signature_not_accepted"]
    assert [(line["log_level"], line["faults"]) for line in told] == [("warning", FORGED[hostile])]
    english = page_of(world, started, "en")
    assert "godtogs inte, och ingenting är undertecknat. Gå vidare" in swedish
    assert "was not accepted, and nothing is signed. Continue" in english
    for page in (swedish, english, json.dumps(watched.get_json())):
        assert [leak for leak in LEAKS if leak in page.lower()] == []
    assert ANNA.digits[2:] not in repr(told)


def test_after_a_forged_signature_the_right_one_is_taken(world: HouseWorld) -> None:
    """S1: what somebody forges does not use up the right to sign."""
    holder, application, started = applied(world)
    sign(world, started, Hostile.WRONG_NONCE)
    page_of(world, started, "sv")
    borrower = world.sign(holder.post(f"{application}/submit"))
    assert borrower.get(application)["state"] != "draft"
    assert counted(world) == {"complete": 1, "failed": 0, "not_accepted": 1}


def test_an_order_that_bankid_completes_twice_is_taken_once(world: HouseWorld) -> None:
    """S1: one signature, one entry and one log-in, however often the completion is handed over."""
    _, _, started = applied(world)
    sign(world, started, Hostile.COMPLETED_TWICE)
    tokens = []
    for _ in range(3):
        watched = world.anyone().call("GET", f"/v1/signings/{started['signing_id']}", Signing_Secret=started["secret"])
        tokens.append(watched.get_json().get("session_token"))
        world.let_pass(timedelta(seconds=30))
        world.house.signings.collect_due()
    assert [bool(token) for token in tokens] == [True, False, False]
    assert notes_on(world, started) == [("signing.complete", None)]
    assert counted(world) == {"complete": 1, "failed": 0, "not_accepted": 0}
