"""One value of a policy document and where it stands: read as what it must be, or refused by its JSON pointer."""

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn, TypeVar

from underwriting.decisions.policy import PolicyInvalid
from underwriting.kernel.errors import FieldError
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")

Word = TypeVar("Word", bound=StrEnum)


class Node:
    """A value of the document and the JSON pointer at which it stands."""

    def __init__(self, value: object, pointer: str) -> None:
        self.value = value
        self.pointer = pointer

    def members(
        self, required: Iterable[str], optional: Iterable[str] = (), *, rule: str | None = None
    ) -> dict[str, "Node"]:
        """The members of an object that has each of *required* and no others than these and *optional*."""
        if not isinstance(self.value, dict):
            self.refuse("Här ska stå ett objekt", "An object is needed here")
        wanted = tuple(required)
        for name in wanted:
            if name not in self.value:
                self.refuse(f"Medlemmen {name} saknas", f"The member {name} is missing", rule=rule)
        for name in self.value:
            if name not in wanted and name not in tuple(optional):
                self.refuse(f"Medlemmen {name} är okänd", f"The member {name} is unknown", rule=rule)
        return {name: Node(value, f"{self.pointer}/{name}") for name, value in self.value.items()}

    def elements(self) -> list["Node"]:
        """The elements of a list that has some."""
        if not isinstance(self.value, list) or not self.value:
            self.refuse("Här ska stå en lista som inte är tom", "A list that is not empty is needed here")
        return [Node(value, f"{self.pointer}/{position}") for position, value in enumerate(self.value)]

    def whole(self) -> int:
        """A whole number, 0 or more."""
        if type(self.value) is not int or self.value < 0:
            self.refuse("Här ska stå ett heltal, minst 0", "A whole number, 0 or more, is needed here")
        return self.value

    def truth(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.refuse("Här ska stå true eller false", "True or false is needed here")
        return self.value

    def decimal(self) -> Decimal:
        """A decimal string, such as "0.0150"."""
        if not isinstance(self.value, str) or not _DECIMAL.fullmatch(self.value):
            self.refuse('Här ska stå ett decimaltal som text, som "0.0150"', 'A decimal string is needed, as "0.0150"')
        return Decimal(self.value)

    def money(self) -> Money:
        """An amount in kronor as a decimal string."""
        try:
            return Money.kronor(self.decimal())
        except ValueError:
            self.refuse("Ett belopp har högst två decimaler", "An amount has at most two decimals")

    def string(self) -> str:
        """A text that is not blank."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse("Här ska stå en text", "A text is needed here")
        return self.value

    def text(self) -> Text:
        """A sentence in both languages."""
        members = self.members(("sv", "en"), rule="D7")
        return Text(members["sv"].string(), members["en"].string())

    def word(self, words: type[Word], *, rule: str | None = None) -> Word:
        """One of the values of *words*."""
        try:
            return words(self.string())
        except ValueError:
            allowed = ", ".join(words)
            self.refuse(f"Tillåtna värden är {allowed}", f"The values allowed are {allowed}", rule=rule)

    def refuse(self, sv: str, en: str, *, rule: str | None = None) -> NoReturn:
        """Raise PolicyInvalid for this place."""
        raise invalid(self.pointer, sv, en, rule=rule)


def invalid(pointer: str, sv: str, en: str, *, rule: str | None = None) -> PolicyInvalid:
    """The refusal of what stands at *pointer*."""
    detail = Text(sv, en)
    return PolicyInvalid(detail, rule=rule, errors=(FieldError(pointer, detail, rule),))
