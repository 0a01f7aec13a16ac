"""The texts of the pages, in both languages, by key."""

import json
from functools import cache
from importlib import resources

from underwriting.kernel.text import Language
from underwriting.platform.problems import language_of_request


@cache
def catalogue(language: Language) -> dict[str, str]:
    """The texts of the pages in *language*, by key."""
    raw = resources.files("underwriting.web").joinpath("translations", f"{language}.json").read_text("utf-8")
    texts: dict[str, str] = json.loads(raw)
    return texts


def translate(key: str, **values: object) -> str:
    """The text of *key* in the reader's language, its `{placeholders}` filled; a missing key is a KeyError."""
    return catalogue(language_of_request())[key].format(**values)
