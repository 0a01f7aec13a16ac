"""Every rule of docs/rules.md is shown by a test that names it, and no line of the product refuses by another rule."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("underwriting", "bureau_clients", "agreements", "schemas")
ID = r"[A-Z][1-9][0-9]?"
LISTED = rf"{ID}(?:(?:-|, | and ){ID})*"  # "C1", "A1, A4", "D2 and D3", "G4-G6"
TAKES_A_RULE = {"FieldError": 2, "fault": 2, "refusal": 1}  # by which positional argument

# What the first road of the product promises, besides whatever else docs/rules.md lists.
PROMISED = (
    *("A1-A8", "A10", "A11", "B1-B3", "B6", "D1-D7", "D10", "D12", "D13", "D16", "D17"),
    *("G1-G3", "P1", "P3", "P4", "C1-C8", "F1-F3", "F6", "F10"),
)


def ids_in(listed: str) -> Iterator[str]:
    """Every id that *listed* names; `G4-G6` names three."""
    for part in re.split(r", | and ", listed):
        first, _, last = part.partition("-")
        for number in range(int(first[1:]), int((last or first)[1:]) + 1):
            yield f"{first[0]}{number}"


def documented(text: str) -> set[str]:
    """The ids in the first column of the table in *text*."""
    cells = re.findall(rf"^\| ({LISTED}) \|", text, re.MULTILINE)
    return {rule for cell in cells for rule in ids_in(cell)}


def shown(code: str) -> Iterator[tuple[str, str]]:
    """The ids with which the docstring of a test in *code* begins, and the test's name."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            begins = re.match(rf"({LISTED}):", ast.get_docstring(node) or "")
            for rule in ids_in(begins[1]) if begins else ():
                yield rule, node.name


def refused_by(code: str) -> Iterator[tuple[str, int]]:
    """The ids that *code* gives to a refusal or a fault, and the lines."""
    for node in ast.walk(ast.parse(code)):
        for value in _rules_given(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value, value.lineno


@pytest.fixture(scope="module")
def rules() -> set[str]:
    return documented((ROOT / "docs" / "rules.md").read_text())


@pytest.fixture(scope="module")
def tests_of() -> dict[str, set[str]]:
    """The tests that show each rule."""
    tests: dict[str, set[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for rule, name in shown(file.read_text()):
            tests.setdefault(rule, set()).add(f"{file.relative_to(ROOT)}::{name}")
    return tests


def test_every_documented_rule_is_shown_by_a_test_that_names_it(rules: set[str], tests_of: dict[str, set[str]]) -> None:
    assert sorted(rules - tests_of.keys()) == []


def test_every_promised_rule_is_documented_and_shown(rules: set[str], tests_of: dict[str, set[str]]) -> None:
    promised = {rule for listed in PROMISED for rule in ids_in(listed)}
    assert sorted(promised - rules) == []
    assert sorted(promised - tests_of.keys()) == []


def test_no_test_names_a_rule_that_is_not_documented(rules: set[str], tests_of: dict[str, set[str]]) -> None:
    assert {rule: tests for rule, tests in tests_of.items() if rule not in rules} == {}


def test_nothing_is_refused_by_a_rule_that_is_not_documented(rules: set[str]) -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line} {rule}"
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        for rule, line in refused_by(file.read_text())
        if rule not in rules
    }
    assert found == set()


@pytest.mark.parametrize(
    ("listed", "ids"),
    [
        ("C1", ["C1"]),
        ("A1, A4", ["A1", "A4"]),
        ("D2 and D3", ["D2", "D3"]),
        ("G4-G6", ["G4", "G5", "G6"]),
        ("A10, C1-C2", ["A10", "C1", "C2"]),
    ],
)
def test_the_search_reads_lists_and_ranges(listed: str, ids: list[str]) -> None:
    assert list(ids_in(listed)) == ids


@pytest.mark.parametrize(
    ("docstring", "ids"),
    [
        ("C1: at 16:00:00 it is closed.", ["C1"]),
        ("A1, A4: an owner is of age.", ["A1", "A4"]),
        ("Cancellation by C1: closed.", []),
        ("C1 closes at 16:00.", []),
    ],
)
def test_a_test_shows_what_its_docstring_begins_with(docstring: str, ids: list[str]) -> None:
    code = f'def test_it() -> None:\n    """{docstring}"""\n'
    assert [rule for rule, _ in shown(code)] == ids
    assert list(shown(code.replace("test_it", "it"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "class Late(Conflict):\n    rule = 'Z9'",
        "class Late(Conflict):\n    rule: str | None = 'Z9'",
        "raise NotFound(rule='Z9')",
        "PersonalNumberField(rule='Z9')",
        "fault('/amount', BAD, 'Z9')",
        "checks.refusal(BAD, 'Z9')",
        "FieldError('/amount', BAD, 'Z9')",
    ],
)
def test_the_search_finds_a_rule_however_it_is_given(code: str) -> None:
    assert [rule for rule, _ in refused_by(code)] == ["Z9"]


def _rules_given(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.keyword(arg="rule", value=value):
            yield value
        case ast.Assign(targets=[ast.Name(id="rule")], value=value):
            yield value
        case ast.AnnAssign(target=ast.Name(id="rule"), value=ast.expr() as value):
            yield value
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given) if name in TAKES_A_RULE:
            yield from given[TAKES_A_RULE[name] :]
