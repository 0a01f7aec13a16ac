"""What the composition root refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.environment import complete_environment
from underwriting.house import bureaus_of
from underwriting.platform.settings import Settings, SettingsRefused


def test_a_mapping_that_names_no_fact_is_refused_as_a_setting(tmp_path: Path) -> None:
    """D13: a fact that is read from nowhere would stay unknown without anybody's knowing why."""
    settings = Settings.from_environment(complete_environment(tmp_path))
    wrong = replace(settings, creditsafe=replace(settings.creditsafe, mapping={"company": {"f_skatt": "FSKATT"}}))
    with pytest.raises(SettingsRefused, match=r"CREDITSAFE_MAPPING is not valid: .*f_skatt"):
        bureaus_of(wrong)
