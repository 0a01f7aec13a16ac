"""How one thing is looked at without a question about anybody: it holds, or what is wrong, and how long that took."""

import time
from collections.abc import Callable

from bureau_clients.bureau import Check
from bureau_clients.creditsafe.codes import meaning_of
from bureau_clients.errors import BureauFailure
from underwriting.kernel.text import Text


def timed(what: Text, action: Callable[[], object]) -> Check:
    """Whether *action* goes well, with the meaning of the failure where it does not."""
    started = time.monotonic()
    try:
        action()
    except BureauFailure as failure:
        meaning = meaning_of(failure.code)
        detail = Text(f"{meaning.sv} ({failure.code})", f"{meaning.en} ({failure.code})")
        return Check(what, False, time.monotonic() - started, detail)
    return Check(what, True, time.monotonic() - started)
