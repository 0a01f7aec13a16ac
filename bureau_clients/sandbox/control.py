"""What somebody who tries things out does to the stand-ins, and sees of them: by calls here, or over HTTP.

| call under `/control/BUREAU` | what |
|---|---|
| `POST /faults` | `{"fault", "kind", "number", "times"}`: that kind of question, or that number, goes wrong so many times; all but `fault` may be left out |
| `GET /faults`, `DELETE /faults`, `DELETE /faults/ID` | what is set; all of it, or one of it, is taken back |
| `GET /questions`, `DELETE /questions` | what was asked, the oldest first; forget it |

Only this machine is answered.
"""  # noqa: E501 - a table

import ipaddress
import itertools
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from bureau_clients.sandbox.faults import TROUBLES, Trouble, can_happen_at
from bureau_clients.sandbox.questions import BUREAUS, Kind, Question

PATH = "/control"

_MOST_QUESTIONS = 100_000
_DIGITS_COMPARED = 10  # a person's number is asked for with and without its century
_BY_NAME: Mapping[str, Trouble] = {str(trouble): trouble for trouble in TROUBLES}


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that was set: for every question at *bureau* of that *kind* and about that *number*, where they are told,
    and *times* more times, None for always.
    """

    id: int
    bureau: str
    fault: Trouble
    kind: Kind | None
    number: str | None
    times: int | None

    def is_for(self, question: Question) -> bool:
        """Whether *question* goes wrong by it."""
        return (
            self.times != 0
            and question.bureau == self.bureau
            and self.kind in (None, question.kind)
            and (self.number is None or question.number[-_DIGITS_COMPARED:] == self.number[-_DIGITS_COMPARED:])
        )


@dataclass(slots=True)
class Asked:
    """A question that was asked *at* an instant, and what became of it: `waiting` until it is answered, then
    `answered` or the name of what went wrong.
    """

    question: Question
    at: datetime
    outcome: str = "waiting"


@dataclass
class Control:
    """What is set, and what was asked, of both bureaus; for any number of threads. A fault that was set goes before
    that of a number, and a later one before an earlier one.
    """

    _set: list[Injected] = field(default_factory=list)
    _asked: deque[Asked] = field(default_factory=lambda: deque(maxlen=_MOST_QUESTIONS))
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _odd: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def inject(
        self,
        bureau: str,
        fault: Trouble,
        *,
        kind: Kind | None = None,
        number: str | None = None,
        times: int | None = None,
    ) -> Injected:
        """Let questions go wrong. ValueError for what cannot happen at *bureau*, or not so many *times*."""
        if bureau not in BUREAUS or not can_happen_at(fault, bureau):
            raise ValueError(f"{fault} cannot happen at {bureau}")
        if times is not None and times < 1:
            raise ValueError("times is not above zero")
        with self._lock:
            injected = Injected(next(self._ids), bureau, fault, kind, number, times)
            self._set.append(injected)
        return injected

    def faults(self, bureau: str) -> tuple[Injected, ...]:
        """What is set at *bureau*."""
        with self._lock:
            return tuple(each for each in self._set if each.bureau == bureau)

    def take_back(self, bureau: str, identifier: int | None = None) -> None:
        """Nothing is set at *bureau* any more; or the one fault with this *identifier* is not."""
        with self._lock:
            self._set = [each for each in self._set if each.bureau != bureau or identifier not in (None, each.id)]

    def questions(self, bureau: str) -> tuple[Asked, ...]:
        """What *bureau* was asked, the oldest first, of the latest hundred thousand questions."""
        with self._lock:
            return tuple(each for each in self._asked if each.question.bureau == bureau)

    def forget(self, bureau: str) -> None:
        """*bureau* was never asked anything."""
        with self._lock:
            kept = [each for each in self._asked if each.question.bureau != bureau]
            self._asked.clear()
            self._asked.extend(kept)

    def note(self, question: Question, at: datetime) -> Asked:
        """Remember that *question* was asked; its outcome is set when there is one."""
        asked = Asked(question, at)
        with self._lock:
            self._asked.append(asked)
        return asked

    def take(self, question: Question) -> Trouble | None:
        """What goes wrong with *question* by what was set, which is one time less from then on."""
        with self._lock:
            for position in reversed(range(len(self._set))):
                injected = self._set[position]
                if injected.is_for(question):
                    self._used(position, injected)
                    return injected.fault
        return None

    def is_odd(self, question: Question) -> bool:
        """Whether this is the first, third, fifth … time that the bureau is asked this about the number."""
        key = question.bureau, f"{question.kind} {question.number[-_DIGITS_COMPARED:]}"
        with self._lock:
            self._odd ^= {key}
            return key in self._odd

    def _used(self, position: int, injected: Injected) -> None:
        if injected.times is None:
            return
        if injected.times == 1:
            del self._set[position]
            return
        self._set[position] = Injected(
            injected.id, injected.bureau, injected.fault, injected.kind, injected.number, injected.times - 1
        )


def control_panel(control: Control) -> Blueprint:
    """The calls of the module's table."""
    calls = Blueprint("control", __name__, url_prefix=f"{PATH}/<any({','.join(BUREAUS)}):bureau>")

    @calls.before_request
    def only_from_here() -> None:
        if not ipaddress.ip_address(request.remote_addr or "::").is_loopback:
            abort(HTTPStatus.FORBIDDEN)

    @calls.post("/faults")
    def inject(bureau: str) -> ResponseReturnValue:
        try:
            injected = _injected(control, bureau, request.get_json(silent=True))
        except (KeyError, TypeError, ValueError) as error:
            return jsonify({"error": f"this cannot be set: {error}"}), HTTPStatus.UNPROCESSABLE_ENTITY
        return jsonify(_described(injected)), HTTPStatus.CREATED

    @calls.get("/faults")
    def faults(bureau: str) -> Response:
        return jsonify({"faults": [_described(each) for each in control.faults(bureau)]})

    @calls.delete("/faults")
    @calls.delete("/faults/<int:identifier>")
    def take_back(bureau: str, identifier: int | None = None) -> ResponseReturnValue:
        control.take_back(bureau, identifier)
        return "", HTTPStatus.NO_CONTENT

    @calls.get("/questions")
    def questions(bureau: str) -> Response:
        return jsonify({"questions": [_listed(each) for each in control.questions(bureau)]})

    @calls.delete("/questions")
    def forget(bureau: str) -> ResponseReturnValue:
        control.forget(bureau)
        return "", HTTPStatus.NO_CONTENT

    return calls


def _injected(control: Control, bureau: str, body: Any) -> Injected:
    if not isinstance(body, dict) or body.keys() - {"fault", "kind", "number", "times"}:
        raise ValueError("give fault, and kind, number and times if they matter")
    times, number = body.get("times"), body.get("number")
    if not isinstance(times, int | None) or isinstance(times, bool) or not isinstance(number, str | None):
        raise TypeError("times is a number, number a text")
    kind = body.get("kind")
    return control.inject(
        bureau,
        _BY_NAME[body["fault"]],
        kind=None if kind is None else Kind(kind),
        number=None if number is None else "".join(filter(str.isdecimal, number)),
        times=times,
    )


def _described(injected: Injected) -> dict[str, Any]:
    return {
        "id": injected.id,
        "fault": injected.fault,
        "kind": injected.kind,
        "number": injected.number,
        "times": injected.times,
    }


def _listed(asked: Asked) -> dict[str, Any]:
    question = asked.question
    return {
        "operation": question.operation,
        "kind": question.kind,
        "what": question.what,
        "number": question.number,
        "reference": question.reference,
        "at": asked.at.isoformat(),
        "outcome": asked.outcome,
    }
