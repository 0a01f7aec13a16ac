"""The calibration on generated data: the same population each time, and a table that adds up."""

import json
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest

from underwriting.decisions.calibration.__main__ import main
from underwriting.decisions.calibration.outcome import Credit, by_band, by_grade, credits_of
from underwriting.decisions.calibration.population import applicants
from underwriting.decisions.policies import load_policy, shipped_policy

DOCUMENT = files("underwriting.decisions.policies").joinpath("policy-2.json").read_text()


@pytest.fixture(scope="module")
def given() -> list[Credit]:
    policy = shipped_policy()
    population = applicants(4_000, seed=7, highest_fee_rate=policy.highest_fee_rate)
    found, without = credits_of(population, policy)
    assert len(found) + without == 4_000
    return found


def test_the_same_seed_gives_the_same_population() -> None:
    rate = shipped_policy().highest_fee_rate
    assert applicants(20, seed=3, highest_fee_rate=rate) == applicants(20, seed=3, highest_fee_rate=rate)
    assert applicants(20, seed=3, highest_fee_rate=rate) != applicants(20, seed=4, highest_fee_rate=rate)


def test_fewer_fail_in_a_better_grade(given: list[Credit]) -> None:
    """D4: the points tell good credits from bad in a population that was not made from them."""
    rates = [group.default_rate for group in by_grade(given, shipped_policy()) if group.count > 200]
    assert len(rates) >= 3
    assert rates == sorted(rates)


def test_what_a_fee_leaves_is_the_fee_less_losses_and_funds(given: list[Credit]) -> None:
    """D6: on what was owed; and no credit is counted twice or lost."""
    for groups in (by_grade(given, shipped_policy()), by_band(given)):
        assert sum(group.count for group in groups) == len(given)
        for group in groups:
            assert group.left == pytest.approx(group.fee_rate - group.loss_rate - group.funds_rate)
    best = by_grade(given, shipped_policy())[0]
    assert best.funds_rate == pytest.approx(0.0040)
    assert 0.0145 < best.fee_rate <= 0.0150  # 1.50 %, less the months that were not paid


def test_a_dearer_policy_leaves_more(given: list[Credit]) -> None:
    """D11: a risk officer sees the effect of another margin in money."""
    content = json.loads(DOCUMENT)
    for grade in content["grades"]:
        grade["margin"] = f"{float(grade['margin']) + 0.005:.4f}"
    dearer = load_policy(json.dumps(content))
    population = applicants(4_000, seed=7, highest_fee_rate=dearer.highest_fee_rate)
    after = by_grade(credits_of(population, dearer)[0], dearer)[0]
    assert after.left - by_grade(given, shipped_policy())[0].left == pytest.approx(0.005, abs=0.0005)


def test_the_command_prints_tables_and_writes_a_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy, chart = tmp_path / "draft.json", tmp_path / "chart.svg"
    policy.write_text(DOCUMENT)
    assert main(["--applications", "300", "--policy", str(policy), "--svg", str(chart)]) == 0
    told = capsys.readouterr().out
    assert "policy 2, 300 generated applications" in told
    assert "reckoned" in told
    assert ElementTree.parse(chart).getroot().tag.endswith("svg")  # noqa: S314 — our own


def test_the_command_names_what_is_wrong_with_a_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """D11: member and rule; and a file that is not there is said to be so."""
    policy = tmp_path / "draft.json"
    policy.write_text(DOCUMENT.replace('"to_points": 79', '"to_points": 77'))
    assert main(["--applications", "10", "--policy", str(policy)]) == 1
    assert "/grades/1/to_points: A hole: 78-79 points have no price (grade B) (D6)" in capsys.readouterr().err
    assert main(["--applications", "10", "--policy", str(tmp_path / "none.json")]) == 1
    assert "No such file" in capsys.readouterr().err
