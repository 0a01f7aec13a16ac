"""Events and webhooks over HTTP: a loan's road as its integrator is told it, and the administrator's pages."""

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from werkzeug.serving import make_server

from tests.api.test_bad_input import persons_in
from tests.support.beginnings import running
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan
from tests.support.messages import SUBJECTS, happen
from tests.support.serving import serving
from tests.support.webhook_receiver import Receiver, webhook_receiver
from tests.unit.test_events_documentation import example
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.event_catalogue import KINDS
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform.deliveries import PAUSES
from underwriting.platform.dispatcher import Dispatcher
from underwriting.platform.events import publish
from underwriting.platform.webhook_client import WebhookClient

ROAD = {
    "application": ["application.submitted", "application.assessing", "application.decided"],
    "agreement": [
        *("agreement.granted", "agreement.signed", "payout.ordered", "payout.sent", "payout.booked"),
        "agreement.running",
    ],
}


@pytest.fixture
def administrator(world: HouseWorld) -> Api:
    return world.staff(Role.ADMINISTRATOR)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


def told(administrator: Api, path: str = "/v1/events") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = administrator.get(path)["items"]
    return items


def test_a_loans_road_is_told_in_order_by_subject(world: HouseWorld, administrator: Api) -> None:
    """D7, G1, P1: what moves a state tells it, in the transaction that does."""
    loan = running(world)
    world.work()
    subjects: dict[str, list[str]] = defaultdict(list)
    for event in told(administrator):
        subjects[event["subject"].partition(":")[0]].append(event["type"])
    assert subjects == ROAD
    (granted,) = told(administrator, "/v1/events?type=agreement.granted")
    assert granted["data"]["application_id"] == loan.application_id
    assert granted["data"]["limit"] == "200000.00"
    (booked,) = told(administrator, f"/v1/events?type=payout.booked&subject=agreement:{loan.agreement_id}")
    assert (booked["data"]["amount"], booked["data"]["state"]) == ("200000.00", "paid")
    assert administrator.get(f"/v1/events/{booked['id']}") == booked


@pytest.mark.parametrize("form", list(CompanyForm))
def test_no_event_says_who(world: HouseWorld, administrator: Api, form: CompanyForm) -> None:
    """D7: ids, states, instants and amounts; nothing of the people in the application."""
    running(world, form)
    world.work()
    written = json.dumps(told(administrator), ensure_ascii=False)
    assert KINDS["agreement.running"].name in written
    body = BODIES[form]
    texts = {body["contact"][name] for name in ("name", "email", "phone")} | {body["organisation_number"]}
    texts |= {guarantor[name] for guarantor in body["guarantors"] for name in ("name", "email", "phone")}
    for text in texts | {str(number) for number in persons_in(body)}:
        assert text not in written
        assert text.replace("-", "") not in written


