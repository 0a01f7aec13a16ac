"""What docs/bureaus.md promises of every fault of a bureau, read from its tables."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bureau_clients.questions import CopyNotice, Outcome

DOCUMENT = Path(__file__).parents[3] / "docs" / "bureaus.md"

_OUTCOMES = {str(outcome).replace("_", " "): outcome for outcome in Outcome}
_NOTICES = {
    "expected": {CopyNotice.EXPECTED, CopyNotice.SENT},
    "none": {CopyNotice.NONE},
    "possible": {CopyNotice.POSSIBLE},
}


@dataclass(frozen=True)
class Consequence:
    """What follows an outcome: whether the next bureau is asked, and what is noted of the copy to the subject."""

    next_after_ab: bool
    next_after_others: bool
    notices: frozenset[CopyNotice]

    def goes_on(self, *, gets_copy: bool) -> bool:
        """Whether the next bureau is asked about somebody who *gets_copy*."""
        return self.next_after_others if gets_copy else self.next_after_ab


@dataclass(frozen=True)
class Promise:
    """What one fault gives at each bureau where it can happen, and which facts a report does not tell because of it."""

    fault: str
    outcomes: Mapping[str, Outcome]
    untold: Sequence[str]
    tells_nothing: bool


@cache
def promises() -> Sequence[Promise]:
    """Each row of the table of faults."""
    return [_promise(cells) for cells in _rows("fault")]


@cache
def consequences() -> Mapping[Outcome, Consequence]:
    """Each row of the table of outcomes."""
    return {
        _OUTCOMES[cells[0]]: Consequence(
            cells[1] == "next bureau", cells[2] == "next bureau", frozenset(_NOTICES[cells[3]])
        )
        for cells in _rows("outcome of a question")
    }


@cache
def order() -> Sequence[Outcome]:
    """Which outcome counts when there are several, the first first."""
    found = re.search(r"the first of these that any of them gave: ([^.]*)\.", _section())
    assert found
    return [_OUTCOMES[" ".join(word.split())] for word in found[1].split(",")]


@cache
def leave_supplements_whole() -> frozenset[str]:
    """The faults after which what is asked for beside a report is told all the same."""
    found = re.search(r"It is told all the same after ([^.]*), which leave it whole\.", _section())
    assert found
    return frozenset(re.findall(r"`(\w+)`", found[1]))


def _promise(cells: Sequence[str]) -> Promise:
    fault, _, creditsafe, bisnode, untold = cells
    said = {"creditsafe": creditsafe, "bisnode": bisnode}
    return Promise(
        fault=fault.strip("`"),
        outcomes={bureau: _OUTCOMES[word] for bureau, word in said.items() if word != "–"},
        untold=re.findall(r"`(\w+)`", untold),
        tells_nothing="…" in untold,
    )


def _rows(heading: str) -> Iterator[Sequence[str]]:
    """The cells of each row of the table whose first column is called *heading*."""
    lines = iter(_section().splitlines())
    for line in lines:
        if line.startswith(f"| {heading} |"):
            next(lines)
            break
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


@cache
def _section() -> str:
    found = re.search(r"<!-- faults -->(.*)<!-- /faults -->", DOCUMENT.read_text(), re.DOTALL)
    assert found, "docs/bureaus.md has no section on faults"
    return found[1]
