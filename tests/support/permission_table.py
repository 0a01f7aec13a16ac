"""The table of `docs/security.md`, which `python -m tests.support.permission_table` writes: who may make each call."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask

from tests.support.environment import complete_environment
from underwriting.app import create_app
from underwriting.house import bureaus_of, compose, runtime_of
from underwriting.kernel.vocabulary import Role
from underwriting.platform.permissions import TABLE, Access
from underwriting.platform.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- permissions: begin -->", "<!-- permissions: end -->"
_ABBREVIATED = {
    Role.UNDERWRITER: "U",
    Role.SENIOR_UNDERWRITER: "S",
    Role.BILLING: "B",
    Role.RECOVERY: "R",
    Role.AUDITOR: "A",
    Role.ADMINISTRATOR: "Adm",
}


def application() -> Flask:
    """The application, as far as its routes go: nothing that it stands on answers."""
    nobody: Any = object()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment(complete_environment(Path(folder)))
    return create_app(compose(runtime_of(settings), bankid=nobody, bank=nobody, bureaus=bureaus_of(settings)))


def written(app: Flask) -> str:
    """The table in Markdown, a row for each method on each address, by address."""
    head = [
        "| Call | Anyone | BankID | Draft | Password | " + " | ".join(_ABBREVIATED.values()) + " | Machine client |"
    ]
    head.append("|---" * (len(_ABBREVIATED) + 6) + "|")
    rows = sorted(
        (rule.rule, method, TABLE[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    return "\n".join([*head, *(_row(f"{method} {_address(path)}", access) for path, method, access in rows)])


def in_page(page: str) -> str:
    """The table that *page* holds."""
    return page.partition(BEGIN)[2].partition(END)[0].strip()


def _row(call: str, access: Access) -> str:
    own = ["own" if yes else "" for yes in (access.persons, access.drafts)]
    staff = ["yes" if role in access.roles else "" for role in _ABBREVIATED]
    halfway = "yes" if access.halfway else ""
    cells = ["yes" if access.anyone else "", *own, halfway, *staff, _scope_of(access)]
    return f"| `{call}` | {' | '.join(cells)} |"


def _scope_of(access: Access) -> str:
    if access.scope is None:
        return "yes" if access.clients else ""
    return f"`{access.scope}`"


def _address(rule: str) -> str:
    return rule.replace("|", "\\|")


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{written(application())}\n{END}{rest.partition(END)[2]}")
    sys.exit(0)
