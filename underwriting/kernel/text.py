"""Text that people read, in both languages of the product."""

from typing import Literal, NamedTuple

Language = Literal["sv", "en"]


class Text(NamedTuple):
    """One sentence or label in Swedish and in English."""

    sv: str
    en: str

    def in_language(self, language: Language) -> str:
        """The sentence in *language*."""
        return self.sv if language == "sv" else self.en

    def filled(self, **values: object) -> "Text":
        """The same sentence with its `{placeholders}` filled in, in both languages."""
        return Text(self.sv.format(**values), self.en.format(**values))
