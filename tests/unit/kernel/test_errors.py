"""Every refusal of the product can be told apart and is written in both languages."""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator

import pytest

import agreements
import bureau_clients
import schemas
import underwriting
from underwriting.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    LoginRequired,
    NotFound,
    NotPermitted,
    Outdated,
    Refusal,
    Unavailable,
)
from underwriting.kernel.text import Text

KINDS = (InvalidInput, LoginRequired, NotPermitted, NotFound, Conflict, Outdated, Unavailable)
_NOT_OURS_TO_IMPORT = {"sandbox", "__main__", "migrations"}  # processes of their own, and Alembic's environment


def subclasses_of(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from subclasses_of(subclass)


@pytest.fixture(scope="module")
def refusals() -> list[type[Refusal]]:
    for package in (underwriting, bureau_clients, agreements, schemas):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not _NOT_OURS_TO_IMPORT & set(module.name.split(".")):
                importlib.import_module(module.name)
    ours = [refusal for refusal in subclasses_of(Refusal) if not refusal.__module__.startswith("tests")]
    return list(dict.fromkeys(ours))


def test_no_two_refusals_share_a_slug(refusals: list[type[Refusal]]) -> None:
    counts = Counter(refusal.slug for refusal in refusals)
    assert [slug for slug, count in counts.items() if count > 1] == []


def test_every_slug_can_stand_in_an_address(refusals: list[type[Refusal]]) -> None:
    assert [refusal.slug for refusal in refusals if not refusal.slug.replace("-", "").isalnum()] == []
    assert [refusal.slug for refusal in refusals if refusal.slug != refusal.slug.lower()] == []


def test_every_title_is_written_in_two_languages(refusals: list[type[Refusal]]) -> None:
    for refusal in refusals:
        assert isinstance(refusal.title, Text), refusal
        assert refusal.title.sv, refusal
        assert refusal.title.en, refusal
        assert refusal.title.sv != refusal.title.en, refusal


def test_every_refusal_is_of_exactly_one_kind(refusals: list[type[Refusal]]) -> None:
    for refusal in refusals:
        assert sum(issubclass(refusal, kind) for kind in KINDS) == 1, refusal


def test_every_refusal_is_documented(refusals: list[type[Refusal]]) -> None:
    assert [refusal for refusal in refusals if not refusal.__doc__] == []


def test_a_refusal_says_what_it_was_told_and_else_its_title() -> None:
    told = Text("Fönstret är stängt", "The window is closed")
    assert Conflict(told).detail == told
    assert Conflict().detail == Conflict.title
    assert str(Conflict(told)) == "conflict: The window is closed"


def test_a_refusal_carries_its_rule_and_the_members_at_fault() -> None:
    faults = (FieldError("/guarantors", Text("Saknas", "Missing"), "A4"),)
    refusal = InvalidInput(rule="A4", errors=faults)
    assert (refusal.rule, refusal.errors) == ("A4", faults)
    assert InvalidInput().rule is None
