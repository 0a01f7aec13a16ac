"""How guarantors would share a debt, drawn as one bar of their shares; the numbers stand beside it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from agreements.guarantees.rules import Division
from underwriting.kernel.money import Money

_WIDTH = 480
_HEIGHT = 26
_COLOURS = ("#124b3e", "#d9a441", "#4f8a78", "#8a5a12", "#7fa698", "#54625b")
_LOST = "#9c2116"


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the debt: whose, how much, and its mark in the drawing."""

    name: str
    amount: Money
    mark: Markup


def shares_of(division: Division, names: Mapping[uuid.UUID, str], *, lost: str) -> list[Share]:
    """Every guarantor's share, with what the creditor loses last where that is anything."""
    found = [
        Share(names.get(reference, "") if isinstance(reference, uuid.UUID) else "", amount, _mark(colour_of(place)))
        for place, (reference, amount) in enumerate(division.shares.items())
    ]
    return [*found, Share(lost, division.lost, _mark(_LOST))] if division.lost else found


def bar_of(division: Division, *, title: str) -> Markup:
    """The debt as one bar; empty where there is none."""
    parts: Sequence[tuple[str, Money]] = [
        *((colour_of(place), amount) for place, amount in enumerate(division.shares.values())),
        (_LOST, division.lost),
    ]
    whole = Money.sum(amount for _, amount in parts)
    if not whole:
        return Markup()
    drawn, left = Markup(), 0
    for colour, amount in parts:
        width = amount.ore * _WIDTH // whole.ore
        drawn += Markup('<rect x="{}" width="{}" height="{}" fill="{}"/>').format(left, width, _HEIGHT, colour)
        left += width
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, title, drawn
    )


def colour_of(place: int) -> str:
    """The colour of the guarantor at a place."""
    return _COLOURS[place % len(_COLOURS)]


def _mark(colour: str) -> Markup:
    return Markup(
        '<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
        '<rect width="14" height="14" fill="{}"/></svg>'
    ).format(colour)
