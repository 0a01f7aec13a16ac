"""Random policies of format 2 that can be loaded: other points, thresholds, prices, limits and stress."""

import json
from importlib.resources import files
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from underwriting.decisions.policies import load_policy
from underwriting.decisions.policy import Policy, PolicyInvalid
from underwriting.decisions.rules import KINDS, Absence, Measure

DOCUMENT = files("underwriting.decisions.policies").joinpath("policy-2.json").read_text()
_CAPS = ["20000.00", "90000.00", "500000.00", "2000000.00"]
_ACTS = ["points", "points", "swap", "drop", "looks", "grade", "cap", "limit", "referred", "reach", "stress", "lacking"]
"""What somebody who does not care for the rules does to a document."""
_BEYOND_ALL_POINTS = 100_000
Draw = st.DrawFn


@st.composite
def policies(draw: Draw) -> Policy:
    """A policy that is proved when it is loaded; the few that are not are drawn again."""
    content = json.loads(DOCUMENT)
    for card, characteristics in content["scorecards"].items():
        for each in characteristics:
            _points(draw, each, most=60 if card == "ability" else 12)
    content["capacity"] |= {
        "revenue_share": draw(st.sampled_from(["0.50", "0.75", "0.90", "1"])),
        "debt_months": draw(st.integers(1, 36)),
        "margin": draw(st.sampled_from(["1", "1.25", "2"])),
    }
    content["company_remarks_referred_from"] = draw(st.integers(1, 6))
    content["without_accounts"]["cap"] = draw(st.sampled_from(_CAPS[:3]))
    _prices(draw, content)
    _limits(draw, content["limits"])
    content["authority"][1]["fee_deviation"] = content["authority"][0]["fee_deviation"] = "0"
    try:
        return load_policy(json.dumps(content))
    except PolicyInvalid:
        reject()


@st.composite
def tampered_documents(draw: Draw) -> str:
    """The shipped document with one to three members changed by somebody who does not care for the rules."""
    content = json.loads(DOCUMENT)
    for _ in range(draw(st.integers(1, 3))):
        card = draw(st.sampled_from(sorted(content["scorecards"])))
        each = draw(st.sampled_from(content["scorecards"][card]))
        found = draw(st.sampled_from([*each["bins"], *(each[name] for name in ("absent", "unknown") if name in each)]))
        grade = draw(st.sampled_from(content["grades"]))
        act = draw(st.sampled_from(_ACTS))
        if act == "points":
            found["points"] = draw(st.integers(0, 40))
        elif act == "swap" and len(each["bins"]) > 1:
            each["bins"][0], each["bins"][1] = each["bins"][1], each["bins"][0]
        elif act == "drop":
            del each["bins"][draw(st.integers(0, len(each["bins"]) - 1))]
        elif act == "looks":
            each["looks"] = draw(st.sampled_from(["future", "history"]))
        elif act == "grade":
            grade["margin"] = f"{draw(st.integers(0, 400)) / 10_000:.4f}"
        elif act == "cap":
            grade["cap"] = draw(st.sampled_from(["0", *_CAPS]))
        elif act == "reach":
            _move_limit(draw, each["bins"])
        elif act == "stress":
            content["capacity"]["revenue_share"] = draw(st.sampled_from(["0.01", "0.10", "0.15", "0.50", "1"]))
        elif act == "lacking":
            each.pop(draw(st.sampled_from(["absent", "unknown"])), None)
        elif act == "limit":
            content["limits"]["exposure"]["company"] = draw(st.sampled_from(["0", *_CAPS]))
        else:
            grade["referred"] = draw(st.booleans())
        if not each["bins"]:
            break
    return json.dumps(content)


def _move_limit(draw: Draw, bins: list[dict[str, Any]]) -> None:
    """Let a bin reach as far as another one, further, or less far."""
    limited = [(found, name) for found in bins for name in ("at_least", "above", "at_most") if name in found]
    if limited:
        found, name = draw(st.sampled_from(limited))
        other, its_name = draw(st.sampled_from(limited))
        whole, value = isinstance(found[name], int), other[its_name]
        found[name] = value + draw(st.integers(0, 2)) if whole else draw(st.sampled_from([value, "0", "0.5", "90000"]))


def _points(draw: Draw, each: dict[str, Any], *, most: int) -> None:
    count = len(each["bins"])
    rising = sorted(draw(st.lists(st.integers(0, most), min_size=count, max_size=count)))
    for found, points in zip(reversed(each["bins"]), rising, strict=True):
        found["points"] = points
    if "absent" in each:
        low, high = {
            Absence.NONE_OF_IT: (rising[-1], rising[-1]),
            Absence.NOTHING_TO_SHOW: (0, rising[0]),
            Absence.NOT_SAID: (rising[0], rising[-1]),
        }[KINDS[Measure(each["measure"])].absence or Absence.NOT_SAID]
        each["absent"]["points"] = draw(st.integers(low, high))
    if "unknown" in each:
        worst = min(rising[0], each["absent"]["points"]) if "absent" in each else rising[0]
        each["unknown"]["points"] = draw(st.integers(0, worst))


def _prices(draw: Draw, content: dict[str, Any]) -> None:
    grades = content["grades"]
    count = len(grades) - 1
    starts = [0, *sorted(draw(st.sets(st.integers(1, 200), min_size=count, max_size=count)))]
    rates = sorted(draw(st.lists(st.integers(1, 90), min_size=count + 1, max_size=count + 1)))
    margins = sorted(draw(st.lists(st.integers(0, 300), min_size=count + 1, max_size=count + 1)))
    caps = sorted(draw(st.lists(st.sampled_from(_CAPS), min_size=count + 1, max_size=count + 1)), key=float)
    referred = draw(st.integers(0, count + 1))
    for place, grade in enumerate(reversed(grades)):  # from the worst to the best
        grade |= {
            "from_points": starts[place],
            "to_points": starts[place + 1] - 1 if place < count else _BEYOND_ALL_POINTS,
            "default_rate": f"{rates[count - place] / 100:.2f}",
            "margin": f"{margins[count - place] / 10_000:.4f}",
            "cap": caps[place],
            "referred": place < referred,
        }
    content["prices"] = {
        "cost_of_funds": draw(st.sampled_from(["0", "0.0040"])),
        "loss_given_default": draw(st.sampled_from(["0.25", "0.60", "1"])),
        "rounded_up_to": draw(st.sampled_from(["0.0001", "0.0025", "0.000001"])),
    }


def _limits(draw: Draw, limits: dict[str, Any]) -> None:
    limits["by_form"] = {form: draw(st.sampled_from(_CAPS)) for form in limits["by_form"]}
    low, high = sorted(draw(st.lists(st.sampled_from(_CAPS), min_size=2, max_size=2)), key=float)
    limits["exposure"] = {"company": low, "group": high}
    limits["guarantor"] = {"at_risk": draw(st.sampled_from(_CAPS)), "promised": draw(st.sampled_from(_CAPS))}
