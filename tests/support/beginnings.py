"""The ways of `tests.support.journey` for tests that begin where they end: walked once, then put back."""

import copy
from collections.abc import Callable
from typing import Any

from tests.support import journey
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan
from underwriting.kernel.vocabulary import CompanyForm


def apply(world: HouseWorld, body: dict[str, Any]) -> Loan:
    """An application that is signed, and confirmed by everyone who is invited."""
    return _begun(world, f"apply {body}", lambda: journey.apply(world, body))


def decide(world: HouseWorld, loan: Loan) -> dict[str, Any]:
    """What the borrower is told once the worker has assessed the application."""
    decision, agreement_id = world.beginnings.begin(
        f"decide {loan.application_id}",
        lambda: (journey.decide(world, loan), loan.agreement_id),
        keep=copy.deepcopy,
        take=copy.deepcopy,
    )
    loan.agreement_id = agreement_id
    return decision


def work(world: HouseWorld) -> None:
    """What the worker does at this moment."""
    world.beginnings.begin("work", world.work, keep=lambda _: None, take=lambda _: None)


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

    return world.beginnings.begin(
        name,
        walk,
        keep=lambda loan: (loan, loan.borrower.token, {address: one.token for address, one in loan.people.items()}),
        take=take,
    )
