"""The dashboard and the alarms that are shipped ask for figures that the service tells, by labels that these have."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.architecture.test_rules_traceable import ROOT
from underwriting.business_metrics import figures_of
from underwriting.platform import metrics
from underwriting.platform.runtime import Runtime

DASHBOARD = ROOT / "ops" / "grafana" / "borgen.json"
ALERTS = ROOT / "ops" / "prometheus" / "alerts.yml"
OPERATING = ROOT / "docs" / "operating.md"
OF_THE_TARGET = {"job", "instance"}  # labels that Prometheus adds

SELECTED = re.compile(r"(borgen_[a-z_]+|\bup\b)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([a-z_, ]+)\)")


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def questions() -> Iterator[tuple[str, str]]:
    """Every question that is put to Prometheus, with who puts it."""
    for panel in dashboard()["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", ()))
    yield from ((rule["alert"], rule["expr"]) for rule in rules())


@pytest.fixture
def told(runtime: Runtime) -> dict[str, set[str]]:
    """The labels of every figure that `/metrics` tells, by the name of its samples."""
    found: dict[str, set[str]] = {"borgen_database_up": set(), "up": set()}
    for metric in metrics._own.collect():
        kinds: dict[str, dict[str, set[str]]]
        kinds = {"histogram": {"_bucket": {"le"}, "_sum": set(), "_count": set()}, "counter": {"_total": set()}}
        labels = {"borgen_http_requests": {"route", "method", "status"}, "borgen_http_request_seconds": {"route"}}
        for ending, more in kinds[metric.type].items():
            found[metric.name + ending] = labels[metric.name] | more
    with runtime.database.transaction() as session:
        for figure in figures_of(runtime)(session):
            found[figure.name + ("_total" if figure.counts else "")] = set(figure.labels)
    return found


@pytest.mark.parametrize(("who", "question"), list(questions()))
def test_a_question_is_put_about_figures_and_labels_that_there_are(
    told: dict[str, set[str]], who: str, question: str
) -> None:
    assert question.count("(") == question.count(")"), who
    asked = SELECTED.findall(question)
    assert asked, who
    for name, selected in asked:
        assert name in told, f"{who} asks for {name}"
        chosen = set(re.findall(r"([a-z_]+)\s*(?:=~|!=|!~|=)", selected))
        grouped = {label.strip() for group in GROUPED.findall(question) for label in group.split(",")}
        assert chosen | grouped <= told[name] | OF_THE_TARGET, f"{who}: {name} has {sorted(told[name])}"


def test_every_figure_is_shown_on_the_dashboard(told: dict[str, set[str]]) -> None:
    text = DASHBOARD.read_text()
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in told} - {"up"}
    assert {name for name in families if name not in text} == set()


def test_no_figure_has_a_label_that_prometheus_would_rename(told: dict[str, set[str]]) -> None:
    assert {name for name, labels in told.items() if labels & OF_THE_TARGET} == set()


def test_panels_stand_beside_each_other_and_have_names_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + column, place["y"] + line) for column in range(place["w"]) for line in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(column for column, _ in cells) < 24, panel["title"]
        taken |= cells


def test_every_alarm_says_how_urgent_it_is_and_what_is_the_matter() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert re.fullmatch("[0-9]+[mh]", rule.get("for", "1m")), rule["alert"]


def test_every_alarm_stands_in_the_operators_page_with_what_to_do() -> None:
    rows = set(re.findall(r"^\| `(Borgen\w+)` \|", OPERATING.read_text(), re.MULTILINE))
    assert rows == {rule["alert"] for rule in rules()}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: it would parse the rules")
def test_prometheus_itself_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", ALERTS], check=True)
