"""Arrays as PostgreSQL writes them, for statements that take values by the hundred."""

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[0-9A-Za-z:_.,-]*")
_ESCAPED = re.compile(r'(["\\])')


def array_text(values: Iterable[object]) -> str:
    """*values*, none of them None, as one array: for `CAST(:name AS uuid[])` and its like.

    Ids, days, numbers and words need no quoting, and are seen to all at once: the driver looks at each several times.
    """
    written = [str(value) for value in values]
    text = ",".join(written)
    is_plain = _PLAIN.fullmatch(text) and text.count(",") == max(len(written) - 1, 0)
    if not is_plain or "" in written or "null" in text.lower():
        text = ",".join('"' + _ESCAPED.sub(r"\\\1", value) + '"' for value in written)
    return f"{{{text}}}"
