"""The contracts in pyproject.toml are kept, and break when somebody breaks them: violations planted in a copy."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
PACKAGES = ("underwriting", "bureau_clients", "agreements", "schemas")

# What is added to which file, and the contract that says no.
PLANTED = [
    ("underwriting/kernel/money.py", "import underwriting.platform.processes", "Rooms of underwriting"),
    ("underwriting/helpers.py", "", "Rooms of underwriting"),
    (
        "agreements/credit/service.py",
        "import underwriting.decisions.rules",
        "Packages stand on each other in one order",
    ),
    ("schemas/fields.py", "import underwriting.platform.runtime", "Packages stand on each other in one order"),
    ("agreements/ledger/service.py", "import agreements.billing.rules", "Features of agreements"),
    ("bureau_clients/creditsafe/mapping.py", "import bureau_clients.sandbox", "Bureaus and their evidence"),
    ("agreements/billing/rules.py", "import agreements.billing.models", "Files of a feature"),
    ("agreements/billing/helpers.py", "", "Files of a feature"),
    ("underwriting/decisions/facts.py", "import underwriting.decisions.scoring", "Files of decisions"),
    ("agreements/guarantees/service.py", "import flask", "Services and rows know no HTTP"),
    ("agreements/signing/routes.py", "import agreements.signing.models", "Views reach rows through services"),
    ("agreements/billing/models.py", "import agreements.credit.service", "Rows call nobody"),
    ("agreements/cancellation/rules.py", "import sqlalchemy", "Rules are pure"),
    ("bureau_clients/evidence.py", "import werkzeug", "Flask at the edge"),
    ("underwriting/platform/outbox.py", "import cryptography", "Cryptography in few places"),
    ("underwriting/due_diligence/models.py", "import underwriting.due_diligence.likeness", "Files of due diligence"),
    ("underwriting/sanctions_cli.py", "import rapidfuzz", "Likeness of names in one place"),
    ("underwriting/web/documents.py", "import typst", "Typesetting and seals in one place each"),
    ("agreements/signing/rules.py", "import signxml", "Evidence of signatures in one place"),
    ("underwriting/platform/sign_on.py", "import authlib", "The identity provider through its client"),
    ("underwriting/web/forms.py", "import requests", "Outside parties through their clients"),
    ("bureau_clients/calls.py", "import opentelemetry", "Metrics and traces in one place each"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product as it stands."""
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def told(copy: Path) -> dict[str, str]:
    """What is told of each contract when all violations are planted at once: one look at the tree, not one for each."""
    assert "0 broken" in look_at(copy), "the tree as it stands breaks a contract"
    for file, line, _ in PLANTED:
        path = copy / file
        path.write_text(f"{path.read_text() if path.exists() else ''}\n{line}\n")
    sections = re.split(r"^(.+)\n-+\n", look_at(copy).partition("Broken contracts\n")[2], flags=re.MULTILINE)
    return dict(zip(sections[1::2], sections[2::2], strict=True))


def look_at(tree: Path) -> str:
    command = [str(PROGRAMS / "lint-imports"), "--no-cache", "--no-logo"]
    wide = {**os.environ, "COLUMNS": "400"}  # a line is never broken
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, env=wide)
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_a_planted_violation_breaks_its_contract(told: dict[str, str], file: str, line: str, contract: str) -> None:
    module = file.removesuffix(".py").replace("/", ".")
    imported = line.removeprefix("import ")
    assert (f"{module} -> {imported} (l." if imported else f"- {module}\n") in told[contract]


def test_every_contract_has_a_planted_violation() -> None:
    names = re.findall(r"\[\[tool\.importlinter\.contracts\]\]\nname = \"(.+)\"", (ROOT / "pyproject.toml").read_text())
    assert set(names) == {contract for _, _, contract in PLANTED}
