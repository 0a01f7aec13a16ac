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


def test_what_came_later_is_added_to_what_is_kept(tmp_path: Path) -> None:
    """A home of before Bisnode and before seals: nothing that encrypts is made anew."""
    before = kept_secrets(tmp_path)
    file = tmp_path / "secrets.env"
    later = {"BISNODE_CLIENT_SECRET", "BORGEN_SEAL_KEY"}
    earlier = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in later]
    file.write_text("".join(f"{line}\n" for line in earlier))
    after = kept_secrets(tmp_path)
    assert {name for name, value in after.items() if value != before[name]} == later
    assert "" not in after.values()
    assert kept_secrets(tmp_path) == after
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("by_tls", [False, True])
def test_the_environment_is_complete_and_a_sandbox(tmp_path: Path, by_tls: bool) -> None:
    """X1: every outside party of the sandbox is a stand-in on loopback; the bureaus answer by HTTPS when asked to."""
    settings = Settings.from_environment(
        sandbox_environment(
            tmp_path, Addresses(9000), database_url="postgresql://postgres@/borgen", bureaus_by_tls=by_tls
        )
    )
    assert settings.sandbox
    assert settings.creditsafe is not None
    assert settings.bisnode is not None
    stand_ins = f"http{'s' if by_tls else ''}://127.0.0.1:9001"
    bureaus = (settings.creditsafe.url, settings.creditsafe.cas_url, settings.bisnode.url, settings.bisnode.token_url)
    assert all(address is not None and address.startswith(stand_ins) for address in bureaus)
    ca = tmp_path / "pki" / "ca.pem" if by_tls else None
    assert (settings.creditsafe.ca, settings.bisnode.ca) == (ca, ca)
    assert settings.bank.url.startswith("http://127.0.0.1:9001/")
    assert settings.bankid.url.startswith("https://127.0.0.1:9002/")


def test_both_bureaus_are_asked_about_everybody(tmp_path: Path) -> None:
    """B1: Creditsafe first; every question has a price."""
    settings = Settings.from_environment(
        sandbox_environment(tmp_path, Addresses(9000), database_url="postgresql://postgres@/borgen")
    )
    order = ("creditsafe", "bisnode")
    assert (settings.bureaus.companies, settings.bureaus.sole_traders, settings.bureaus.persons) == (order,) * 3
    for bureau in (settings.creditsafe, settings.bisnode):
        assert bureau is not None
        tariff = bureau.tariff
        assert all((tariff.company, tariff.sole_trader, tariff.person, tariff.status))


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
