"""The catalogue of events as a page for people, in Markdown; `docs/events.md` holds it."""

from underwriting.kernel.event_catalogue import CATALOGUE
from underwriting.kernel.event_forms import EventKind, Form, Member


def as_markdown() -> str:
    """Every kind with the members of its data; ends with a line break."""
    return "\n".join(_section(kind) for kind in CATALOGUE)


def _section(kind: EventKind) -> str:
    lines = [f"### `{kind.name}`", "", f"{kind.text.en}. Subject: `{kind.subject}:…`", ""]
    lines += ["| member | form |", "|---|---|"]
    lines += [f"| `{member.name}` | {_form(member)} |" for member in kind.members]
    return "\n".join([*lines, ""])


def _form(member: Member) -> str:
    words = "one of " + ", ".join(f"`{word}`" for word in member.words or ())
    form = words if member.form is Form.WORD else member.form.value
    return f"{form}; may be left out" if member.optional else form
