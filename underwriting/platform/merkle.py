"""A tree of hashes, as RFC 9162 (section 2.1) draws it: a root over many leaves, short proofs that one is among them.

Pure. A leaf and an inner node are hashed with different first bytes, so that neither can be taken for the other.
"""

import hashlib
from collections.abc import Iterable, Sequence


def leaf(content: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over hashes of *leaves* in their order; of none the hash of nothing. Memory grows with its height."""
    whole: list[tuple[int, bytes]] = []  # complete subtrees from the left, each with its height
    for one in leaves:
        whole.append((0, one))
        while len(whole) > 1 and whole[-1][0] == whole[-2][0]:
            height, right = whole.pop()
            whole.append((height + 1, _node(whole.pop()[1], right)))
    if not whole:
        return hashlib.sha256().digest()
    _, found = whole.pop()
    while whole:
        found = _node(whole.pop()[1], found)
    return found


def proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What `proves` needs besides the leaf at *index* to come to the root, from the bottom up."""
    if len(leaves) <= 1:
        return []
    half = 1 << ((len(leaves) - 1).bit_length() - 1)  # the greatest power of two below the number of leaves
    if index < half:
        return [*proof(leaves[:half], index), root(leaves[half:])]
    return [*proof(leaves[half:], index - half), root(leaves[:half])]


def proves(path: Sequence[bytes], *, leaf_hash: bytes, index: int, count: int, expected: bytes) -> bool:
    """Whether *path* shows that *leaf_hash* is the leaf at *index* of *count* under the root *expected* (2.1.3.2)."""
    if not 0 <= index < count:
        return False
    place, last, found = index, count - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = _node(sibling, found)
            while place % 2 == 0 and place != 0:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == expected


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
