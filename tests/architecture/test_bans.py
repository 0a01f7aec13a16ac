"""What no module of the product may do: read the time on its own, or hold an amount in a float."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUFF = Path(sys.executable).parent / "ruff"
NOT_MONEY = (
    # generated credits, drawn from distributions: nobody's money
    "underwriting/decisions/calibration/__main__.py",
    "underwriting/decisions/calibration/chart.py",
    "underwriting/decisions/calibration/outcome.py",
    "underwriting/decisions/calibration/population.py",
    "underwriting/platform/environment.py",  # reads time-outs
    "underwriting/platform/rate_limit_store.py",  # answers the library of limits, whose instants are seconds
    "underwriting/web/charts.py",  # draws in pixels
    "underwriting/web/plots.py",  # draws in pixels
    "underwriting/web/waterfall.py",  # draws in pixels
)
MAY_BE_FLOAT = re.compile(r"(seconds|deadline)$")
FLOAT_COLUMNS = {"Float", "REAL", "Double", "DOUBLE", "DOUBLE_PRECISION"}


def rules_broken(code: str, *, file: str) -> set[str]:
    """The rules of ruff that *code* breaks when it stands in *file*."""
    command = [str(RUFF), "check", "--output-format=json", f"--stdin-filename={file}", "-"]
    done = subprocess.run(command, cwd=ROOT, input=code, capture_output=True, text=True, check=False)
    return {found["code"] for found in json.loads(done.stdout)}


def floats_in(code: str) -> Iterator[str]:
    """Where *code* makes a float, or declares one under a name that does not say seconds."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield f"line {node.lineno}: float(…)"
        elif isinstance(node, ast.Attribute | ast.Name) and _name(node) in FLOAT_COLUMNS:
            yield f"line {node.lineno}: {_name(node)}"
        elif (name := _declared_as_float(node)) and not MAY_BE_FLOAT.search(name):
            yield f"declared: {name}"


def product_files() -> list[Path]:
    packages = ("underwriting", "bureau_clients", "agreements", "schemas")
    return [file for package in packages for file in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\ndatetime.now()\n",
        "from datetime import UTC, datetime\ndatetime.now(UTC)\n",
        "import datetime as dt\ndt.datetime.now(dt.UTC)\n",
        "from datetime import date\ndate.today()\n",
        "import time\ntime.time()\n",
        "from time import time\ntime()\n",
        "import time\ntime.time_ns()\n",
    ],
)
def test_the_clock_is_read_in_one_module_only(code: str) -> None:
    assert "TID251" in rules_broken(code, file="agreements/billing/rules.py")
    assert "TID251" in rules_broken(code, file="underwriting/platform/scheduler.py")
    assert "TID251" not in rules_broken(code, file="underwriting/kernel/clock.py")


def test_nobody_waves_the_ban_of_the_clock_aside() -> None:
    waved = [str(file.relative_to(ROOT)) for file in product_files() if "noqa: TID251" in file.read_text()]
    assert waved == []


def test_no_float_is_made_or_declared_where_it_does_not_say_seconds() -> None:
    """F6: the ledger is in öre; a float holds seconds and nothing else."""
    found = {
        f"{file.relative_to(ROOT)} {place}"
        for file in product_files()
        if str(file.relative_to(ROOT)) not in NOT_MONEY
        for place in floats_in(file.read_text())
    }
    assert found == set()


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("rate = float('0.02')", 1),
        ("def fee(amount: float) -> Money: ...", 1),
        ("def fee(amount: Money) -> float | None: ...", 1),
        ("class Row:\n    amount: Mapped[float] = mapped_column(sa.Float)", 2),
        ("def ask(timeout_seconds: float, deadline: float) -> Money: ...", 0),
        ("amount_ore: int = 150000", 0),
    ],
)
def test_the_search_for_floats_finds_them(code: str, count: int) -> None:
    assert len(list(floats_in(code))) == count


def _declared_as_float(node: ast.AST) -> str:
    """The name of the argument, variable or function that *node* declares as a float; empty when it declares none."""
    match node:
        case ast.arg(arg=name, annotation=ast.expr() as kind) | ast.FunctionDef(name=name, returns=ast.expr() as kind):
            pass
        case ast.AnnAssign(target=target, annotation=kind):
            name = _name(target)
        case _:
            return ""
    return name if any(_name(part) == "float" for part in ast.walk(kind)) else ""


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
