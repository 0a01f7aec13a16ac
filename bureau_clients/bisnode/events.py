"""What has happened to a company or its owner, as its report tells it.

Events with a code stand in the section on bankruptcy, and payment remarks have codes too. The events of a company have
words instead. An event without a whole date counts, though nobody can tell when it was.
"""

from collections.abc import Mapping
from typing import Any

from bureau_clients.bisnode.codes import sign_of_code, sign_of_event
from bureau_clients.bisnode.formats import Unreadable, day, has, member
from bureau_clients.bisnode.standing import Event, Section


def events_of(document: Mapping[str, Any]) -> tuple[tuple[Event, ...], bool]:
    """What has happened by the events, the bankruptcy and the remarks; whether all the events are there to be read."""
    listed = document.get("events")
    found = list(listed) if isinstance(listed, list) else []
    are_told = isinstance(listed, list) and all(_code(event) or _words(event) for event in listed)
    risk = document.get("risk")
    for section, name in (("bankruptcy", "events"), ("paymentRemarks", "paymentRemarks")):
        block = risk.get(section) if isinstance(risk, dict) else None
        entries = block.get(name) if isinstance(block, dict) else None
        found += entries if isinstance(entries, list) else []
    return tuple(event for event in map(_signed, found) if event is not None), are_told


def section_of(document: Mapping[str, Any]) -> Section | None:
    """The section on bankruptcy, None where the risks are not told."""
    risk = document.get("risk")
    if not isinstance(risk, dict):
        return None
    if not has(risk, "bankruptcy"):
        return Section(is_there=False)
    bankruptcy = risk["bankruptcy"]
    trustees = has(bankruptcy, "trustees") and bankruptcy["trustees"]
    listed = bankruptcy["events"] if has(bankruptcy, "events") else []
    return Section(
        is_there=True,
        is_dated=has(bankruptcy, "date") or bool(isinstance(trustees, list) and trustees),
        is_read=isinstance(listed, list) and all(_signed(event) is not None for event in listed),
    )


def _signed(entry: Any) -> Event | None:
    """What one event or remark says by its code or, where it has none, by its words; None where that is no fact."""
    code, words = _code(entry), _words(entry)
    sign = sign_of_code(code) if code else sign_of_event(*words) if words else None
    if sign is None:
        return None
    try:
        return Event(sign, day(member(entry, "date")))
    except Unreadable:
        return Event(sign, None)


def _code(entry: Any) -> str | None:
    """The report code of an event (`eventCode`) or of a remark (`type`); the events of a company have none."""
    for name in ("eventCode", "type"):
        if has(entry, name) and has(entry[name], "code") and isinstance(entry[name]["code"], str):
            return str(entry[name]["code"])
    return None


def _words(entry: Any) -> tuple[str, str] | None:
    told = [entry[name] if has(entry, name) else "" for name in ("type", "description")]
    kind, description = (each if isinstance(each, str) else "" for each in told)
    return (kind, description) if kind or description else None
