"""From a body to a frozen value. `load` is the only way in; what a rule needs besides the body is given to it."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Generic, TypeVar

from marshmallow import RAISE, Schema, ValidationError, post_load

from schemas.problems import fault, field_errors, invalid_body
from underwriting.kernel.errors import FieldError
from underwriting.kernel.product import DEFAULT_TERMS, ProductTerms
from underwriting.kernel.text import Text

T = TypeVar("T")

_UNKNOWN = Text("Uppgiften finns inte i det här formuläret", "There is no such member")
_NOT_AN_OBJECT = Text("Här behövs ett JSON-objekt", "A JSON object is needed here")


@dataclass(frozen=True, slots=True)
class Loading:
    """What a body is read against: the legal day *on* which it was sent, and the product's *terms*."""

    on: date
    terms: ProductTerms


class Body(Schema, Generic[T]):
    """A body that a caller sends. Unknown members are refused, some of them by name in `refused_members`."""

    class Meta:
        """marshmallow's options."""

        unknown = RAISE

    error_messages: dict[str, Any] = {  # noqa: RUF012 (marshmallow declares it as an instance variable)
        "unknown": fault("", _UNKNOWN),
        "type": fault("", _NOT_AN_OBJECT),
    }
    refused_members: ClassVar[Mapping[str, FieldError]] = {}

    @abstractmethod
    def make(self, **members: Any) -> T:
        """The frozen value of *members*, all of which are valid."""

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> T:
        return self.make(**data)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> None:
        """Give members that are refused by name their own reason."""
        if isinstance(error.messages, dict):
            for name in self.refused_members.keys() & error.messages.keys():
                error.messages[name] = [self.refused_members[name]]


class EmptySchema(Body[None]):
    """A body without members."""

    def make(self, **members: Any) -> None:
        """Nothing."""


_CURRENT: ContextVar[Loading] = ContextVar("loading")


def load(schema: Body[T], body: object, *, on: date, terms: ProductTerms = DEFAULT_TERMS) -> T:
    """The frozen value that *body* states, as read on the legal day *on* under *terms*.

    Raises InvalidInput with every fault: pointer, message in both languages, and the rule where one refuses.
    """
    with _reading(Loading(on, terms)):
        try:
            value: T = schema.load(body)  # type: ignore[arg-type]  # what is no object is refused
        except ValidationError as error:
            raise invalid_body(field_errors(error.messages)) from None
    return value


def loading() -> Loading:
    """What the body being loaded is read against; LookupError outside `load`."""
    return _CURRENT.get()


@contextmanager
def _reading(against: Loading) -> Iterator[None]:
    token = _CURRENT.set(against)
    try:
        yield
    finally:
        _CURRENT.reset(token)
