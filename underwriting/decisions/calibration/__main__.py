"""The command: a table per grade and per band of points, and a chart."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from underwriting.decisions.calibration.chart import default_chart
from underwriting.decisions.calibration.outcome import Group, by_band, by_grade, credits_of
from underwriting.decisions.calibration.population import applicants
from underwriting.decisions.policies import load_policy, shipped_policy
from underwriting.decisions.policy import Grade, Policy, PolicyInvalid

_FEWEST = 30
"""Below this many credits a group's default rate says little, and is marked."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the population gives; 1 when a policy cannot be used, else 0."""
    asked = _parser().parse_args(arguments)
    try:
        policy = load_policy(asked.policy.read_bytes()) if asked.policy else shipped_policy()
    except PolicyInvalid as refused:
        lines = [f"{error.pointer or '/'}: {error.detail.en} ({error.rule or 'format'})" for error in refused.errors]
        sys.stderr.write("\n".join(lines) + "\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{asked.policy}: {error.strerror}\n")
        return 1
    population = applicants(asked.applications, seed=asked.seed, highest_fee_rate=policy.highest_fee_rate)
    given, without = credits_of(population, policy)
    grades, bands = by_grade(given, policy), by_band(given)
    sys.stdout.write("\n".join(_told(policy, grades, bands, len(population), without)) + "\n")
    if asked.svg:
        title = f"Defaults within a year by points, policy {policy.version}, generated data"
        chart = default_chart(bands, title=title, reckoned=_reckoned(policy, bands))
        asked.svg.write_text(chart, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m underwriting.decisions.calibration", description=__doc__)
    parser.add_argument("--applications", type=int, default=20_000, help="how many are generated (20000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same population (1)")
    parser.add_argument("--policy", type=Path, help="a policy document; without it the one that ships")
    parser.add_argument("--svg", type=Path, help="where to write a chart of default rates by points")
    return parser


def _told(
    policy: Policy, grades: Sequence[Group], bands: Sequence[Group], applications: int, without: int
) -> Iterator[str]:
    yield f"policy {policy.version}, {applications} generated applications, {without} without an offer"
    yield ""
    yield "grade  credits  defaults  reckoned   fee/month  lost/month  funds/month  left/month  margin"
    for group in grades:
        grade = next(each for each in policy.grades if each.name == group.name)
        yield _row(group, grade)
    yield ""
    yield "points   credits  defaults"
    for group in bands:
        yield f"{group.name:7}  {group.count:7}  {group.default_rate:7.1%}{_few(group)}"
    yield ""
    yield f"* fewer than {_FEWEST} credits"


def _reckoned(policy: Policy, bands: Sequence[Group]) -> dict[str, float]:
    """The policy's own default rate of the grade in which each band begins."""
    found = {}
    for band in bands:
        points = int(band.name.split("-")[0])
        grade = next(grade for grade in policy.grades if points >= grade.from_points)
        if grade.default_rate is not None:
            found[band.name] = float(grade.default_rate)
    return found


def _row(group: Group, grade: Grade) -> str:
    reckoned = "" if grade.default_rate is None else f"{grade.default_rate:.1%}"
    margin = "" if grade.margin is None else f"{grade.margin:.2%}"
    defaults = f"{group.name:5}  {group.count:7}  {group.default_rate:7.1%}{_few(group)}  {reckoned:>8}"
    rates = f"{group.fee_rate:9.2%}  {group.loss_rate:10.2%}  {group.funds_rate:11.2%}  {group.left:10.2%}"
    return f"{defaults}   {rates}  {margin:>6}"


def _few(group: Group) -> str:
    return "*" if group.count < _FEWEST else " "


if __name__ == "__main__":
    sys.exit(main())
