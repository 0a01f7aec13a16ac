"""QR codes as pictures inside a page."""

import re
from functools import lru_cache

import segno
from markupsafe import Markup

_MASK = 2
_BORDER = 2
_DARK = re.compile("1+")


def changing_code(now: str, next_second: str) -> Markup:
    """The code of *now*, which the style sheet changes for that of the *next_second* after a second.

    Both are ASCII. Each is one line drawn through its dark modules.
    """
    first, second = (_codes_of(len(content)) for content in (now, next_second))
    size = max(first.size, second.size) + 2 * _BORDER
    return Markup(  # noqa: S704 - our own bytes
        f'<svg viewBox="0 0 {size} {size}" role="img" aria-label="BankID QR" stroke="#000">'
        f'<path class="first" d="{first.line(now)}"/><path class="second" d="{second.line(next_second)}"/></svg>'
    )


class _Codes:
    """The codes of all contents of one length, put together from those of a few.

    With version and mask given, a code is linear: each of its modules is a sum, modulo two, of bits of the content and
    of a constant (ISO/IEC 18004: Reed-Solomon, placement and mask add and move bits). So two codes differ by the sum of
    what each bit changes in which their contents differ. That is learnt from the library once per bit; to have the
    library encode each content takes ten times as long, which pages that change every second would feel.
    """

    def __init__(self, length: int) -> None:
        self._blank = bytes(length)
        blank = segno.make(self._blank, mode="byte", error="l", boost_error=False, mask=_MASK, micro=False)
        self.size = len(blank.matrix)
        self._version = blank.version
        self._modules = _modules(blank)
        self._changes: dict[tuple[int, int], int] = {}

    def line(self, content: str) -> str:
        """The line through the dark modules of *content*'s code, inside its border."""
        modules = self._modules
        for place, character in enumerate(content.encode("ascii")):
            modules ^= self._change(place, character)
        drawn = f"{modules:0{self.size * self.size}b}"
        return "".join(
            [
                f"M{start + _BORDER} {row + _BORDER}.5h{end - start}"
                for row in range(self.size)
                for start, end in map(re.Match.span, _DARK.finditer(drawn[row * self.size : (row + 1) * self.size]))
            ]
        )

    def _change(self, place: int, character: int) -> int:
        """What becomes other by *character* at *place*; threads that learn it at once learn the same."""
        found = self._changes.get((place, character))
        if found is None:
            lowest = character & -character
            found = self._learn(place, lowest) if character == lowest else self._change(place, lowest)
            if character != lowest:
                found ^= self._change(place, character - lowest)
            self._changes[place, character] = found
        return found

    def _learn(self, place: int, bit: int) -> int:
        content = bytearray(self._blank)
        content[place] = bit
        code = segno.make(
            bytes(content), mode="byte", version=self._version, error="l", boost_error=False, mask=_MASK, micro=False
        )
        return self._modules ^ _modules(code)


@lru_cache(maxsize=8)
def _codes_of(length: int) -> _Codes:
    """A content of BankID's has one length for each number of digits that its seconds have."""
    return _Codes(length)


def _modules(code: segno.QRCode) -> int:
    """Row by row, one bit each."""
    return int("".join(map(str, b"".join(code.matrix))), 2)
