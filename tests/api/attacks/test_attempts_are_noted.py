"""What is turned away stands in the log: which call, why, and by whom as far as that is nobody's name."""

import pytest

from tests.api.test_account import reader
from tests.support.house import Api, HouseWorld
from tests.support.lending import ANNA
from tests.support.log_lines import log_lines
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform import machine_clients


def noted(api: Api, path: str) -> list[tuple[object, ...]]:
    with log_lines() as lines:
        api.call("GET", path)
    found = [line for line in lines.objects() if line["event"] == "refused"]
    return [(line["status"], line["slug"], line["path"], line["who"].split(":")[0]) for line in found]


def test_who_may_not_is_noted_with_the_call(world: HouseWorld) -> None:
    _, key = machine_clients.add_client(world.runtime, "ledger", [Scope.PAYMENTS_READ], actor="staff:1")
    path = "/v1/fee-runs"
    assert noted(world.anyone(), path) == [(401, "login-required", path, "anonymous")]
    assert noted(world.staff(Role.RECOVERY), path) == [(403, "role-missing", path, "staff")]
    assert noted(Api(world.app, key), "/v1/events") == [(403, "scope-missing", "/v1/events", "client")]


def test_a_person_is_noted_by_kind_alone(world: HouseWorld) -> None:
    with log_lines() as lines:
        world.log_in(ANNA).call("GET", "/v1/fee-runs")
    (line,) = [line for line in lines.objects() if line["event"] == "refused"]
    assert line["who"] == "person"


@pytest.mark.parametrize("form", [{}, {"csrf_token": "made up"}])
def test_a_forged_form_is_noted(world: HouseWorld, form: dict[str, str]) -> None:
    with log_lines() as lines:
        assert reader(world).post("/console/login", data=form).status_code == 400
    (line,) = [line for line in lines.objects() if line["event"] == "refused"]
    assert (line["slug"], line["path"], line["method"]) == ("form-expired", "/console/login", "POST")


def test_what_is_answered_is_not(world: HouseWorld) -> None:
    assert noted(world.staff(Role.BILLING), "/v1/fee-runs") == []
