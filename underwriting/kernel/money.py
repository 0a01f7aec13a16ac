"""Money: whole öre, never a float."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import ClassVar

_NBSP = "\u00a0"


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount of Swedish kronor, held as a whole number of öre. May be negative."""

    ore: int
    ZERO: ClassVar["Money"]

    def __post_init__(self) -> None:
        if type(self.ore) is not int:
            raise TypeError(f"Money holds whole öre, not {type(self.ore).__name__}")

    @classmethod
    def kronor(cls, amount: int | str | Decimal) -> "Money":
        """*amount* kronor, exact: no number or a fraction of an öre raises ValueError, a float TypeError."""
        if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal):
            raise TypeError(f"Money is not made from {type(amount).__name__}")
        try:
            ore = Decimal(amount) * 100
        except InvalidOperation as error:
            raise ValueError("an amount is a number") from error
        if not ore.is_finite() or ore != ore.to_integral_value():
            raise ValueError("an amount has at most two decimals")
        return cls(int(ore))

    @classmethod
    def sum(cls, amounts: Iterable["Money"]) -> "Money":
        """The sum of *amounts*, zero when there are none."""
        return cls(sum(amount.ore for amount in amounts))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.ore + other.ore)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.ore - other.ore)

    def __neg__(self) -> "Money":
        return Money(-self.ore)

    def __mul__(self, count: int) -> "Money":
        if type(count) is not int:
            raise TypeError("multiply by a whole count, or use at_rate")
        return Money(self.ore * count)

    def __bool__(self) -> bool:
        return self.ore != 0

    def __str__(self) -> str:
        """Kronor with two decimals and a point, as on the wire: `1500.00`."""
        sign, ore = ("-", -self.ore) if self.ore < 0 else ("", self.ore)
        return f"{sign}{ore // 100}.{ore % 100:02d}"

    def at_rate(self, rate: Decimal) -> "Money":
        """This amount times *rate*, rounded once, half up (away from zero), to whole öre."""
        return Money(int((self.ore * rate).quantize(Decimal(1), ROUND_HALF_UP)))

    def at_rate_in_kronor(self, rate: Decimal) -> "Money":
        """This amount times *rate*, rounded once, half up, to whole kronor (rules D6 and F2)."""
        return Money(int((self.ore * rate / 100).quantize(Decimal(1), ROUND_HALF_UP)) * 100)

    def in_whole_kronor(self) -> "Money":
        """Rounded to whole kronor, 50 öre up, as a payable sum is (lag 1970:1029, 2 §)."""
        return self.at_rate_in_kronor(Decimal(1))

    def split(self, parts: int) -> "tuple[Money, ...]":
        """*parts* amounts, as equal as öre allow, that sum to this one; the first take the odd öre."""
        return self.split_by([1] * parts)

    def split_by(self, weights: Sequence[int]) -> "tuple[Money, ...]":
        """Amounts in proportion to *weights*, none negative, that sum to this one; the first take the odd öre."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights are not negative and not all zero")
        sign = -1 if self.ore < 0 else 1
        shares = [abs(self.ore) * weight // total for weight in weights]
        odd = abs(self.ore) - sum(shares)
        for position, weight in enumerate(weights):
            if odd and weight:
                shares[position] += 1
                odd -= 1
        return tuple(Money(sign * share) for share in shares)

    def formatted(self) -> str:
        """As people write it in Swedish: `1 500 kr`, `1 500,50 kr`, with no-break spaces and a true minus."""
        kronor, ore = divmod(abs(self.ore), 100)
        whole = f"{kronor:,}".replace(",", _NBSP)
        sign = "\u2212" if self.ore < 0 else ""
        return f"{sign}{whole},{ore:02d}{_NBSP}kr" if ore else f"{sign}{whole}{_NBSP}kr"


Money.ZERO = Money(0)
