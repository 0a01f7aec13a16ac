"""The changing QR code: what is drawn is what the library encodes."""

import re
import uuid

import segno
from hypothesis import given
from hypothesis import strategies as st

from agreements.signing.rules import qr_content
from underwriting.web.qr import changing_code

NOW, NEXT = (qr_content("67df3917-fa0d-44e5-b327-edcc928297f8", "a secret", second) for second in (9, 10))


def lines_of(now: str, next_second: str) -> list[str]:
    """What is drawn of each of the two."""
    return re.findall(r'<path class="(?:first|second)" d="([^"]*)"/>', changing_code(now, next_second))


def modules_of(line: str) -> set[tuple[int, int]]:
    """The modules, by row and column, that the *line* goes through."""
    runs = re.findall(r"M(\d+) (\d+)\.5h(\d+)", line)
    assert "".join(f"M{x} {y}.5h{length}" for x, y, length in runs) == line
    return {(int(y), int(x) + n) for x, y, length in runs for n in range(int(length))}


def dark_modules(content: str) -> set[tuple[int, int]]:
    """The dark modules that the library gives *content*, two modules from the edge."""
    matrix = segno.make(content, mode="byte", error="l", boost_error=False, mask=2, micro=False).matrix
    return {(y, x) for y, row in enumerate(matrix, 2) for x, module in enumerate(row, 2) if module}


@given(token=st.uuids(), secret=st.text(max_size=40), second=st.integers(0, 400))
def test_each_code_is_drawn_module_by_module_as_the_library_encodes_it(
    token: uuid.UUID, secret: str, second: int
) -> None:
    """The law that the drawing rests on: what each bit of a content changes adds up."""
    contents = [qr_content(str(token), secret, each) for each in (second, second + 1)]
    drawn = lines_of(*contents)
    assert [modules_of(line) for line in drawn] == [dark_modules(content) for content in contents]


def test_the_larger_of_two_codes_has_room() -> None:
    """The content grows by a character from one second to the next, and the code may by that."""
    short, long = "a" * 134, "a" * 135  # 6-L holds 134 bytes, 7-L more
    assert [max(max(module) for module in dark_modules(each)) for each in (short, long)] == [42, 46]
    for now, next_second in ((short, long), (long, short)):
        assert 'viewBox="0 0 49 49"' in changing_code(now, next_second)


def test_a_code_has_a_name_for_who_does_not_see_it() -> None:
    assert 'role="img" aria-label="BankID QR"' in changing_code(NOW, NEXT)
