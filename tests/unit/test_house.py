"""What the composition root makes of the bureaus' settings, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from agreements.documents.sandbox import seal_key
from tests.support.environment import complete_environment
from underwriting.house import bureaus_of, house_of, runtime_of
from underwriting.platform.bureau_settings import BureauSettings
from underwriting.platform.settings import Settings, SettingsRefused

BISNODE = {
    "BISNODE_URL": "http://127.0.0.1:9/bisnode",
    "BISNODE_TOKEN_URL": "http://127.0.0.1:9/token",
    "BISNODE_CLIENT_ID": "borgen",
    "BISNODE_CLIENT_SECRET": "secret",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Complete settings in which both bureaus are described."""
    return {**complete_environment(tmp_path), **BISNODE}


@pytest.mark.parametrize(
    ("orders", "made"),
    [
        ({}, ["creditsafe"]),
        ({"BUREAUS_COMPANIES": "bisnode"}, ["bisnode"]),
        ({"BUREAUS_COMPANIES": "bisnode,creditsafe"}, ["creditsafe", "bisnode"]),
        ({"BUREAUS_PERSONS": "bisnode"}, ["creditsafe", "bisnode"]),
        ({"BUREAUS_COMPANIES": "bisnode", "BUREAUS_SOLE_TRADERS": "creditsafe"}, ["creditsafe", "bisnode"]),
    ],
)
def test_a_bureau_is_there_when_an_order_names_it(
    environment: dict[str, str], orders: dict[str, str], made: list[str]
) -> None:
    """B1: who is asked is a matter of settings alone."""
    settings = Settings.from_environment({**environment, **orders})
    assert [bureau.name for bureau in bureaus_of(settings)] == made


@pytest.mark.parametrize(
    ("name", "mapping", "fact"),
    [
        ("CREDITSAFE_MAPPING", '{"company": {"f_skatt": "FSKATT"}}', "f_skatt"),
        ("CREDITSAFE_MAPPING", '{"person": {"deceased": "DECEASED"}}', "deceased"),
        ("BISNODE_PERSON_MAPPING", '{"inkomst": "income.assessed"}', "inkomst"),
    ],
)
def test_a_mapping_that_names_no_fact_is_refused_as_a_setting(
    environment: dict[str, str], name: str, mapping: str, fact: str
) -> None:
    """D13: a fact that is read from nowhere would stay unknown without anybody's knowing why."""
    both = {"BUREAUS_COMPANIES": "creditsafe,bisnode"}
    settings = Settings.from_environment({**environment, **both, name: mapping})
    with pytest.raises(SettingsRefused, match=rf"{name} is not valid: .*{fact}"):
        bureaus_of(settings)


@pytest.mark.parametrize(
    ("order", "bureaus"),
    [
        ("BUREAUS_COMPANIES", BureauSettings(companies=())),
        ("BUREAUS_SOLE_TRADERS", BureauSettings(sole_traders=())),
        ("BUREAUS_PERSONS", BureauSettings(persons=())),
    ],
)
def test_an_order_that_names_nobody_is_refused_as_a_setting(
    environment: dict[str, str], order: str, bureaus: BureauSettings
) -> None:
    """B1: whoever is to be reported on, there is somebody to ask."""
    settings = replace(Settings.from_environment(environment), bureaus=bureaus)
    with pytest.raises(SettingsRefused, match=f"{order} names no bureau"):
        bureaus_of(settings)


def test_a_seal_whose_key_and_certificate_do_not_fit_is_refused_as_a_setting(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """S3: a service that could not seal what people sign does not start."""
    other = seal_key.make(tmp_path / "other", lender="Annan Kredit AB")
    settings = Settings.from_environment(environment | {"DOCUMENT_SEAL_KEY": str(other.key)})
    with pytest.raises(SettingsRefused, match="DOCUMENT_SEAL_KEY cannot seal: the certificate is not of this key"):
        house_of(runtime_of(settings))


def test_time_stamps_that_nobody_vouches_for_are_refused_as_a_setting(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """S3: what cannot be checked is not asked for."""
    environment["DOCUMENT_SEAL_TIMESTAMPS_URL"] = "http://127.0.0.1:9/"
    with pytest.raises(SettingsRefused, match="DOCUMENT_SEAL_TIMESTAMPS_ROOTS is missing"):
        Settings.from_environment(environment)
    (tmp_path / "roots.pem").write_text("nothing")
    environment["DOCUMENT_SEAL_TIMESTAMPS_ROOTS"] = str(tmp_path / "roots.pem")
    with pytest.raises(SettingsRefused, match="DOCUMENT_SEAL_TIMESTAMPS_ROOTS holds no certificates"):
        house_of(runtime_of(Settings.from_environment(environment)))
