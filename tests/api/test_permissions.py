"""Who may do what: the table holds every route and no other, and every caller is let in or turned away as it says."""

import re
import uuid
from collections.abc import Callable

import pytest
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from tests.api.test_description import routes
from tests.support.house import Api, HouseWorld, template_of
from tests.support.lending import ANNA
from tests.support.permission_table import PAGE, in_page, written
from underwriting.api_description.operation import Audience, Operation
from underwriting.api_description.operations import OPERATIONS
from underwriting.kernel.errors import LoginRequired, NotFound
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform.authentication import ANONYMOUS, Caller, RoleMissing, ScopeMissing, new_draft_secret
from underwriting.platform.permissions import TABLE, require

AUDIENCES = {
    Audience.UNDERWRITER: Role.UNDERWRITER,
    Audience.SENIOR_UNDERWRITER: Role.SENIOR_UNDERWRITER,
    Audience.BILLING: Role.BILLING,
    Audience.RECOVERY: Role.RECOVERY,
    Audience.AUDITOR: Role.AUDITOR,
    Audience.ADMINISTRATOR: Role.ADMINISTRATOR,
}
ACT_FOR_THEMSELVES = {Audience.APPLICANT, Audience.BORROWER, Audience.GUARANTOR, Audience.PERSON}
LOGS_OUT = "staff.log_out"
ANSWERS_401_ITSELF = {"staff.log_in", "account.confirm"}  # a wrong password, a wrong code
OWN_ACCOUNT = {"account.confirm", "account.change_password", "account.end_session", "account.end_others"}
ASKS_FOR_LOG_IN = {  # whoever holds the secret of a draft that has been signed since
    *("applicant.show", "named_guarantors.ask_for_another", "named_guarantors.name_another"),
    "applicant.give_information",
}
SAYS_NOTHING = {"show"}  # /metrics answers 404 to whoever has no token


