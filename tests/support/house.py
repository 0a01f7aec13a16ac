"""The whole service in front of its stand-ins, driven over HTTP; every answer is held against its description."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache, cached_property
from typing import Any

from flask import Flask
from openapi_schema_validator import OAS31Validator
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from bureau_clients.bureau import Bureau
from tests.support.bank_stand_in import BankWorld
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.remembered import Beginnings
from underwriting.api_description.document import document
from underwriting.app import create_app
from underwriting.house import House, compose
from underwriting.jobs import jobs_of
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date, stockholm_instant
from underwriting.kernel.vocabulary import Role
from underwriting.platform import outbox
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import add_staff, log_in_staff

PASSWORD = "a long password"
EVENING = time(21)
_ANYWHERE = (413, 500, 503)  # what any operation may answer
_DAY = timedelta(days=1)
_BETWEEN_QUESTIONS = timedelta(seconds=3)  # BankID is asked every other second


@dataclass(frozen=True)
class Api:
    """One caller of the HTTP interface: who it is by its token, and which language it reads."""

    app: Flask
    token: str | None = None
    language: str = "sv"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """The answer; *headers* are written with underscores. It has been held against the interface's description."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, sent, **({} if body is None else {"json": body}))

    def send(self, method: str, path: str, headers: Mapping[str, str], **content: Any) -> TestResponse:
        """The answer to a request with a body of any kind."""
        sent = Headers({"Accept-Language": self.language, **headers})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        answer = self.app.test_client(use_cookies=False).open(path, method=method, headers=sent, **content)
        check_against_description(self.app, method, path, answer)
        return answer

    def get(self, path: str, status: int = 200) -> Any:
        """What is answered to GET; its status is *status*."""
        answer = self.call("GET", path)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        """What is answered to POST; its status is *status*."""
        answer = self.call("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.get_json()


@dataclass
class HouseWorld:
    """The service, its two clocks, and what people outside do.

    BankID goes by the machine's clock, the bank by test time.
    """

    house: House
    app: Flask
    clock: FixedClock
    wall: FixedClock
    bankid: BankIdWorld
    bank: BankWorld

    @cached_property
    def beginnings(self) -> Beginnings:
        """What a test begins with, walked once and then put back."""
        return Beginnings(self.runtime, (self.clock, self.wall, self.bank.clock), self.bank)

    @property
    def runtime(self) -> Runtime:
        return self.house.runtime

    def move_to(self, at: datetime) -> None:
        """Put test time at *at*; nothing is run. On the machine's clock a minute passes."""
        self.clock.move_to(at)
        self.bank.clock.move_to(at)
        self.let_pass(timedelta(minutes=1))

    def let_pass(self, time: timedelta) -> None:
        """Let *time* pass on the machine's clock, which ends log-ins, leases and pauses."""
        self.wall.move_to(self.wall.now() + time)
        self.bankid.clock.move_to(self.wall.now())

    def work(self) -> None:
        """What the worker does at this moment."""
        jobs = jobs_of(self.house)
        jobs.run_continuous()
        jobs.run_due(self.runtime.clock.now())
        jobs.run_continuous()

    def pass_days_to(self, at: datetime) -> None:
        """Move to *at*; the worker works each evening on the way, and at the end."""
        on = stockholm_date(self.runtime.clock.now())
        while (evening := stockholm_instant(on, EVENING)) < at:
            if evening > self.runtime.clock.now():
                self.move_to(evening)
                self.work()
            on += _DAY
        self.move_to(at)
        self.work()

    def come_back_at(self, at: datetime) -> None:
        """Move to *at*, when the worker has been away since it last worked, and catches up."""
        self.move_to(at)
        self.work()

    def anyone(self, language: str = "sv") -> Api:
        """Somebody who is not logged in."""
        return Api(self.app, language=language)

    def staff(self, role: Role, *, username: str = "", person: PersonalNumber | None = None) -> Api:
        """A new member of staff, logged in."""
        username = username or f"{role}-1"
        with self.runtime.database.transaction() as session:
            at = self.runtime.clock.now()
            add_staff(session, self.runtime, username, PASSWORD, role, person=person, at=at)
        return Api(self.app, log_in_staff(self.runtime, username, PASSWORD))

    def sign(self, started: Mapping[str, Any]) -> Api:
        """What the person does in BankID's app; the person, who is then logged in."""
        answer = self.bankid.act(f"orders/{started['qr_content']}/sign", {})
        assert answer.ok, answer.text
        self.let_pass(_BETWEEN_QUESTIONS)
        watched = self.anyone().call("GET", f"/v1/signings/{started['signing_id']}", Signing_Secret=started["secret"])
        assert watched.get_json()["state"] == "complete", watched.text
        return Api(self.app, watched.get_json()["session_token"])

    def log_in(self, person: PersonalNumber) -> Api:
        """*person*, identified by BankID."""
        started = self.anyone().post("/v1/signings", {"purpose": "identify"})
        answer = self.bankid.act(f"orders/{started['qr_content']}/sign", {"personal_number": person.digits})
        assert answer.ok, answer.text
        self.let_pass(_BETWEEN_QUESTIONS)
        watched = self.anyone().call("GET", f"/v1/signings/{started['signing_id']}", Signing_Secret=started["secret"])
        return Api(self.app, watched.get_json()["session_token"])

    def letters(self) -> list[outbox.Message]:
        """Every message, the newest first."""
        with self.runtime.database.transaction() as session:
            return outbox.latest(session, self.runtime, count=1000)


@contextmanager
def house_world(
    runtime: Runtime, bankid: BankIdWorld, bank: BankWorld, bureaus: tuple[Bureau, ...]
) -> Iterator[HouseWorld]:
    """The service on *runtime*; its wall clock, which is BankID's too, then stands where its clock stands."""
    clock = runtime.clock
    assert isinstance(clock, FixedClock)
    wall = bankid.clock
    wall.move_to(clock.now())
    client = bankid.client()
    house = compose(replace(runtime, wall=wall), bankid=client, bank=bank.client(), bureaus=bureaus, roots=bankid.roots)
    try:
        yield HouseWorld(house, create_app(house), clock, wall, bankid, bank)
    finally:
        client.close()


def check_against_description(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """The answer's status is described for the operation, and its body has the described shape."""
    template = _template(app, method, path)
    if template is None:
        return
    status = "default" if answer.status_code in _ANYWHERE else str(answer.status_code)
    described = document()["paths"][template][method.lower()]["responses"]
    assert status in described, f"{method} {path} answers {status}, which is not described: {answer.text}"
    kinds = _resolved(described[status]).get("content", {})
    if not kinds:
        return
    kind = answer.mimetype or ""
    assert kind in kinds, f"{method} {path} answers {kind}"
    if kind.endswith("json"):
        validator = _validator(template, method.lower(), status, kind)
        faults = [fault.message for fault in validator.iter_errors(answer.get_json())]
        assert faults == [], f"{method} {path} {status}: {faults}"


def _template(app: Flask, method: str, path: str) -> str | None:
    """The path as the description has it, or None where the path or the method leads nowhere."""
    try:
        rule, _ = app.url_map.bind("localhost").match(path.partition("?")[0], method, return_rule=True)
    except Exception:  # what leads nowhere is answered by a problem that no operation describes
        return None
    template = template_of(rule.rule)
    return template if method.lower() in document()["paths"].get(template, {}) else None


@cache
def _validator(template: str, method: str, status: str, kind: str) -> OAS31Validator:
    described = _resolved(document()["paths"][template][method]["responses"][status])
    schema = {**described["content"][kind]["schema"], "components": document()["components"]}
    return OAS31Validator(json.loads(json.dumps(schema)))


@cache
def template_of(rule: str) -> str:
    """Flask's rule as OpenAPI writes it: `/v1/agreements/{agreement_id}`."""
    return "".join(
        f"{{{part.partition('>')[0].rpartition(':')[2]}}}{part.partition('>')[2]}" if place else part
        for place, part in enumerate(rule.split("<"))
    )


def _resolved(part: Any) -> Any:
    if "$ref" not in part:
        return part
    found: Any = document()
    for key in part["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found
