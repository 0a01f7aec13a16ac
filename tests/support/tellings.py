"""What everybody outside the desk can reach of a case, written down so that two cases can be compared.

Ids, secrets, instants and what names the company are taken out; everything else is left as it is told.
"""

import html
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from tests.support.house import Api, HouseWorld, template_of
from tests.support.journey import Loan
from tests.support.webhook_receiver import Receiver
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform import machine_clients
from underwriting.platform.authentication import Caller
from underwriting.platform.message_models import Event
from underwriting.platform.permissions import TABLE, Access

LEFT_OUT = ("staff.log_out", "sandbox.", "static", "show", "layout.language", "account.", "api_description.")
"""Log-outs, test time, and what has no way to any case."""
DESK = ("due_diligence.", "console.due_diligence.", "console.cases.", "console.queue.")
"""Asked for by everybody, though the table of permissions lets none of them in: nothing of a case is looked up."""
_TAKEN_OUT = (
    (re.compile(r'"instance":"[^"]*"'), '"instance":<as they asked>'),
    (re.compile(r'"politically_exposed":(true|false)'), '"politically_exposed":<as they told>'),
    (re.compile(r'name="csrf_token" value="[^"]+"'), 'name="csrf_token"'),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "<instant>"),
    (re.compile(r"\b10\d{4}\b"), "<agreement>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<address>"),
    (re.compile(r"(?<![\w-])[\w-]{32,}(?![\w-])"), "<secret>"),
)


@dataclass(frozen=True)
class Outside:
    """Those outside the desk: by what each is called, and the integrator's receiver of webhooks."""

    callers: Mapping[str, Api]
    receiver: Receiver


def outside_of(world: HouseWorld, receiver: Receiver) -> Mapping[str, Api]:
    """An integrator with every scope and a webhook, staff without the desk's roles, and nobody."""
    _, key = machine_clients.add_client(world.runtime, "Integration", list(Scope), days=30, actor="operator")
    client = Api(world.app, key)
    client.post("/v1/webhook-endpoints", {"url": receiver.url})
    billing, recovery = (world.staff(role, username=str(role)) for role in (Role.BILLING, Role.RECOVERY))
    return {"integrator": client, "billing": billing, "recovery": recovery, "nobody": world.anyone()}


def told_of(world: HouseWorld, loan: Loan, outside: Outside, *, ids: Mapping[str, str], writes: bool) -> dict[str, str]:
    """Every answer, event, webhook and letter, by who asked and for what; with *writes* every refusal, too."""
    replaced = _names_of(world, loan)
    persons = {f"person {email}": caller for email, caller in loan.people.items()}
    found = _events(world)  # before anybody tries to write
    lender = world.runtime.settings.lender.email
    letters = [one for one in reversed(world.letters()) if one.recipient != lender]
    found |= _answers(world, {**persons, **outside.callers}, {"application_id": loan.application_id, **ids}, writes)
    found |= {f"letter {n} to {one.recipient}": f"{one.subject}\n{one.body}" for n, one in enumerate(letters)}
    plain = {what: _plain(text, replaced) for what, text in found.items()}
    hooks = sorted(_plain(one.body.decode(), replaced) for one in outside.receiver.told)  # they may overtake each other
    return plain | {"webhooks": "\n".join(hooks)}


def _answers(
    world: HouseWorld, callers: Mapping[str, Api], ids: Mapping[str, str], writes: bool
) -> Iterator[tuple[str, str]]:
    """What every route that lets a caller in answers them, reading first: a write changes what is read."""
    world.app.config["WTF_CSRF_METHODS"] = set()
    routes = sorted(_routes(world), key=lambda route: (route[0] != "GET", route[1]))
    for name, caller in callers.items():
        client = world.app.test_client(use_cookies=False)
        for method, rule, endpoint, arguments in routes:
            if not _may_ask(name, endpoint) or (method != "GET" and not writes):
                continue
            values = {one: ids.get(one, "1" if one == "ordinal" else str(uuid.UUID(int=7))) for one in arguments}
            headers = {"Accept": "application/json" if rule.startswith("/v1/") else "text/html"}
            if caller.token:
                headers["Authorization"] = f"Bearer {caller.token}"
            path = template_of(rule).format(**values)
            answer = client.open(path, method=method, headers=headers, json=None if method == "GET" else {})
            yield f"{name}: {method} {rule}", f"{answer.status_code} {html.unescape(answer.text)}"


def _routes(world: HouseWorld) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    for rule in world.app.url_map.iter_rules():
        if not rule.endpoint.startswith(LEFT_OUT):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, rule.rule, rule.endpoint, frozenset(rule.arguments)


def _may_ask(name: str, endpoint: str) -> bool:
    """Whether the table lets the caller in; the others are turned away by it whatever the case is."""
    access = TABLE.get(endpoint, Access())
    if endpoint.startswith(DESK):
        return True
    if name.startswith("person"):
        return access.anyone or access.persons
    if name == "integrator":
        return access.scope is not None or access.clients
    return access.anyone if name == "nobody" else name in access.roles


def _events(world: HouseWorld) -> dict[str, str]:
    """What was published, in the order in which it happened."""
    with world.runtime.database.transaction() as session:
        events = [(one.kind, one.data) for one in session.scalars(sa.select(Event).order_by(Event.number))]
    return {f"event {n}": json.dumps(one, ensure_ascii=False, default=str) for n, one in enumerate(events)}


def _names_of(world: HouseWorld, loan: Loan) -> dict[str, str]:
    """What names the company and the case: the two cases that are compared have other ones."""
    shown = loan.borrower.get(loan.application)
    number = loan.body["organisation_number"]
    names = {shown["reference"]: "<reference>", number: "<number>", number.replace("-", ""): "<number>"}
    reader = Caller(actor="reader", role=Role.AUDITOR)
    if company := world.house.applications.view(uuid.UUID(loan.application_id), reader).company_name:
        names[company] = "<company>"
    return names


def _plain(text: str, replaced: Mapping[str, str]) -> str:
    for found, instead in replaced.items():
        text = text.replace(found, instead)
    for pattern, instead in _TAKEN_OUT:
        text = pattern.sub(instead, text)
    return text
