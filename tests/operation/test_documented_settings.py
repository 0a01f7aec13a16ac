"""The operator's pages name every setting that the service reads, and no other."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.test_rules_traceable import ROOT
from tests.support.environment import complete_environment
from underwriting.platform.metrics_folder import METRICS_FOLDER
from underwriting.platform.settings import Settings, SettingsRefused

DOCS = ROOT / "docs"
OF_COMMANDS = {"BORGEN_HOME", "BORGEN_PORT", "BORGEN_STAND_INS_TLS", METRICS_FOLDER}  # read elsewhere than in settings
ROW = re.compile(r"^\|([^|]+)\|", re.MULTILINE)
NAME = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`")
EVERYTHING_ASKED_FOR = {
    "BUREAUS_COMPANIES": "creditsafe,bisnode",
    "CREDITSAFE_TRANSPORT": "rest",
    "CREDITSAFE_COMPANY_TEMPLATE": "T",
    "SMTP_URL": "smtp://127.0.0.1:1025",
    "OIDC_ISSUER": "https://127.0.0.1:1026",
}


class Asked(dict[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)


def documented() -> Iterator[str]:
    """Every name in the first column of a table of settings."""
    for page in ("operating.md", "bureaus.md"):
        (section,) = re.findall(r"^## Settings$(.*?)^## ", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
        for cell in ROW.findall(section):
            yield from NAME.findall(cell)


@pytest.fixture
def read(tmp_path: Path) -> set[str]:
    """What the service reads when everything that can be is asked for."""
    environment = Asked({**complete_environment(tmp_path), **EVERYTHING_ASKED_FOR})
    with contextlib.suppress(SettingsRefused):  # of what is asked for not everything is given: it was read
        Settings.from_environment(environment)
    return environment.names | OF_COMMANDS


def test_every_setting_that_is_read_is_documented(read: set[str]) -> None:
    assert read - set(documented()) == set()


def test_every_setting_that_is_documented_is_read(read: set[str]) -> None:
    assert set(documented()) - read == set()


def test_no_setting_is_documented_twice() -> None:
    names = list(documented())
    assert sorted(name for name in names if names.count(name) > 1) == []
