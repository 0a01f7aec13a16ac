"""The page on security names what there is, and leaves out no requirement of its level."""

import re

from tests.architecture.test_rules_traceable import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
FOLDERS = "tests|underwriting|agreements|bureau_clients|schemas|docs|ops"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]+|constraints\.txt|pyproject\.toml)`")
CHAPTERS = range(1, 18)

# How many requirements each section of version 5.0.0 has at levels 1 and 2; within a section these come first.
SECTIONS = (
    "1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 "
    "4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:11 6.3:3 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 "
    "7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 "
    "10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 "
    "14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 "
)


def answered() -> list[str]:
    """Every requirement in the first column of a chapter's table: `1.2.4`, or a range of them."""
    cells = re.findall(r"^\| ((?:\d+\.\d+\.\d+(?:–\d+)?(?:, )?)+) \|", PAGE.partition("## OWASP")[2], re.MULTILINE)
    found = []
    for one in ", ".join(cells).split(", "):
        section, _, numbers = one.rpartition(".")
        first, _, last = numbers.partition("–")
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def test_every_file_that_the_page_names_is_there() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 100
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_attack_that_is_tried_is_told_on_the_page() -> None:
    tried = {f"tests/api/attacks/{path.name}" for path in (ROOT / "tests" / "api" / "attacks").glob("test_*.py")}
    assert tried - set(NAMED.findall(PAGE)) == set()


def test_every_requirement_of_the_level_is_answered_once() -> None:
    counts = [each.split(":") for each in SECTIONS.split()]
    required = [f"{section}.{number}" for section, count in counts for number in range(1, int(count) + 1)]
    assert sorted(answered()) == sorted(required)
    told = [int(chapter) for chapter in re.findall(r"^### V(\d+) ", PAGE, re.MULTILINE)]
    assert told == list(CHAPTERS)
