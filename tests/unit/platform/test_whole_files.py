"""A file is there as a whole or not at all, whatever becomes of the disk."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from underwriting.platform.whole_files import FileNotWritten, chunks_of, length_of, passing_file, whole_file

ROOM = 100_000


@contextmanager
def no_room() -> Iterator[None]:
    """The kernel gives this process no file of more than `ROOM` bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def write(path: Path, parts: list[int]) -> None:
    """Write so many bytes, part by part; a part below zero is an error of the writer's."""
    with whole_file(path) as file:
        for part in parts:
            if part < 0:
                raise ValueError("negative count")
            file.write(b"x" * part)


def test_a_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.si"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file.si"]


@pytest.mark.parametrize("parts", [[ROOM + 1], [10] * (ROOM // 10 + 1), [ROOM, 1]])
def test_where_there_is_no_room_nothing_is_left_and_the_old_file_stays(tmp_path: Path, parts: list[int]) -> None:
    path = tmp_path / "file.si"
    path.write_bytes(b"old")
    with no_room(), pytest.raises(FileNotWritten) as refused:
        write(path, parts)
    assert refused.value.detail.en == (
        "The file file.si was not written: there is no room for it on the disk. Nothing of it is left."
    )
    assert refused.value.detail.sv.startswith("Filen file.si skrevs inte: det finns inte plats")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.si"]


def test_another_error_leaves_nothing_either(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="negative count"):
        write(tmp_path / "file.si", [10, -1])
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_or_a_place_that_is_a_folder_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "file.si", tmp_path):
        with pytest.raises(FileNotWritten, match="was not written"), whole_file(path) as file:
            file.write(b"x")
    assert os.listdir(tmp_path) == []


def test_a_file_in_passing_is_read_from_its_beginning() -> None:
    with passing_file("file.si") as file:
        file.write(b"whole" * ROOM)
    assert length_of(file) == 5 * ROOM
    assert b"".join(chunks_of(file)) == b"whole" * ROOM
    assert file.closed


def test_a_file_in_passing_for_which_there_is_no_room_is_refused() -> None:
    with no_room(), pytest.raises(FileNotWritten), passing_file("file.si") as file:
        file.write(b"x" * (ROOM + 1))
    assert file.closed
