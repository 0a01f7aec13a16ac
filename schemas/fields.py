"""Members of bodies and answers: texts, words, dates, lists. What is refused is said in both languages."""

import re
import unicodedata
import uuid
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from schemas.problems import fault, refusal
from underwriting.kernel.text import Text

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_REQUIRED = Text("Uppgiften saknas", "This is required")
_NULL = Text("Uppgiften får inte vara tom", "This may not be null")
_NOT_A_STRING = Text("Här behövs en text", "A string is needed here")
_CONTROL_CHARACTERS = Text("Texten innehåller styrtecken", "The text contains control characters")
_EMPTY = Text("Uppgiften får inte vara tom", "This may not be empty")
_TOO_LONG = Text("Texten får ha högst {longest} tecken", "The text may have at most {longest} characters")
_NOT_AN_ADDRESS = Text("Ange en giltig e-postadress", "Enter a valid e-mail address")
_NOT_AN_INDUSTRY = Text(
    "Skriv branschens SNI-kod, till exempel 56.100", "Write the industry's SNI code, such as 56.100"
)
_NOT_A_PHONE = Text("Ange ett telefonnummer, till exempel +46701234567", "Enter a phone number, such as +46701234567")
_NOT_A_CHOICE = Text("Välj något av: {choices}", "Choose one of: {choices}")
_NOT_AN_INTEGER = Text("Här behövs ett heltal, till exempel 12", "A whole number is needed here, such as 12")
_NOT_A_BOOLEAN = Text("Här behövs true eller false", "true or false is needed here")
_NOT_A_DATE = Text("Skriv datumet som ÅÅÅÅ-MM-DD", "Write the date as YYYY-MM-DD")
_NOT_AN_INSTANT = Text(
    "Skriv tidpunkten med zon, till exempel 2026-11-22T14:59:59Z",
    "Write the instant with its zone, such as 2026-11-22T14:59:59Z",
)
_NOT_AN_ID = Text("Det här är inget giltigt id", "This is not a valid id")
_NOT_A_LIST = Text("Här behövs en lista", "A list is needed here")
_TOO_MANY = Text("Listan får ha högst {most} poster", "The list may have at most {most} items")

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INDUSTRY = re.compile(r"[0-9]{2,5}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_TRUNK_ZERO = re.compile(r"(?<=^\+46)0")
_PHONE_PUNCTUATION = re.compile(r"[ \u00a0()./-]")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, separators of lines
_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Worded(fields.Field[T]):
    """A member whose faults are told in both languages. *described* are its keywords in the documentation."""

    default_error_messages = {  # noqa: RUF012 (marshmallow declares it as an instance variable)
        "required": [fault("", _REQUIRED)],
        "null": [fault("", _NULL)],
    }

    def __init__(self, *, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata=dict(described or {}), **options)

    @abstractmethod
    def accept(self, value: Any) -> T:
        """What the JSON *value* loads as; raises ValidationError."""

    def write(self, value: T) -> Any:
        """*value* as it stands on the wire."""
        return value

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> T:
        return self.accept(value)

    def _serialize(self, value: T | None, *_: Any, **__: Any) -> Any:
        return None if value is None else self.write(value)


class Written(Worded[T]):
    """A member that is a JSON string and loads as a value; subclasses say how it is read and written."""

    wrong_type: Text = _NOT_A_STRING

    def __init__(self, *, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(described={"type": "string"} | dict(described or {}), **options)

    @abstractmethod
    def read(self, text: str) -> T:
        """The value that *text* states; raises ValidationError."""

    def accept(self, value: Any) -> T:
        """The value that the string *value* states."""
        if not isinstance(value, str):
            raise refusal(self.wrong_type)
        return self.read(value)

    def write(self, value: T) -> Any:
        """*value* as it stands on the wire."""
        return str(value)


class TextField(Written[str]):
    """A text, trimmed and composed (NFC), of 1 to *longest* characters without control characters.

    *lines* lets it hold line breaks, which become `\\n`.
    """

    def __init__(
        self, *, longest: int, lines: bool = False, described: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(described={"minLength": 1, "maxLength": longest} | dict(described or {}), **options)
        self.longest = longest
        self.lines = lines

    def read(self, text: str) -> str:
        """*text* as it is kept."""
        text = unicodedata.normalize("NFC", text.strip())
        if self.lines:
            text = text.replace("\r\n", "\n")
        if not text:
            raise refusal(_EMPTY)
        if len(text) > self.longest:
            raise refusal(_TOO_LONG.filled(longest=self.longest))
        if any(_is_refused(character) for character in (text.replace("\n", "") if self.lines else text)):
            raise refusal(_CONTROL_CHARACTERS)
        return text


class EmailField(TextField):
    """An e-mail address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=254, described={"format": "email"}, **options)

    def read(self, text: str) -> str:
        """The address that *text* states."""
        address = super().read(text)
        try:
            return validate.Email()(address)
        except ValidationError:
            raise refusal(_NOT_AN_ADDRESS) from None


class PhoneField(TextField):
    """A phone number, kept in international form: `+46701234567`. One that begins with 0 is Swedish.

    The 0 of `+46 (0)70`, which is only dialled within the country, is left out.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=40, described={"examples": ["+46701234567"]}, **options)

    def read(self, text: str) -> str:
        """The number that *text* states."""
        number = _PHONE_PUNCTUATION.sub("", super().read(text))
        if number.startswith("00"):
            number = f"+{number[2:]}"
        elif number.startswith("0"):
            number = f"+46{number[1:]}"
        number = _TRUNK_ZERO.sub("", number)
        if not _PHONE.fullmatch(number):
            raise refusal(_NOT_A_PHONE)
        return number


class IndustryField(TextField):
    """A code of SNI, two to five digits; the dot that is written after the second may stand."""

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=6, described={"examples": ["56.100"]}, **options)

    def read(self, text: str) -> str:
        """The digits of the code that *text* states."""
        code = super().read(text).replace(".", "")
        if not _INDUSTRY.fullmatch(code):
            raise refusal(_NOT_AN_INDUSTRY)
        return code


class ChoiceField(Written[E]):
    """One of the words of an enumeration; some words are *refused* with a reason and, where one does it, a rule."""

    def __init__(
        self, words: type[E], *, refused: Mapping[str, tuple[Text, str | None]] | None = None, **options: Any
    ) -> None:
        self.words = words
        self.refused = refused or {}
        self.choices = [str(word) for word in words if word not in self.refused]
        super().__init__(described={"enum": self.choices}, **options)

    def read(self, text: str) -> E:
        """The word that *text* is."""
        if text in self.refused:
            raise refusal(*self.refused[text])
        try:
            return self.words(text)
        except ValueError:
            raise refusal(_NOT_A_CHOICE.filled(choices=", ".join(self.choices))) from None


class DateField(Written[date]):
    """A date, `2026-11-22`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(described={"format": "date"}, **options)

    def read(self, text: str) -> date:
        """The date that *text* states."""
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise refusal(_NOT_A_DATE)


class InstantField(Written[datetime]):
    """An instant (RFC 3339), with a zone when it is read, in UTC when it is written."""

    def __init__(self, *, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(described={"format": "date-time"} | dict(described or {}), **options)

    def read(self, text: str) -> datetime:
        """The instant, in UTC, that *text* states."""
        try:
            if _INSTANT.fullmatch(text):
                return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise refusal(_NOT_AN_INSTANT)

    def write(self, value: datetime) -> str:
        """In UTC, with a Z."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class IdField(Written[uuid.UUID]):
    """The id of a thing."""

    def __init__(self, *, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(described={"format": "uuid"} | dict(described or {}), **options)

    def read(self, text: str) -> uuid.UUID:
        """The id that *text* states."""
        try:
            return uuid.UUID(text)
        except ValueError:
            raise refusal(_NOT_AN_ID) from None


class WholeNumberField(Worded[int]):
    """A JSON number without decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(described={"type": "integer"}, **options)

    def accept(self, value: Any) -> int:
        """*value* itself."""
        if type(value) is not int:
            raise refusal(_NOT_AN_INTEGER)
        return value


class BooleanField(Worded[bool]):
    """`true` or `false`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(described={"type": "boolean"}, **options)

    def accept(self, value: Any) -> bool:
        """*value* itself."""
        if not isinstance(value, bool):
            raise refusal(_NOT_A_BOOLEAN)
        return value


class ObjectField(fields.Nested):
    """A body within a body."""

    default_error_messages = Worded.default_error_messages

    def __init__(self, nested: type[Schema], **options: Any) -> None:
        super().__init__(nested, **options)


class ListField(fields.List[Any]):
    """A JSON list of at most *most* items, which loads as a tuple."""

    default_error_messages = Worded.default_error_messages

    def __init__(self, items: fields.Field[Any], *, most: int, **options: Any) -> None:
        super().__init__(items, post_load=tuple, metadata={"maxItems": most}, **options)
        self.most = most

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise refusal(_NOT_A_LIST)
        if len(value) > self.most:
            raise refusal(_TOO_MANY.filled(most=self.most))
        items, errors = [], {}
        for place, item in enumerate(value):
            try:
                items.append(self.inner.deserialize(item))
            except ValidationError as error:
                # An item keeps its place whatever is wrong with it, so that later checks name the right one.
                items.append(error.valid_data)
                errors[place] = error.messages
        if errors:
            raise ValidationError(errors, valid_data=items)
        return items


class BilingualField(fields.Field[Text]):
    """A sentence in both languages; written only."""

    def __init__(self, **options: Any) -> None:
        described = {"type": "object", "properties": {"sv": {"type": "string"}, "en": {"type": "string"}}}
        super().__init__(metadata=described, dump_only=True, **options)

    def _serialize(self, value: Text | None, *_: Any, **__: Any) -> Any:
        return None if value is None else {"sv": value.sv, "en": value.en}


def _is_refused(character: str) -> bool:
    return unicodedata.category(character) in _REFUSED_CATEGORIES or character in _BIDI_OVERRIDES
