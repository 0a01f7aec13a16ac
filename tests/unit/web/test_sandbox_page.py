"""The sandbox's page lists what can be tried."""

import html
import re

import pytest
from flask import Flask

from bureau_clients.sandbox.numbers import Group, magic_numbers
from underwriting.kernel.text import Language


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_number_stands_on_the_page_under_its_groups_heading(app: Flask, language: Language) -> None:
    """X1: as people write it, under the heading in the reader's language."""
    page = app.test_client().get("/sandbox", headers={"Accept-Language": language}).get_data(as_text=True)
    groups = dict(re.findall(r"<summary>([^<]*?) <span.*?</summary>(.*?)</details>", html.unescape(page), re.DOTALL))
    assert {group.value.in_language(language) for group in Group} <= groups.keys()
    for row in magic_numbers():
        heading = row.group.value.in_language(language)
        assert f"{row.number[:-4]}-{row.number[-4:]}" in groups[heading]
