"""What `borgen up` runs the service with: complete, private, the same at the next start."""

import base64
import stat
from pathlib import Path

import pytest

from underwriting.platform.processes import sole_holder
from underwriting.platform.settings import Settings
from underwriting.sandbox_environment import (
    Addresses,
    kept_secrets,
    lock_of,
    publish,
    published,
    sandbox_environment,
)

KEYS = {"BORGEN_ENCRYPTION_KEY", "BORGEN_INDEX_KEY", "BORGEN_SESSION_KEY"}


def test_three_ports_in_a_row_follow_the_first() -> None:
    addresses = Addresses(9000)
    assert addresses.web == "http://127.0.0.1:9000"
    assert addresses.bankid_app == "http://127.0.0.1:9001/bankid-app"
    assert addresses.bankid == "https://127.0.0.1:9002"


def test_the_keys_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    made = kept_secrets(tmp_path)
    assert {len(base64.b64decode(made[name])) for name in KEYS} == {32}
    assert len(set(made.values())) == len(made)
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
    assert kept_secrets(tmp_path) == made
    assert kept_secrets(tmp_path.parent) != made


def test_a_start_that_was_cut_off_while_writing_keys_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "secrets.part").write_text("BORGEN_ENC")
    assert kept_secrets(tmp_path).keys() >= KEYS


def test_the_environment_is_complete_and_a_sandbox(tmp_path: Path) -> None:
    """X1: every outside party of the sandbox is a stand-in on loopback."""
    settings = Settings.from_environment(
        sandbox_environment(tmp_path, Addresses(9000), database_url="postgresql://postgres@/borgen")
    )
    assert settings.sandbox
    assert settings.creditsafe.url.startswith("http://127.0.0.1:9001/")
    assert settings.bank.url.startswith("http://127.0.0.1:9001/")
    assert settings.bankid.url.startswith("https://127.0.0.1:9002/")


@pytest.mark.parametrize("running", [True, False])
def test_other_commands_find_the_service_only_while_it_runs(tmp_path: Path, running: bool) -> None:
    with sole_holder(lock_of(tmp_path)):
        publish(tmp_path, {"DATABASE_URL": "postgresql://here"})
        if running:
            assert published(tmp_path) == {"DATABASE_URL": "postgresql://here"}
    if not running:
        assert published(tmp_path) == {}


def test_where_nothing_ever_ran_nothing_is_published(tmp_path: Path) -> None:
    assert published(tmp_path) == {}
