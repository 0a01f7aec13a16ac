"""docs/policy.md, "Changing the policy": its commands as they stand there, up to the next application's price."""

import json
import re
import shlex
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.support import stored_decisions
from tests.support.lending import ANNA, CECILIA, LendingWorld
from tests.support.serving_process import servable_environment
from underwriting.cli import main
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.kernel.clock import FixedClock
from underwriting.platform import test_time
from underwriting.platform.key_store import key_store_of

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text("utf-8")
SECTION = PAGE.split("## Changing the policy\n")[1].split("\n## ")[0]
STEPS = [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)]
PASSWORD = "en lång hemlighet för provet"
NEW_AB = "559999-1071"  # "Newly started AB without accounts" at the stand-ins


@dataclass
class Terminal:
    """A folder in which somebody types the documented commands, and the password when asked for it."""

    environment: dict[str, str]

    def type(self, line: str) -> str:
        """What the command prints; it must not fail."""
        command, _, file = line.removeprefix("./dev borgen ").partition(" > ")
        answers = f"{PASSWORD}\n{PASSWORD}\n"
        done = CliRunner().invoke(main, shlex.split(command), env=self.environment, input=answers)
        assert done.exit_code == 0, done.output
        if file:
            Path(file).write_text(done.stdout, "utf-8")
        return done.stdout


@pytest.fixture
def terminal(committed_world: LendingWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Beside a service with some stored applications, at whose test time the commands work."""
    runtime = committed_world.runtime
    url = runtime.settings.database_url.reveal()
    stored_decisions.store(url, key_store_of(runtime.settings.encryption), 40)
    put_test_time(committed_world)
    monkeypatch.chdir(tmp_path)
    return Terminal(servable_environment(tmp_path, database_url=url))


def put_test_time(world: LendingWorld) -> None:
    """The commands' clock where the world's stands."""
    test_time.put(world.runtime.settings, world.runtime.database, world.runtime.clock.now())


def edited(content: dict[str, Any]) -> dict[str, Any]:
    """The document changed as the table says."""
    rows = re.findall(r"^\| `(\w+)`(.*?) \| (.*?) \| (.*?) \|$", SECTION, re.MULTILINE)
    assert len(rows) == 7
    for name, what, was, becomes in rows:
        places = list(places_of(content, name, what))
        old, new = ([int(one) for one in text.split(", ")] for text in (was, becomes))
        assert [int(holder[key]) for holder, key in places] == old
        for (holder, key), value in zip(places, new, strict=True):
            holder[key] = str(value) if name == "version" else value
    return content


def places_of(content: dict[str, Any], name: str, what: str) -> list[tuple[dict[str, Any], str]]:
    """Where a row of the table points."""
    if name == "version":
        return [(content, "version")]
    if name == "grades":
        key = re.findall("`(.*?)`", what)[0]
        return [(grade, key) for grade in content["grades"]]
    (found,) = [each for card in content["scorecards"].values() for each in card if each["measure"] == name]
    return [(one, "points") for one in ([found["absent"]] if "absent" in what else found["bins"])]


def decision_on(world: LendingWorld, number: str, guarantor: str) -> StaffDecision:
    """The decision on 100 000 kr for a company whose only guarantor also signs."""
    person = {"personal_number": guarantor, "name": "Namn", "email": "n@example.se", "phone": "+46701234567"}
    changes = {"signatory_personal_number": guarantor, "guarantors": [person], "requested_amount": "100000.00"}
    application_id = world.submitted(world.body(organisation_number=number, **changes))
    assert world.decisions.assess_due() == 1
    return world.decisions.decisions(application_id, world.staff())[0]


def test_a_risk_officer_charges_young_companies_with_weak_guarantors_more(
    committed_world: LendingWorld, terminal: Terminal
) -> None:
    """D11: F 41, company 4+8+1+1, guarantor 2+6+4+3 make 70, B at 2.00 %; with 0 for age and income 67, C at 2.75 %."""
    staff, start, check, diff, govern, back = STEPS
    for line in (*staff, *start):
        terminal.type(line)
    draft = Path("draft.json")
    draft.write_text(json.dumps(edited(json.loads(draft.read_text("utf-8"))), ensure_ascii=False), "utf-8")
    assert "Version 3 holds" in terminal.type(*check)

    assert "exponering nu" in terminal.type(*diff)
    money = json.loads(terminal.type(f"{diff[0]} --json"))
    assert money["all"]["applications"] == 40
    assert Decimal(money["all"]["after"]["fees"]) > Decimal(money["all"]["before"]["fees"])
    assert money["forms"].keys() == {"AB", "HB", "KB", "EF"}

    for line in govern[:-1]:
        terminal.type(line)
    assert re.search(r"^3 .* in_force ", terminal.type(govern[-1]), re.MULTILINE)
    pass_a_minute(committed_world)
    young = decision_on(committed_world, NEW_AB, CECILIA.digits)
    assert (young.policy_version, young.points, young.grade) == ("3", 67, "C")
    assert young.offer is not None
    assert young.offer.fee_rate == Decimal("0.0275")
    old = decision_on(committed_world, "559999-0008", ANNA.digits)
    assert (old.policy_version, old.grade) == ("3", "A")

    put_test_time(committed_world)
    terminal.type(*back)
    pass_a_minute(committed_world)
    assert committed_world.decisions.policy_in_force().version == "2"


def pass_a_minute(world: LendingWorld) -> None:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(minutes=1))


def test_bad_input_is_told_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    """D11: each with status 1 or 2, and nothing else than before is kept."""
    (tmp_path / "empty.json").write_text("{}")
    (tmp_path / "other.json").write_text(terminal.type("./dev borgen policy show 1 --document"))
    terminal.type(STEPS[0][0])
    before = terminal.type("./dev borgen policy list")
    for command, told in (
        ("policy check missing.json", "does not exist"),
        ("policy check empty.json", "/  Medlemmen version saknas"),
        (f"policy check other.json --sha256 {'0' * 64}", "/  D11  Dokumentets kontrollsumma"),
        ("policy draft empty.json --username risk-officer", "/  Medlemmen version saknas"),
        ("policy diff 9", "no such version"),
        ("policy diff empty.json", "/  Medlemmen version saknas"),
        ("policy approve 9 --username risk-officer", "no such version"),
        ("policy approve 9 --username nobody", "username or password"),
        ("policy publish 1 --from yesterday --username risk-officer", "is no instant"),
        ("policy publish 1 --from 2026-12-01T00:00:00 --username risk-officer", "no time zone"),
        ("policy publish 1 --from 2020-01-01T00:00:00Z --username risk-officer", "in the past"),
    ):
        done = CliRunner().invoke(
            main, shlex.split(command), env=terminal.environment, input=f"{PASSWORD}\n", catch_exceptions=False
        )
        assert done.exit_code in (1, 2), command
        assert told in " ".join(done.output.split("\n")).replace("    ", "  "), (command, done.output)
    assert terminal.type("./dev borgen policy list") == before
