"""What is wrong with a policy is told alike on the command line, over HTTP and on the console: where, which rule."""

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.api.test_policies import browser, document, send
from tests.support.house import HouseWorld
from underwriting.cli import main
from underwriting.decisions.services.keep_policies import Policies
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import Role

Change = Callable[[dict[str, Any]], object]
RULED_BY_REMARK = [{"when": "remarks", "reason": {"sv": "Nej", "en": "No"}}]


def measure(content: dict[str, Any], name: str) -> Any:
    return next(each for card in content["scorecards"].values() for each in card if each["measure"] == name)


def without_last_bin(content: dict[str, Any]) -> None:
    measure(content, "years_registered")["bins"].pop()


def without_unknown(content: dict[str, Any]) -> None:
    del measure(content, "years_registered")["unknown"]


def overlapping(content: dict[str, Any]) -> None:
    """The second bin holds up to three remarks, and so does the third."""
    measure(content, "company_remarks")["bins"][1]["at_most"] = 3


def worse_is_better(content: dict[str, Any]) -> None:
    """The youngest companies get what the oldest get."""
    measure(content, "years_registered")["bins"][2]["points"] = 5


def declining_for_a_remark(content: dict[str, Any]) -> None:
    content["declines"] = RULED_BY_REMARK


def with_a_hole(content: dict[str, Any]) -> None:
    """B ends at 76 points, A begins at 80."""
    content["grades"][1]["to_points"] = 76


@pytest.mark.parametrize(
    ("change", "pointer", "rule", "words"),
    [
        (without_last_bin, "/scorecards/company/2/bins/1", "D11", "years_registered, bin 2"),
        (without_unknown, "/scorecards/company/2/unknown", "D13", "years_registered"),
        (overlapping, "/scorecards/company/1/bins/2", "D12", "company_remarks, bin 3"),
        (worse_is_better, "/scorecards/company/2/bins/2", "D12", "years_registered, bin 3"),
        (declining_for_a_remark, "/declines/0/when", "D2", "never remarks"),
        (with_a_hole, "/grades/1/to_points", "D6", "77-79"),
    ],
)
def test_a_broken_rule_is_told_by_place_and_rule_everywhere(
    world: HouseWorld, tmp_path: Path, change: Change, pointer: str, rule: str, words: str
) -> None:
    """D11: place, rule and bin on the command line, over HTTP and on the page; nothing is kept."""
    content = json.loads(document("4"))
    change(content)
    drafter = world.staff(Role.SENIOR_UNDERWRITER, username="drafter")
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(content), "utf-8")
    checked = CliRunner().invoke(main, ["policy", "check", str(file), "--language", "en"])
    assert checked.exit_code == 1
    assert re.search(rf"{re.escape(pointer)}\s+{rule}\s.*{re.escape(words)}", checked.output), checked.output

    problem = drafter.post("/v1/policies", {"document": json.dumps(content)}, 422)
    assert (pointer, rule) in [(one["pointer"], one.get("rule")) for one in problem["errors"]]

    sent = {"document": (io.BytesIO(json.dumps(content).encode()), "d.json")}
    page = send(browser(world, "drafter"), "/console/policies", "/console/policies", **sent)
    assert page.status_code == 422
    assert f"<code>{pointer}</code></td><td>{rule}</td>" in unescape(page.text)
    assert [one["version"] for one in drafter.get("/v1/policies")["items"]].count("4") == 0


def test_a_wrong_hash_is_refused_everywhere(world: HouseWorld, tmp_path: Path) -> None:
    """D11: the document is not the one that was meant; both hashes are told."""
    drafter, wrong = world.staff(Role.SENIOR_UNDERWRITER, username="drafter"), "0" * 64
    file = tmp_path / "draft.json"
    file.write_text(document("4"), "utf-8")
    checked = CliRunner().invoke(main, ["policy", "check", str(file), "--sha256", wrong])
    assert (checked.exit_code, wrong in checked.output) == (1, True)
    problem = drafter.post("/v1/policies", {"document": document("4"), "sha256": wrong}, 422)
    assert wrong in json.dumps(problem)
    sent = {"document": (io.BytesIO(document("4").encode()), "d.json"), "sha256": wrong}
    page = send(browser(world, "drafter"), "/console/policies", "/console/policies", **sent)
    assert (page.status_code, wrong in page.text) == (422, True)
    assert [one["version"] for one in drafter.get("/v1/policies")["items"]].count("4") == 0


def test_two_in_force_at_once_and_ones_own_draft_are_refused_everywhere(world: HouseWorld) -> None:
    """D11: over HTTP and on the page; the command line stands on the same use cases."""
    drafter = world.staff(Role.SENIOR_UNDERWRITER, username="drafter")
    second = world.staff(Role.SENIOR_UNDERWRITER, username="second")
    at = (world.clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    paths = []
    for version in ("4", "5"):
        made = drafter.post("/v1/policies", {"document": document(version)})
        second.post(f"/v1/policies/{made['id']}/approval", {})
        paths.append(made["id"])
    own = drafter.post(f"/v1/policies/{paths[0]}/publications", {}, 403)
    assert (own["type"].rpartition("/")[2], own["rule"]) == ("own-policy-draft", "D11")
    here = f"/console/policies/{paths[0]}"
    page = send(browser(world, "drafter"), "/console/policies", f"{here}/publish", **{"from": ""})
    assert page.status_code == 409
    assert "en annan person" in unescape(page.text)

    second.post(f"/v1/policies/{paths[0]}/publications", {"in_force_from": at})
    twice = second.post(f"/v1/policies/{paths[1]}/publications", {"in_force_from": at}, 409)
    assert twice["rule"] == "D11"
    local = (world.clock.now() + timedelta(days=1)).astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S")
    sent = {"from": local}
    page = send(browser(world, "second"), "/console/policies", f"/console/policies/{paths[1]}/publish", **sent)
    assert page.status_code == 409
    in_force = [one for one in Policies(world.runtime).versions() if one.publications]
    assert "5" not in [one.version for one in in_force]
