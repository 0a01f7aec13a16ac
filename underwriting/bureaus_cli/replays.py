"""What today's mapping changes in kept answers, as text for a terminal and as JSON."""

from collections.abc import Iterator
from typing import Any

from bureau_clients.facts import Fact, Known
from bureau_clients.replays import Difference, Replayed
from underwriting.bureaus_cli.report_text import NO_VALUE, harmless, in_words, knowledge_of, moment
from underwriting.kernel.text import Language
from underwriting.web.texts import catalogue


def lines_of(replayed: Replayed, *, values_in: Language | None) -> Iterator[str]:
    """What today's reading of a kept answer changes, a line per fact; with its values where a language is given."""
    outcome = str(replayed.after) if replayed.before == replayed.after else f"{replayed.before} → {replayed.after}"
    code = f" ({replayed.code})" if replayed.code else ""
    yield f"{replayed.report_id}  {replayed.bureau}  {moment(replayed.asked_at)}  {outcome}{code}"
    for each in replayed.differences:
        before, after = (_side(fact, values_in) for fact in (each.before, each.after))
        yield harmless(f"  {each.fact}: {before} → {after}")


def value_of(replayed: Replayed, *, values_in: Language | None) -> dict[str, Any]:
    """The same as a JSON value."""
    return {
        "id": str(replayed.report_id),
        "application_id": str(replayed.application_id),
        "bureau": replayed.bureau,
        "question": replayed.question,
        "asked_at": replayed.asked_at.isoformat(),
        "before": replayed.before,
        "after": replayed.after,
        "code": replayed.code,
        "facts": [_difference(each, values_in) for each in replayed.differences],
    }


def _difference(difference: Difference, values_in: Language | None) -> dict[str, str]:
    before, after = (_side(fact, values_in) for fact in (difference.before, difference.after))
    return {"fact": difference.fact, "before": before, "after": after}


def _side(fact: Fact[Any] | None, values_in: Language | None) -> str:
    """One side of a change: the value where it may be shown, else what is known of it."""
    if fact is None:
        return NO_VALUE
    if isinstance(fact, Known) and values_in is not None:
        return in_words(fact.value, catalogue(values_in))
    return knowledge_of(fact).in_language(values_in or "en")
