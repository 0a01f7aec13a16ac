"""The auditor's pages: the audit log by matter, by whom and by day, one chain with its links, how the seals stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from underwriting.audit import chains, search
from underwriting.audit.search import Asked, EntryView
from underwriting.kernel.errors import FieldError, NotFound, Refusal
from underwriting.kernel.text import Text
from underwriting.platform.audit_log import READ
from underwriting.platform.problems import language_of_request
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render
from underwriting.web.texts import catalogue, translate

_ON_A_PAGE = 50
_NO_DAY = Text("Skriv dagen som 2026-03-02", "Write the day as 2026-03-02")
_NAMES = {"call": "audit.call", "request_id": "audit.request"}
_PAGES = {"application": "/console/applications/", "agreement": "/console/agreements/"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words: *details* are the names and values of its data."""

    entry: EntryView
    what: str
    who: str
    details: Sequence[tuple[str, str]]
    chain_link: str
    thing_link: str | None


def blueprint(runtime: Runtime) -> Blueprint:
    """The pages under `/console/audit`."""
    pages = Blueprint("audit", __name__, url_prefix="/console/audit")

    @pages.get("")
    def show() -> Response:
        asked = {name: request.args.get(name, "").strip()[: chains.LONGEST_NAME] for name in ("about", "who", "on")}
        errors: list[FieldError] = []
        with runtime.database.transaction() as session:

            def tried(name: str, read: Any) -> Any:
                try:
                    return read(session, asked[name]) if asked[name] else None
                except (Refusal, ValueError) as error:
                    told = error.detail if isinstance(error, Refusal) else _NO_DAY
                    errors.append(FieldError(f"/{name}", told))
                    return None

            wanted = Asked(
                chains=tried("about", chains.chains_named),
                actors=tried("who", search.actors_named),
                on=tried("on", lambda _session, text: _day(text)),
            )
            found = search.EntryPage((), None)
            if not errors:
                found = search.search(session, wanted, cursor=request.args.get("cursor", ""), count=_ON_A_PAGE)
            names = search.names_of(session, {row.actor for row in found.rows})
            standing = search.standing(session)
        filled = {name: value for name, value in asked.items() if value}
        return render(
            "console/audit.html",
            status=422 if errors else 200,
            errors=tuple(errors),
            asked=asked,
            lines=[_line(row, names) for row in found.rows],
            next_page=urlencode({**filled, "cursor": found.next_cursor}) if found.next_cursor else None,
            standing=standing,
        )

    @pages.get("/chain")
    def chain() -> Response:
        subject = request.args.get("of", "")[: chains.LONGEST_NAME].replace("\x00", "")
        given = request.args.get("after", "")
        after = int(given) if given.isascii() and given.isdigit() and len(given) <= len(str(10**15)) else 0
        with runtime.database.transaction() as session:
            rows, more = search.chain(session, subject, after=after, count=_ON_A_PAGE)
            if not rows:
                raise NotFound
            names = search.names_of(session, {row.actor for row in rows})
        return render(
            "console/audit_chain.html",
            subject=subject,
            lines=[_line(row, names) for row in rows],
            whole=all(row.holds for row in rows),
            thing_link=_thing(subject),
            next_page=urlencode({"of": subject, "after": rows[-1].sequence}) if more else None,
        )

    return pages


def _line(row: EntryView, names: dict[str, str]) -> Line:
    return Line(
        entry=row,
        what=catalogue(language_of_request()).get(f"history.{row.action}", row.action),
        who=names.get(row.actor, row.actor),
        details=_details(row),
        chain_link="/console/audit/chain?" + urlencode({"of": row.subject, "after": max(0, row.sequence - 1)}),
        thing_link=_thing(row.subject),
    )


def _details(row: EntryView) -> list[tuple[str, str]]:
    """The entry's data, name by name; of a reading its kinds of data in words."""
    told = []
    for name, value in sorted(row.data.items()):
        if row.action == READ and name == "kinds":
            told.append((translate("audit.kinds"), ", ".join(translate(f"audit.kind.{kind}") for kind in value)))
        elif isinstance(value, dict):
            told += [(inner.replace("_", " "), str(content)) for inner, content in sorted(value.items())]
        else:
            told.append((translate(_NAMES[name]) if name in _NAMES else name.replace("_", " "), str(value)))
    return told


def _thing(subject: str) -> str | None:
    """The page of what the chain is about, where there is one."""
    kind, _, own_id = subject.partition(":")
    return f"{_PAGES[kind]}{own_id}" if kind in _PAGES else None


def _day(text: str) -> date:
    on = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    if not 1900 <= on.year <= 2999:
        raise ValueError(text)
    return on
