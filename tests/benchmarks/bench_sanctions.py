"""How long it takes to hold a name against a list of 20 000 entries: `python tests/benchmarks/bench_sanctions.py`.

Names are made of syllables by a fixed seed; one in ten that is asked about stands on the list, misspelt.
"""

import random
import sys
import time
from statistics import median, quantiles

from underwriting.due_diligence.likeness import NameIndex
from underwriting.due_diligence.rules import Entry, EntryKind, Party

ENTRIES, ASKED, NAMES_EACH = 20_000, 500, 3
SYLLABLES = [first + second for first in "bdfghjklmnprstv" for second in ("a", "e", "i", "o", "u", "an", "er", "il")]


def name(source: random.Random) -> str:
    words = ("".join(source.choices(SYLLABLES, k=source.randint(2, 4))) for _ in range(source.randint(2, 3)))
    return " ".join(word.capitalize() for word in words)


def main() -> None:
    source = random.Random(1)
    entries = [
        Entry(reference=str(number), kind=EntryKind.PERSON, names=tuple(name(source) for _ in range(NAMES_EACH)))
        for number in range(ENTRIES)
    ]
    start = time.monotonic()
    index = NameIndex(entries)
    built = time.monotonic() - start
    taken, missed = [], 0
    for number in range(ASKED):
        listed = entries[source.randrange(ENTRIES)] if number % 10 == 0 else None
        asked = listed.names[0][:-1] if listed else name(source)
        start = time.monotonic()
        hits = index.find(Party(kind=EntryKind.PERSON, role="guarantor", number="", name=asked))
        taken.append((time.monotonic() - start) * 1000)
        missed += listed is not None and listed.reference not in {hit.entry.reference for hit in hits}
    p95 = quantiles(taken, n=20)[-1]
    sys.stdout.write(
        f"{ENTRIES} entries of {NAMES_EACH} names: index {built:.1f} s; a name {median(taken):.1f} ms in the middle, "
        f"{p95:.1f} ms at p95; {missed} of {ASKED // 10} misspelt names missed\n"
    )


if __name__ == "__main__":
    main()
