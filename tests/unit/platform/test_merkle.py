"""The tree of hashes: as RFC 9162 draws it; proofs prove what is there and nothing else."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from underwriting.platform import merkle


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_seven_leaves_are_joined_as_the_standard_draws_them() -> None:
    """RFC 9162, 2.1.5: ((ab)(cd))((ef)g)."""

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    a, b, c, d, e, f, g = leaves = [hashlib.sha256(b"\x00" + bytes([one])).digest() for one in range(7)]
    assert [merkle.leaf(bytes([one])) for one in range(7)] == leaves
    left, right = node(node(a, b), node(c, d)), node(node(e, f), g)
    assert merkle.root(leaves) == node(left, right)
    assert merkle.proof(leaves, 0) == [b, node(c, d), right]
    assert merkle.proof(leaves, 3) == [c, node(a, b), right]
    assert merkle.proof(leaves, 6) == [node(e, f), left]


@given(count=st.integers(1, 70), data=st.data())
def test_a_proof_shows_its_own_leaf_at_its_own_place_alone(count: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf(str(one).encode()) for one in range(count)]
    root, index = merkle.root(leaves), data.draw(st.integers(0, count - 1))
    other = data.draw(st.integers(0, count - 1))
    path = merkle.proof(leaves, index)

    def proves(leaf: bytes, place: int, size: int = count) -> bool:
        return merkle.proves(path, leaf_hash=leaf, index=place, count=size, expected=root)

    assert proves(leaves[index], index)
    assert proves(leaves[other], index) == (other == index)
    assert proves(leaves[index], other) == (other == index)
    assert not proves(leaves[index], count)
    assert not merkle.proves([*path, root], leaf_hash=leaves[index], index=index, count=count, expected=root)
