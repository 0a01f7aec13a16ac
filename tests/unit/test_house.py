"""What the composition root refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.environment import complete_environment
from underwriting.house import bureaus_of
from underwriting.platform.bureau_settings import BureauSettings
from underwriting.platform.settings import Settings, SettingsRefused


def test_a_mapping_that_names_no_fact_is_refused_as_a_setting(tmp_path: Path) -> None:
    """D13: a fact that is read from nowhere would stay unknown without anybody's knowing why."""
    wrong = {"CREDITSAFE_MAPPING": '{"company": {"f_skatt": "FSKATT"}}'}
    settings = Settings.from_environment({**complete_environment(tmp_path), **wrong})
    with pytest.raises(SettingsRefused, match=r"CREDITSAFE_MAPPING is not valid: .*f_skatt"):
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
    tmp_path: Path, order: str, bureaus: BureauSettings
) -> None:
    """B1: whoever is to be reported on, there is somebody to ask."""
    settings = replace(Settings.from_environment(complete_environment(tmp_path)), bureaus=bureaus)
    with pytest.raises(SettingsRefused, match=f"{order} names no bureau"):
        bureaus_of(settings)