def test_the_list_goes_on_where_it_was_left(world: HouseWorld, administrator: Api) -> None:
    running(world)
    world.work()
    everything = told(administrator)
    read: list[dict[str, Any]] = []
    cursor = "0"
    while True:
        page = administrator.get(f"/v1/events?limit=2&cursor={cursor}")
        read += page["items"]
        if "next_cursor" not in page:
            break
        cursor = page["next_cursor"]
    assert read == everything
    assert [event["position"] for event in read] == sorted({event["position"] for event in read})
    assert told(administrator, f"/v1/events?cursor={read[-1]['position']}") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        *((f"cursor={text}", "/cursor") for text in ("x", "-1", "1.5", "9" * 19, "%00", "")),
        *((f"limit={text}", "/limit") for text in ("0", "201", "x", "-1", "")),
        *((f"type={text}", "/type") for text in ("x", "agreement", "%00")),
        *((f"subject={text}", "/subject") for text in ("x", "agreement:%00", "agreement:'--", "a" * 100)),
    ],
)
def test_a_query_that_cannot_be_is_refused_by_name(administrator: Api, query: str, pointer: str) -> None:
    answer = administrator.call("GET", f"/v1/events?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]


def test_an_endpoint_is_added_told_and_removed(world: HouseWorld, administrator: Api, receiver: Receiver) -> None:
    asked = {"url": receiver.url, "event_types": ["payout.booked", "agreement.running"]}
    added = administrator.post("/v1/webhook-endpoints", asked)
    secret = added.pop("secret")
    assert added["state"] == "active"
    assert administrator.get("/v1/webhook-endpoints")["items"] == [added]
    running(world)
    world.work()
    assert [json.loads(each.body)["type"] for each in receiver.told] == ["payout.booked", "agreement.running"]
    events = {event["id"]: event for event in told(administrator)}
    assert [json.loads(each.body) for each in receiver.told] == [events[each.id] for each in receiver.told]
    path = f"/v1/webhook-endpoints/{added['id']}"
    attempts = administrator.get(f"{path}/attempts")["items"]
    assert [(each["outcome"], each["status"]) for each in attempts] == [("delivered", 204)] * 2
    rotated = administrator.post(f"{path}/secret-rotation", status=200)
    assert rotated["secret"] != secret
    assert "secret" not in administrator.get(path)
    assert administrator.post(f"{path}/replays", {"since": "2026-03-01T00:00:00Z"}) == {"count": 2}
    assert administrator.post(f"{path}/replays", {"event_id": receiver.told[0].id}) == {"count": 1}
    world.work()
    assert [each.id for each in receiver.told] == [each.id for each in receiver.told[:2]] * 2 + [receiver.told[0].id]
    assert administrator.post(f"{path}/activation", status=200)["state"] == "active"
    assert administrator.call("DELETE", path).status_code == 204
    assert administrator.call("GET", path).status_code == 404
    assert administrator.get("/v1/webhook-endpoints")["items"] == []


def test_the_integrators_library_verifies_what_the_service_sends(world: HouseWorld, receiver: Receiver) -> None:
    secret = world.staff(Role.ADMINISTRATOR).post("/v1/webhook-endpoints", {"url": receiver.url})["secret"]
    running(world)
    clocked = replace(world.runtime, wall=SystemClock())  # which the receiver's library goes by
    dispatcher = Dispatcher(clocked, WebhookClient(sandbox=True), None)
    dispatcher.publish()
    dispatcher.deliver_webhooks()
    late = [each for each in receiver.told if _is_now(each.headers["webhook-timestamp"])]
    for each in late:
        assert Webhook(secret).verify(each.body, each.headers)["id"] == each.id
    assert receiver.told


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/url"]),
        ({"url": "http://10.0.0.1/"}, ["/url"]),
        ({"url": "https://user:secret@127.0.0.1/"}, ["/url"]),
        ({"url": "http://127.0.0.1:9/", "event_types": ["x"]}, ["/event_types/0"]),
        ({"url": "http://127.0.0.1:9/", "owner": "client:1"}, ["/owner"]),
        ({"url": "http://127.0.0.1:9/", "secret": "whsec_AAAA"}, ["/secret"]),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_by_member(
    administrator: Api, body: dict[str, Any], pointers: list[str]
) -> None:
    answer = administrator.call("POST", "/v1/webhook-endpoints", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == pointers


@pytest.mark.parametrize("body", [{}, {"since": "2026-03-01T00:00:00Z", "event_id": "0" * 32}, {"since": "i går"}])
def test_a_replay_names_one_thing(administrator: Api, receiver: Receiver, body: dict[str, Any]) -> None:
    added = administrator.post("/v1/webhook-endpoints", {"url": receiver.url})
    answer = administrator.call("POST", f"/v1/webhook-endpoints/{added['id']}/replays", body)
    assert answer.status_code == 422


def test_an_endpoint_that_is_asked_for_twice_with_one_key_is_added_once(administrator: Api) -> None:
    """A7: and the secret is the same."""
    first, second = (
        administrator.call("POST", "/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/"}, Idempotency_Key="k")
        for _ in range(2)
    )
    assert first.get_json() == second.get_json()
    assert len(administrator.get("/v1/webhook-endpoints")["items"]) == 1


def given_up(world: HouseWorld) -> Loan:
    """A loan of which an endpoint would take nothing, until everything was given up."""
    with webhook_receiver(lambda _: 410) as receiver:
        world.staff(Role.ADMINISTRATOR, username="adder").post("/v1/webhook-endpoints", {"url": receiver.url})
        loan = running(world)
        world.work()
    return loan


def form_of(page: str, action: str) -> str:
    """The token of the form that posts to *action*."""
    assert f'action="{action}"' in page
    return str(re.search(r'name="csrf_token" value="([^"]+)"', page.partition(f'action="{action}"')[2])[1])  # type: ignore[index]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_administrator_looks_into_dead_letters_and_has_them_tried_again(world: HouseWorld, language: str) -> None:
    given_up(world)
    administrator = replace(world.staff(Role.ADMINISTRATOR), language=language)
    page = administrator.call("GET", "/console/messages", Accept="text/html").text
    (first, *_) = re.findall(r"/console/messages/([0-9a-f-]{36})\"", page)
    assert "application.submitted" in page
    assert {"sv": "uppgivet", "en": "given up"}[language] in page
    detail = administrator.call("GET", f"/console/messages/{first}", Accept="text/html").text
    assert {"sv": "Försök igen", "en": "Try again"}[language] in detail
    log = administrator.call("GET", "/console/messages/log", Accept="text/html").text
    assert first in log


def test_a_button_tries_a_dead_letter_again_and_another_drops_it(world: HouseWorld) -> None:
    given_up(world)
    administrator = world.staff(Role.ADMINISTRATOR)
    client = world.app.test_client()
    client.set_cookie("borgen_session", administrator.token or "")
    page = client.get("/console/messages", headers={"Accept": "text/html"}).text
    first, second = list(dict.fromkeys(re.findall(r"/console/messages/([0-9a-f-]{36})\"", page)))[:2]
    for letter, deed in ((first, "retry"), (second, "drop")):
        action = f"/console/messages/{letter}/{deed}"
        assert client.post(action, data={"csrf_token": form_of(page, action)}).status_code == 303
        assert client.post(action).status_code == 400  # without the form's token
    page = client.get("/console/messages", headers={"Accept": "text/html"}).text
    assert first not in page
    assert second not in page


def test_the_administrators_pages_of_endpoints(world: HouseWorld, receiver: Receiver) -> None:
    administrator = world.staff(Role.ADMINISTRATOR)
    client = world.app.test_client()
    client.set_cookie("borgen_session", administrator.token or "")

    def post(page: str, action: str, status: int, **data: str) -> str:
        answer = client.post(
            action, data={"csrf_token": form_of(page, action), **data}, headers={"Accept": "text/html"}
        )
        assert answer.status_code == status, answer.text
        return answer.text

    start = client.get("/console/webhooks").text
    assert "bara till den egna maskinen" in post(start, "/console/webhooks", 422, url="http://10.0.0.1/")
    shown = post(start, "/console/webhooks", 200, url=receiver.url, event_types="payout.booked")
    secret = re.search(r"whsec_[A-Za-z0-9+/=&#;]+", shown)
    assert secret
    (endpoint,) = administrator.get("/v1/webhook-endpoints")["items"]
    path = f"/console/webhooks/{endpoint['id']}"
    page = client.get(path).text
    assert secret[0] not in page
    assert "whsec_" in post(page, f"{path}/rotate", 200)
    assert "0 händelser" in post(client.get(path).text, f"{path}/replay", 200, since="2026-03-01T00:00")
    assert post(page, f"{path}/replay", 422, since="i går")
    assert post(page, f"{path}/remove", 303) is not None
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("role", [Role.UNDERWRITER, Role.BILLING])
@pytest.mark.parametrize("path", ["/console/messages", "/console/messages/log", "/console/webhooks"])
def test_nobody_but_administrators_sees_the_pages(world: HouseWorld, role: Role, path: str) -> None:
    assert world.staff(role).call("GET", path, Accept="text/html").status_code == 403
    assert world.anyone().call("GET", path, Accept="text/html").status_code == 401


def test_after_its_pauses_a_message_arrives(world: HouseWorld, administrator: Api) -> None:
    answers = iter([500, 500])
    with webhook_receiver(lambda _: next(answers, 204)) as receiver:
        administrator.post("/v1/webhook-endpoints", {"url": receiver.url, "event_types": ["payout.booked"]})
        running(world)
        for pause in (timedelta(0), *PAUSES[:2]):
            world.let_pass(pause)
            world.work()
    assert len({each.id for each in receiver.told}) == 1
    assert len(receiver.told) == 3


def _is_now(timestamp: str) -> bool:
    return abs(int(timestamp) - SystemClock().now().timestamp()) < 60


def test_the_curl_examples_of_the_page_do_what_it_says(
    world: HouseWorld, administrator: Api, receiver: Receiver
) -> None:
    for subject in SUBJECTS[:3]:
        happen(world.runtime, subject)
    publish(world.runtime)
    server = make_server("127.0.0.1", 0, world.app)
    environment = {
        "PATH": os.environ["PATH"],
        "TOKEN": administrator.token or "",
        "BORGEN": f"http://127.0.0.1:{server.server_port}",
        "RECEIVER": receiver.url,
    }

    def run(holding: str) -> Any:
        command = ["sh", "-c", example("sh", holding)]
        return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)

    with serving(server):
        read, added = run("/v1/events"), run("--json")
    assert [event["type"] for event in read["items"]] == ["application.submitted"] * 2
    assert read["next_cursor"] == "2"
    assert added["url"] == receiver.url
    assert added["secret"].startswith("whsec_")
