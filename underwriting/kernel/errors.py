"""Refusals: what the product says no to, and why.

A refusal of credit is an answer, not an error. What derives from `Refusal` is a request that cannot be carried out.
Each class carries a slug (the end of the problem's `type`), a title in both languages and, where one of the rules in
`docs/rules.md` is the ground, that rule's id. `platform.problems` maps the kinds below to a status.
"""

from dataclasses import dataclass
from typing import ClassVar

from underwriting.kernel.text import Text


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one member of a body; *pointer* is a JSON pointer such as `/guarantors/0/personal_number`.

    *rule* is the id of the rule that refuses it, or None where the member is merely malformed.
    """

    pointer: str
    detail: Text
    rule: str | None = None


class Refusal(Exception):
    """A request that cannot be carried out. Subclasses set `slug`, `title` and, where a rule refuses, `rule`."""

    slug: ClassVar[str]
    title: ClassVar[Text]
    rule: str | None = None

    def __init__(
        self, detail: Text | None = None, *, rule: str | None = None, errors: tuple[FieldError, ...] = ()
    ) -> None:
        super().__init__(self.slug)
        self.detail = detail or self.title
        self.errors = errors
        if rule is not None:
            self.rule = rule

    def __str__(self) -> str:
        return f"{self.slug}: {self.detail.en}"


class InvalidInput(Refusal):
    """A member is missing, malformed or out of range: nothing was changed. Status 422."""

    slug = "invalid-input"
    title = Text("Uppgifterna är inte fullständiga eller inte giltiga", "The data is incomplete or invalid")


class NotPermitted(Refusal):
    """The caller is known and may not do this. Status 403."""

    slug = "not-permitted"
    title = Text("Du har inte behörighet till detta", "You are not permitted to do this")


class LoginRequired(Refusal):
    """The caller is not known. Status 401."""

    slug = "login-required"
    title = Text("Du behöver logga in", "You need to log in")


class NotFound(Refusal):
    """There is no such thing, or it is not the caller's. Status 404."""

    slug = "not-found"
    title = Text("Det du söker finns inte", "There is no such thing")


class Conflict(Refusal):
    """The thing's state does not allow it. Status 409."""

    slug = "conflict"
    title = Text("Det går inte i nuvarande läge", "The current state does not allow this")


class Outdated(Refusal):
    """The thing has changed since the caller read it. Status 412."""

    slug = "outdated"
    title = Text(
        "Uppgifterna har ändrats sedan du hämtade dem; hämta dem igen och försök på nytt",
        "This has changed since you fetched it; fetch it again and try once more",
    )


class Unavailable(Refusal):
    """An outside party does not answer; the same request may succeed later. Status 503."""

    slug = "unavailable"
    title = Text("Tjänsten är tillfälligt otillgänglig", "Temporarily unavailable")
