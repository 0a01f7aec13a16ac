"""docs/stand-ins.md says what the stand-ins do."""

import re
from pathlib import Path

import click
import pytest
from werkzeug.routing import Map

from bureau_clients.sandbox import bisnode, creditsafe
from bureau_clients.sandbox.faults import TROUBLES, can_happen_at
from bureau_clients.sandbox.numbers import Group, by_group
from bureau_clients.sandbox.questions import BISNODE, BUREAUS, CREDITSAFE, Kind
from bureau_clients.sandbox.stand_in import StandIn
from underwriting.cli import sandbox

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "stand-ins.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands under the heading *title*."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {title!r}"
    return found[1]


def rows(title: str) -> list[list[str]]:
    """The rows of the table under *title*, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("group", Group)
def test_every_number_is_listed_with_its_story(group: Group) -> None:
    """X1: documented numbers give each answer of the stand-ins."""
    stories = dict(by_group())[group]
    told = [[what.en, ", ".join(f"`{number}`" for number in numbers)] for what, numbers in stories]
    assert rows(group.value.en) == told


def test_every_fault_is_listed_with_where_it_can_happen() -> None:
    """X1: documented faults."""
    listed = rows("Faults")
    assert [(name.strip("`"), what) for name, what, _ in listed] == [
        (str(each), TROUBLES[each].en) for each in TROUBLES
    ]
    at = {"both": set(BUREAUS), "Creditsafe": {CREDITSAFE}, "Bisnode": {BISNODE}}
    for (_, _, where), trouble in zip(listed, TROUBLES, strict=True):
        assert at[where.partition(",")[0]] == {bureau for bureau in BUREAUS if can_happen_at(trouble, bureau)}


def test_every_kind_of_question_is_named() -> None:
    """X1: what can be set by the control endpoint."""
    named = re.search(r"The kinds are (.*?)\.", section("Letting things go wrong"), re.DOTALL)
    assert named
    assert re.findall("`([a-z]+)`", named[1]) == [str(kind) for kind in Kind]


def test_every_call_is_listed() -> None:
    """X1: what answers where."""
    account = StandIn(username="borgen", password="hemligt")
    maps: list[Map] = [app(account).url_map for app in (creditsafe.create_app, bisnode.create_app)]
    rules = {(method, rule.rule) for each in maps for rule in each.iter_rules() for method in rule.methods or ()}
    served = {(method, path) for method, path in rules if method in ("GET", "POST") and "static" not in path}
    controls = {re.sub("<any.*?>", "BUREAU", path) for _, path in served if path.startswith("/control")}
    also = {("GET", creditsafe.PATH), ("GET", creditsafe.CAS_PATH), ("POST", bisnode.SIGNATORIES_PATH)}
    calls = {tuple(call.strip("`").split()) for call, _ in rows("What answers where")}
    assert calls == {(method, path) for method, path in served if not path.startswith("/control")} - also
    told = {call.strip("`").split()[1] for call, _ in rows("Letting things go wrong")}
    assert told == {path for path in controls if "identifier" not in path}


def test_every_option_of_the_command_is_listed() -> None:
    options = [option for option in sandbox.params if isinstance(option, click.Option) and not option.hidden]
    assert {row[0].strip("`") for row in rows("Running them")} == {option.opts[0] for option in options}
