"""Each bureau's ratings on the common scale (`RatingGrade`), in which A is the lowest risk and E the highest.

| grade | Creditsafe, 0 to 100 | Bisnode | why |
|---|---|---|---|
| A | 71 to 100 | AAA, AA | very low risk; AA is the top for HB, KB and EF, which are never given AAA |
| B | 51 to 70 | A | low risk, creditworthy |
| C | 30 to 50 | | moderate risk; Bisnode has no step between A and B |
| D | 21 to 29 | B | high risk; Bisnode's B is credit against security alone |
| E | 0 to 20, and -29 | C | very high risk; Bisnode advises against credit; -29 is a bankruptcy petition |
| none | -28, -95, -96, -97 | AN, NYTT, - | the bureau says that it sets no rating, which is absent and not a bad one |

Creditsafe's bands are its international ones; it publishes none for Sweden alone. What stands nowhere here is no rating
that can be read, and is never taken for the nearest.
"""

import re
from collections.abc import Mapping

from bureau_clients.reports import Rating, RatingGrade

BISNODE_GRADES: Mapping[str, RatingGrade] = {
    "AAA": RatingGrade.A,
    "AA": RatingGrade.A,
    "A": RatingGrade.B,
    "B": RatingGrade.D,
    "C": RatingGrade.E,
}
"""What Bisnode's letters are on the common scale."""

BISNODE_NOT_RATED = frozenset({"AN", "NYTT", "-"})
"""What Bisnode writes for a company that it does not rate: a new one, or one of which it cannot tell."""

CREDITSAFE_BANDS = (
    (71, RatingGrade.A),
    (51, RatingGrade.B),
    (30, RatingGrade.C),
    (21, RatingGrade.D),
    (0, RatingGrade.E),
)
"""The least score of each grade, from the best down; the highest score is 100."""

CREDITSAFE_NOT_RATED = frozenset({-28, -95, -96, -97})
"""Deficient accounts; status, registration date or data missing."""

CREDITSAFE_PETITION = -29
"""A bankruptcy petition is filed: with no grade at all it would weigh less than a bad rating, so it is the worst."""

_CREDITSAFE_HIGHEST = 100


def creditsafe_rating(text: str) -> Rating | None:
    """The rating that Creditsafe writes as a whole number, None where it sets none; ValueError for anything else."""
    if not re.fullmatch("[+-]?[0-9]{1,3}", text):
        raise ValueError("not a rating")
    score = int(text)
    if score in CREDITSAFE_NOT_RATED:
        return None
    if score == CREDITSAFE_PETITION:
        return Rating(str(score), RatingGrade.E)
    if not 0 <= score <= _CREDITSAFE_HIGHEST:
        raise ValueError("not between 0 and 100")
    return Rating(str(score), next(grade for least, grade in CREDITSAFE_BANDS if score >= least))


def bisnode_rating(code: str) -> Rating | None:
    """The rating that Bisnode writes in letters, None where it sets none; ValueError for anything else."""
    if code in BISNODE_NOT_RATED:
        return None
    if code not in BISNODE_GRADES:
        raise ValueError("not a rating")
    return Rating(code, BISNODE_GRADES[code])
