"""Passwords of staff: how they are kept, and which are too easily guessed.

What is refused is what attackers try first: a common word or name, however it is decorated with figures and signs or
repeated; a walk along the keyboard or the alphabet; a few letters over and over; the user's own name.
"""

import itertools
import re
import unicodedata
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.text import Text

SHORTEST = 12
LONGEST = 256
_FEWEST_DIFFERENT = 5
_LONGEST_WALK = 5
_ROWS = (
    "abcdefghijklmnopqrstuvwxyzåäö",
    "qwertyuiopå",
    "asdfghjklöä",
    "zxcvbnm",
    "01234567890",
    "qazwsxedcrfvtgbyhnujm",
)
_LEET = str.maketrans("0134578@$!€", "oieastbasie")

_hasher = PasswordHasher()
# Of "the time it takes must not tell whether the user exists", by the hasher above. It is written down since every
# process that starts would spend a fifth of a second on it.
_NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$J2M3l7782r41dt5TMTFpGA$9NeoHDlZ3EAAztcXdeuWcwGzNcwzf25paneTvAu5Op8"

TOO_SHORT = Text(
    f"Välj minst {SHORTEST} tecken, gärna flera ord", f"Use at least {SHORTEST} characters, such as some words"
)
TOO_LONG = Text(f"Högst {LONGEST} tecken", f"At most {LONGEST} characters")
EASILY_GUESSED = Text(
    "Det lösenordet hör till dem som prövas först; välj flera ord som inte hör ihop",
    "That password is among those that are tried first; use some words that do not belong together",
)


class PasswordRefused(InvalidInput):
    """The new password is too short, too long or too easily guessed."""

    slug = "password-refused"
    title = Text("Välj ett annat lösenord", "Choose another password")


def hashed(password: str, *, username: str) -> str:
    """What is kept of a new *password*; raises PasswordRefused for one that *username* must not have."""
    fault = fault_of(password, username=username)
    if fault is not None:
        raise PasswordRefused(fault, errors=(FieldError("/password", fault),))
    return _hasher.hash(password)


def fault_of(password: str, *, username: str) -> Text | None:
    """What is wrong with *password* as that of *username*, or None."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    plain = unicodedata.normalize("NFKC", password).casefold()
    few = len(set(plain)) < _FEWEST_DIFFERENT
    return EASILY_GUESSED if few or _is_common(plain, username.casefold()) or _is_walk(plain) else None


def matches(password_hash: str | None, password: str) -> bool:
    """Whether *password* is the one that was kept; it takes its time even where there is none."""
    try:
        return _hasher.verify(_NOBODYS_HASH if password_hash is None else password_hash, password[: LONGEST + 1]) and (
            password_hash is not None
        )
    except (VerificationError, InvalidHashError):
        return False


def renewed(password_hash: str, password: str) -> str:
    """*password_hash*, or a new one where it was made with other parameters than those of today."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(password_hash) else password_hash


def _is_common(plain: str, username: str) -> bool:
    """Whether nothing is left of *plain* without figures, signs, the user's name and the words that all know."""
    return any(
        not _without_words(re.sub(r"[\W\d_]+", " ", text), username) for text in (plain, _core(plain).translate(_LEET))
    )


def _core(plain: str) -> str:
    """*plain* without the figures and signs around it."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)


def _without_words(letters: str, username: str) -> str:
    own = {part for part in re.split(r"[\W\d_]+", username) if len(part) > 2}
    left = [word for word in letters.split() if not _made_of(word, _common_words() | own)]
    return "".join(left)


def _made_of(word: str, known: frozenset[str]) -> bool:
    """Whether *word* is known words one after the other; one or two letters beside them are nothing."""
    reached = {0}
    for place in range(len(word)):
        if place in reached:
            reached |= {place + len(each) for each in known if word.startswith(each, place)}
    return len(word) - max(reached) <= 2


@cache
def _common_words() -> frozenset[str]:
    """What stands in most lists of passwords that became known, in Swedish and English."""
    return frozenset(
        resources.files("underwriting.platform").joinpath("common_passwords.txt").read_text("utf-8").split()
    )


def _is_walk(plain: str) -> bool:
    """Whether *plain* is little else than steps along rows of keys or letters, there or back."""
    rows = [*_ROWS, *(row[::-1] for row in _ROWS)]
    steps = sum(any(pair in row for row in rows) for pair in map("".join, itertools.pairwise(plain)))
    return len(plain) - 1 - steps < _LONGEST_WALK and steps > len(plain) // 2