def calls(world: HouseWorld) -> list[tuple[str, str, str]]:
    """Every route as endpoint, method and an address of it, at ids that nothing has."""
    return sorted(
        (rule.endpoint, method, address_of(rule))
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def address_of(rule: Rule) -> str:
    choice = re.search(r"<any\((\w+)", rule.rule)
    values = {
        "ordinal": "1",
        "month": "2026-03",
        "verdict": choice[1] if choice else "",
        "language": "sv",
        "filename": "app.css",
        "token": "nobodys",
    }
    return template_of(rule.rule).format(**{name: values.get(name, str(uuid.uuid4())) for name in rule.arguments})


def send(caller: Api, method: str, path: str) -> Response:
    client = caller.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    with client.open(path, method=method, headers=headers) as answer:
        return answer


def test_every_route_stands_in_the_table_and_the_table_holds_no_other(world: HouseWorld) -> None:
    served = {rule.endpoint for rule in world.app.url_map.iter_rules()}
    assert served - TABLE.keys() == set()
    assert TABLE.keys() - served == set()


def test_the_page_on_security_holds_the_table_as_it_is(world: HouseWorld) -> None:
    assert in_page(PAGE.read_text()) == written(world.app)


CALLERS: dict[str, Callable[[HouseWorld], Api]] = {
    "nobody": lambda world: world.anyone(),
    "draft": lambda world: Api(world.app, new_draft_secret()[0]),
    "person": lambda world: world.log_in(ANNA),
    **{str(role): lambda world, role=role: world.staff(role) for role in Role},  # type: ignore[misc]
}


@pytest.mark.parametrize("who", CALLERS)
def test_every_caller_is_let_in_or_turned_away_as_the_table_says(world: HouseWorld, who: str) -> None:
    """D8: 401 to whoever is not known in a way that the call takes, 403 to a role that it is not for."""
    world.app.config["WTF_CSRF_METHODS"] = set()  # the form's token is another matter
    caller = CALLERS[who](world)
    found, expected = {}, {}
    for endpoint, method, path in calls(world):
        if endpoint == LOGS_OUT or endpoint in SAYS_NOTHING:
            continue
        status = send(caller, method, path).status_code
        if (endpoint in ANSWERS_401_ITSELF and outcome(endpoint, who) == "let in") or (
            who == "draft" and endpoint in ASKS_FOR_LOG_IN
        ):
            assert status in (401, 404)
            continue
        call = f"{method} {path}"
        found[call] = status if status in (401, 403) else "let in"
        expected[call] = outcome(endpoint, who)
    assert found == expected


def outcome(endpoint: str, who: str) -> object:
    """What the table says of the caller, read here cell by cell."""
    access = TABLE[endpoint]
    if access.anyone:
        return "let in"
    if who == "person":
        return "let in" if access.persons else 401
    if who == "draft":
        return "let in" if access.drafts else 401
    if who == "nobody":
        return 401
    if Role(who) in access.roles:
        return "let in"
    return 403 if access.roles else 401


@pytest.mark.parametrize("endpoint", TABLE)
def test_a_machine_client_needs_the_scope_of_the_call(endpoint: str) -> None:
    access = TABLE[endpoint]
    for scope in Scope:
        client = Caller("client:1", client_id=uuid.uuid4(), scopes=frozenset({scope}))
        if scope is access.scope or (access.scope is None and (access.anyone or access.clients)):
            require(endpoint, client)
        else:
            with pytest.raises(ScopeMissing):
                require(endpoint, client)


def test_what_does_not_stand_in_the_table_is_nobodys() -> None:
    for caller in (ANONYMOUS, Caller("staff:1", Role.ADMINISTRATOR)):
        with pytest.raises(NotFound):
            require("a_view_that_was_forgotten", caller)


def test_the_auditor_reads_whatever_any_of_staff_may_read_and_writes_nothing(world: HouseWorld) -> None:
    """S3: reads all, writes nothing."""
    for endpoint, method, _ in calls(world):
        access = TABLE[endpoint]
        if access.roles and endpoint not in OWN_ACCOUNT:
            assert (Role.AUDITOR in access.roles) is (method == "GET"), f"{method} {endpoint}"


def test_an_administrator_may_whatever_any_of_staff_may() -> None:
    assert all(Role.ADMINISTRATOR in access.roles for access in TABLE.values() if access.roles)


def test_whoever_asks_for_a_role_gets_the_kind_of_refusal_that_helps() -> None:
    for caller, refusal in (
        (ANONYMOUS, LoginRequired),
        (Caller("person:1", person_index=b"1"), LoginRequired),
        (Caller("staff:1", Role.BILLING), RoleMissing),
        (Caller("client:1", client_id=uuid.uuid4()), ScopeMissing),
    ):
        with pytest.raises(refusal):
            require("decisions.determine", caller)


def test_staff_who_are_known_by_number_do_not_thereby_act_as_that_person(world: HouseWorld) -> None:
    """D8: the number is there so that they decide nothing about themselves; BankID alone makes somebody the person."""
    member = world.staff(Role.ADMINISTRATOR, person=ANNA)
    assert send(member, "GET", "/my").status_code == 401
    assert member.call("POST", f"/v1/agreements/{uuid.uuid4()}/drawdowns", {"amount": "1.00"}).status_code == 401


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_description_tells_what_the_table_says(world: HouseWorld, operation: Operation) -> None:
    assert (operation.method, operation.path) in routes(world)
    endpoint = next(
        rule.endpoint
        for rule in world.app.url_map.iter_rules()
        if template_of(rule.rule) == operation.path and operation.method in (rule.methods or ())
    )
    access = TABLE[endpoint]
    assert {AUDIENCES[who] for who in operation.who if who in AUDIENCES} == access.roles
    assert operation.scope is access.scope
    assert bool(ACT_FOR_THEMSELVES & set(operation.who)) is (access.persons or access.drafts)
    assert operation.needs_login is not access.anyone
    assert (Audience.CLIENT in operation.who) is access.clients
