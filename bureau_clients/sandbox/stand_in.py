"""What both bureaus' stand-ins have in common: one account, how long answers take, and how a question is dealt with."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Response

from bureau_clients.sandbox import faults
from bureau_clients.sandbox.control import Control
from bureau_clients.sandbox.faults import Fault, ServiceError, Trouble
from bureau_clients.sandbox.numbers import magic_number
from bureau_clients.sandbox.questions import Question
from underwriting.kernel.clock import SystemClock


class Declined(Exception):
    """The bureau does not answer, for this reason."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """How one bureau's stand-in is set up: the one account that it knows (for Bisnode, the client's id and secret), and
    how long things take, in seconds.

    *latency_seconds* is for every answer about somebody; *silent_seconds* is longer than the client waits.
    *token_seconds* is how long a token is good. *control* may be shared with the other bureau's stand-in.
    """

    username: str
    password: str = field(repr=False)
    latency_seconds: float = 0.0
    slow_seconds: float = 3.0
    silent_seconds: float = 60.0
    token_seconds: float = 3600.0
    control: Control = field(default_factory=Control)
    now: Callable[[], datetime] = SystemClock().now

    def knows(self, username: str, password: str) -> bool:
        """Whether this is the account."""
        right = hmac.compare_digest(username.encode(), self.username.encode())
        return hmac.compare_digest(password.encode(), self.password.encode()) and right

    def token_end(self) -> datetime:
        """When a token that is given now stops being good."""
        return self.now() + timedelta(seconds=self.token_seconds)

    def answer(
        self,
        question: Question,
        *,
        healthy: Callable[[], Response],
        declined: Callable[[ServiceError], Response],
        void_token: Callable[[], None] = lambda: None,
    ) -> Response:
        """The answer to *question*: *healthy*, or *declined*, or with the fault that was set or that its number has.

        *healthy* may raise Declined; then the fault of a number, which nobody was told anything about, is left out.
        """
        asked = self.control.note(question, self.now())
        if question.is_about_somebody:
            time.sleep(self.latency_seconds)
        trouble = self.control.take(question)
        try:
            response = healthy()
            trouble = trouble or self._trouble_of_number(question)
            outcome = "answered"
        except Declined as refusal:
            response, outcome = declined(refusal.error), str(refusal.error)
        if trouble is not None:
            outcome = str(trouble)
            if trouble is Fault.TOKEN_EXPIRED:
                void_token()
            response = self._spoiled(response, trouble, question, declined)
        asked.outcome = outcome
        return response

    def _trouble_of_number(self, question: Question) -> Trouble | None:
        magic = magic_number(question.number)
        if magic is None or not magic.is_at(question.bureau) or question.kind not in magic.troubled:
            return None
        if magic.trouble is Fault.TOKEN_EXPIRED and not self.control.is_odd(question):
            return None
        return magic.trouble

    def _spoiled(
        self, response: Response, trouble: Trouble, question: Question, declined: Callable[[ServiceError], Response]
    ) -> Response:
        if isinstance(trouble, ServiceError):
            return declined(trouble)
        return faults.apply(
            trouble, response, question, slow_seconds=self.slow_seconds, silent_seconds=self.silent_seconds
        )
