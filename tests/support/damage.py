"""Strategies that damage the bytes of an answer: some bytes anywhere, or whole parts of its markup.

A change of some bytes mostly leaves nothing that can be read. So half of all changes are of whole tokens (a tag, a
text, a string, a comma), which keep an answer readable and change what it says.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from hypothesis import strategies as st

Damage: TypeAlias = Callable[[st.DrawFn, bytes], bytes]

MOST_CHANGES = 4

_TOKEN = re.compile(rb"<!\[CDATA\[.*?\]\]>|<[^<>]*>|\"(?:[^\"\\]|\\.)*\"|[\w.+-]+|\s+|[^\w\s]", re.DOTALL)
_LONGEST_CUT = 400
_INSERTED = (
    *(
        b"0",
        b"1",
        b"-",
        b"9" * 25,
        b".",
        b",",
        b" ",
        b"e5",
        b"\x00",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xae",
    ),
    *(b"<", b">", b"&", b"&amp;", b"&#48;", b"&#x0;", b"<!--", b"-->", b"<![CDATA[7]]>", b"<x/>", b"<?x?>"),
    *(b'<!DOCTYPE x [<!ENTITY a "7">]>', b"&a;", b'<?xml version="1.0" encoding="utf-16"?>'),
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b":", b"null", b"true", b"false", b"NaN", b"1e400", b"-0", b"{}", b"[]"),
    *(b'"count":0,', b'"amount":"0.00",', b"\\u0000", b"\\ud800", b"\\u0031", b"Ja", b"Nej"),
)


@st.composite
def damaged(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    """One of *samples* after some changes, each of bytes or of tokens."""
    body = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        change = draw(st.sampled_from((*_BYTES, *_TOKENS)))
        body = change(draw, body)
    if draw(st.integers(0, 9)) == 0:
        other = draw(st.sampled_from(samples))
        body = body[: _place(draw, body)] + other[_place(draw, other) :]
    return body


def _flip(draw: st.DrawFn, body: bytes) -> bytes:
    place = _place(draw, body)
    return body[:place] + bytes([draw(st.integers(0, 255))]) + body[place + 1 :]


def _cut(draw: st.DrawFn, body: bytes) -> bytes:
    place = _place(draw, body)
    return body[:place] + body[place + draw(st.integers(1, _LONGEST_CUT)) :]


def _cut_off(draw: st.DrawFn, body: bytes) -> bytes:
    return body[: _place(draw, body)]


def _insert(draw: st.DrawFn, body: bytes) -> bytes:
    place = _place(draw, body)
    return body[:place] + draw(st.sampled_from(_INSERTED)) + body[place:]


def _duplicate(draw: st.DrawFn, body: bytes) -> bytes:
    start, place = _place(draw, body), _place(draw, body)
    return body[:place] + body[start : start + draw(st.integers(1, _LONGEST_CUT))] + body[place:]


def _token_away(draw: st.DrawFn, body: bytes) -> bytes:
    start, end = _tokens(draw, body)
    return body[:start] + body[end:]


def _token_replaced(draw: st.DrawFn, body: bytes) -> bytes:
    start, end = _tokens(draw, body)
    other = _tokens(draw, body)
    text = draw(st.sampled_from(_INSERTED) | st.just(body[other[0] : other[1]]))
    return body[:start] + text + body[end:]


def _token_again(draw: st.DrawFn, body: bytes) -> bytes:
    start, end = _tokens(draw, body)
    place = _tokens(draw, body)[0]
    return body[:place] + body[start:end] + body[place:]


_BYTES: tuple[Damage, ...] = (_flip, _cut, _cut_off, _insert, _duplicate)
_TOKENS: tuple[Damage, ...] = (_token_away, _token_replaced, _token_again, _token_replaced, _token_again)


def _place(draw: st.DrawFn, body: bytes) -> int:
    return draw(st.integers(0, max(0, len(body) - 1)))


def _tokens(draw: st.DrawFn, body: bytes) -> tuple[int, int]:
    """Where one to eight neighbouring tokens begin and end."""
    places = _starts(body)
    first = draw(st.integers(0, len(places) - 1))
    after = min(first + draw(st.sampled_from((1, 1, 1, 2, 3, 4, 6, 8))), len(places) - 1)
    return places[first], places[after] if after > first else len(body)


@lru_cache(maxsize=64)
def _starts(body: bytes) -> Sequence[int]:
    return [found.start() for found in _TOKEN.finditer(body)] or [0]
