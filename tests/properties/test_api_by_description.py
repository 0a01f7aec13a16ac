"""The interface held against its own description by schemathesis, which knows nothing of ours but the OpenAPI document.

Every operation is called with requests that the description allows and with such that it forbids, about things that
there are and things that are not, by staff and by nobody. What no description could think of, such as bytes that are no
text, and the pages, are tried by test_api_fuzz.py.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import LONG
from tests.support.bank_stand_in import bank_world
from tests.support.bankid_stand_in import bankid_world
from tests.support.beginnings import running
from tests.support.bureau import creditsafe_at, creditsafe_stand_in
from tests.support.house import HouseWorld, house_world
from tests.support.journey import Loan
from underwriting.api_description.operations import OPERATIONS
from underwriting.kernel.vocabulary import Role
from underwriting.platform.runtime import Runtime

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
LEFT_ALONE = {"put_sandbox_clock"}  # an administrator may have years lived through
EXAMPLES = 100 if LONG else 4

bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if LONG else [])],
    database=None,
)


@pytest.fixture
def world(runtime: Runtime, tmp_path: Path) -> Iterator[HouseWorld]:
    with (
        bankid_world(tmp_path / "pki") as bankid,
        bank_world(tmp_path / "bank.sqlite3") as bank,
        creditsafe_stand_in() as address,
        house_world(runtime, bankid, bank, (creditsafe_at(address),)) as world,
    ):
        yield world


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    return running(world)


def described(world: HouseWorld) -> Iterator[Any]:
    """Every operation of the document as the service answers it."""
    config = SchemathesisConfig(
        projects=ProjectsConfig(
            default=ProjectConfig(generation=GenerationConfig(with_security_parameters=False, allow_x00=False))
        )
    )
    schema = schemathesis.openapi.from_wsgi("/openapi.json", world.app, config=config)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok()


def known(operation: Any, things: Mapping[str, str]) -> dict[str, str]:
    """Of *things* those that *operation* names in its path."""
    return {name: things[name] for name in re.findall(r"\{(\w+)\}", operation.path) if name in things}


def hold(world: HouseWorld, things: Mapping[str, str], token: str | None) -> int:
    """Hold every operation against its description; how many there were."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    count, faults = 0, []
    for operation in described(world):
        if operation.definition.raw["operationId"] in LEFT_ALONE and token:
            continue
        count += 1
        here = known(operation, things)
        allowed = operation.as_strategy(schemathesis.GenerationMode.POSITIVE)
        about_ours = operation.as_strategy(schemathesis.GenerationMode.POSITIVE, path_parameters=here or None)
        forbidden = operation.as_strategy(schemathesis.GenerationMode.NEGATIVE)

        @bounded
        @given(case=st.one_of(about_ours, allowed, forbidden))
        def answer(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        try:
            answer()
        except FailureGroup as fault:
            faults.append(str(fault))
    assert not faults, "\n".join(faults)
    return count


def test_what_staff_is_answered_is_what_the_description_says(world: HouseWorld, loan: Loan) -> None:
    administrator = world.staff(Role.ADMINISTRATOR)
    things = {"application_id": loan.application_id, "agreement_id": loan.agreement_id, "month": "2026-03"}
    assert hold(world, things, administrator.token) == len(OPERATIONS) - len(LEFT_ALONE)


def test_what_nobody_in_particular_is_answered_is_what_the_description_says(world: HouseWorld, loan: Loan) -> None:
    things = {"application_id": loan.application_id, "agreement_id": loan.agreement_id, "month": "2026-03"}
    assert hold(world, things, None) == len(OPERATIONS)
