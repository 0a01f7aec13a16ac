"""The ways of `tests.support.journey` for tests that begin where they end: walked once, then put back."""

import copy
import hashlib
from collections.abc import Callable
from typing import Any

from tests.support import journey
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan
from tests.support.sanctions import loaded
from underwriting.kernel.vocabulary import CompanyForm, Role


def apply(world: HouseWorld, body: dict[str, Any]) -> Loan:
    """An application that is signed, and confirmed by everyone who is invited."""
    return _begun(world, f"apply {body}", lambda: journey.apply(world, body))


def assessed(world: HouseWorld, body: dict[str, Any]) -> Loan:
    """An application that the worker has assessed."""

    def walk() -> Loan:
        loan = journey.apply(world, body)
        world.work()
        return loan

    return _begun(world, f"assessed {body}", walk)


def listed(world: HouseWorld, content: bytes) -> None:
    """A sanctions list that is loaded."""
    loading = f"listed {hashlib.sha256(content).hexdigest()}"
    world.beginnings.begin(loading, lambda: loaded(world.runtime, content))


def employed(world: HouseWorld, role: Role, username: str) -> Api:
    """A new member of staff, logged in, before anything else has happened."""
    return world.beginnings.begin(
        f"employed {role} {username}",
        lambda: world.staff(role, username=username),
        keep=lambda api: api.token,
        take=lambda token: Api(world.app, token),
    )


def decide(world: HouseWorld, loan: Loan) -> dict[str, Any]:
    """What the borrower is told once the worker has assessed the application."""
    decision: dict[str, Any]
    decision, loan.agreement_id = world.beginnings.begin(
        f"decide {loan.application_id}",
        lambda: (journey.decide(world, loan), loan.agreement_id),
        keep=copy.deepcopy,
        take=copy.deepcopy,
    )
    return decision


def granted(world: HouseWorld, form: CompanyForm = CompanyForm.AB) -> Loan:
    """A loan that is approved and not signed yet."""
    return _begun(world, f"granted {form}", lambda: journey.granted(world, form))


def running(world: HouseWorld, form: CompanyForm = CompanyForm.AB) -> Loan:
    """A loan that is signed and paid out."""
    return _begun(world, f"running {form}", lambda: journey.running(world, form))


def _begun(world: HouseWorld, name: str, walk: Callable[[], Loan]) -> Loan:
    def take(kept: tuple[Loan, str | None, dict[str, str | None]]) -> Loan:
        loan, borrower, people = kept
        logged_in = {address: Api(world.app, token) for address, token in people.items()}
        return Loan(loan.body, loan.application_id, Api(world.app, borrower), logged_in, loan.agreement_id)

    loan: Loan = world.beginnings.begin(
        name,
        walk,
        keep=lambda loan: (loan, loan.borrower.token, {address: one.token for address, one in loan.people.items()}),
        take=take,
    )
    return loan
