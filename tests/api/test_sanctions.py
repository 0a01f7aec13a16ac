"""Sanctions lists and matches over HTTP: loaded, worked on, settled by one person or two (rules K1, D10, D16)."""

import io

import pytest

from tests.support.beginnings import apply
from tests.support.house import Api, HouseWorld
from tests.support.sanctions import NEWER, NOTE, SAMPLE, STRONG, like_an_entry, loaded
from underwriting.kernel.vocabulary import Role
from underwriting.platform import bodies

LISTS = "/v1/due-diligence/sanctions-lists"
MATCHES = "/v1/due-diligence/sanctions-matches"
KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}


def hand_in(caller: Api, content: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    sent = {"Content-Type": "application/octet-stream"} | headers
    answer = caller.send("POST", LISTS, sent, data=content)
    return answer.status_code, answer.get_json()


def open_match(world: HouseWorld, underwriter: Api, content: bytes = SAMPLE) -> str:
    """The path of the one match that waits."""
    loaded(world.runtime, content)
    apply(world, like_an_entry())
    world.work()
    (match,) = underwriter.get(MATCHES)["items"]
    return f"{MATCHES}/{match['id']}"


def test_an_administrator_loads_a_list_and_staff_see_which_is_in_force(world: HouseWorld) -> None:
    """K1: by raw bytes or as a form's file; the same file again changes nothing."""
    administrator = world.staff(Role.ADMINISTRATOR)
    status, first = hand_in(administrator, SAMPLE)
    assert (status, first["entries"], first["is_new"]) == (201, 3, True)
    assert hand_in(administrator, SAMPLE) == (201, first | {"is_new": False})
    form = {"file": (io.BytesIO(NEWER), "list.xml")}
    answer = administrator.send("POST", LISTS, {}, data=form, content_type="multipart/form-data")
    assert answer.status_code == 201, answer.text
    shown = world.staff(Role.AUDITOR).get(LISTS)["items"]
    assert [(one["sha256"], one["in_force"]) for one in shown] == [
        (answer.get_json()["sha256"], True),
        (first["sha256"], False),
    ]
    assert shown[0]["loaded_by"].startswith("staff:")


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"", 422, "sanctions-list-invalid"),
        (SAMPLE[:-40], 422, "sanctions-list-invalid"),
        (SAMPLE.replace(b"2026-02-20T12", b"2026-02-19T12"), 409, "sanctions-list-older"),
    ],
)
def test_a_list_that_is_damaged_or_older_is_refused_whole(
    world: HouseWorld, content: bytes, status: int, slug: str
) -> None:
    """K1: what is in force stays in force."""
    administrator = world.staff(Role.ADMINISTRATOR)
    loaded(world.runtime)
    refused, problem = hand_in(administrator, content)
    assert (refused, problem["type"], problem["rule"]) == (status, f"/problems/{slug}", "K1")
    assert len(administrator.get(LISTS)["items"]) == 1


def test_a_list_may_be_larger_than_other_bodies_and_not_without_end(world: HouseWorld) -> None:
    """K1: the Union's list takes some twenty megabytes."""
    administrator = world.staff(Role.ADMINISTRATOR)
    padded = SAMPLE.replace(b"</export>", b"<!--" + b" " * bodies.LARGEST_BYTES + b"--></export>")
    assert hand_in(administrator, padded)[0] == 201
    announced = {"CONTENT_LENGTH": str(64 * 1024 * 1024 + 1)}
    answer = administrator.send("POST", LISTS, {}, data=b"", environ_overrides=announced)
    assert answer.status_code == 413


def test_who_settles_a_match_reads_both_sides_and_why(world: HouseWorld) -> None:
    """D16: of the number the date of birth alone."""
    underwriter = world.staff(Role.UNDERWRITER)
    match = underwriter.get(open_match(world, underwriter))
    assert {name: match[name] for name in ("state", "role", "name", "born", "score", "strong")} == {
        "state": "open",
        "role": "guarantor",
        "name": "Anton Påhittad",
        "born": "1977-01-25",
        "score": 88,  # 100 less 12 for the years of birth
        "strong": False,
    }
    assert match["number"] == "19770125-****"
    assert match["listed"] == {
        "reference": "1001",
        "kind": "person",
        "name": "Anton Påhittad",
        "names": ["Anton Påhittad", "Антон Похиттад"],
        "born": ["1970-05-04"],
        "citizenships": [],
    }
    assert match["words"] == [
        {"own": "anton", "listed": "anton", "percent": 100},
        {"own": "pahittad", "listed": "pahittad", "percent": 100},
    ]


def test_one_person_clears_a_possible_match_once(world: HouseWorld) -> None:
    """A7, D16: what is sent again with its key is answered the same; what is settled stays so."""
    underwriter = world.staff(Role.UNDERWRITER)
    path = open_match(world, underwriter)
    first, again = (underwriter.send("POST", f"{path}/clearance", KEY, json={"note": NOTE}) for _ in range(2))
    assert (first.status_code, first.get_json()["state"]) == (201, "cleared")
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"
    refused = underwriter.call("POST", f"{path}/confirmation", {"note": NOTE})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "D16")
    assert underwriter.get(MATCHES)["items"] == []
    (settled,) = underwriter.get(f"{MATCHES}?state=settled")["items"]
    assert (settled["note"], settled["state"]) == (NOTE, "cleared")
    assert underwriter.get(f"{MATCHES}?state=other", 422)["type"] == "/problems/match-query-refused"


def test_two_persons_clear_a_strong_match(world: HouseWorld) -> None:
    """D16: the one who proposes it is refused as the second."""
    first, second = world.staff(Role.UNDERWRITER), world.staff(Role.SENIOR_UNDERWRITER)
    path = open_match(world, first, STRONG)
    assert first.post(f"{path}/clearance", {"note": NOTE})["state"] == "clearing"
    assert first.call("POST", f"{path}/clearance", {"note": NOTE}).status_code == 403
    cleared = second.post(f"{path}/clearance", {"note": "Jag ser samma sak."})
    assert cleared["state"] == "cleared"
    assert cleared["note"] == f"{NOTE}\n\nJag ser samma sak."
    assert cleared["settled_by"] != cleared["approved_by"]


def test_whoever_has_read_the_match_before_it_changed_is_told_to_read_again(world: HouseWorld) -> None:
    """D16: who means to propose does not become the second person unawares."""
    first, second = world.staff(Role.UNDERWRITER), world.staff(Role.SENIOR_UNDERWRITER)
    path = open_match(world, first, STRONG)
    tag = second.call("GET", path).headers["ETag"]
    first.post(f"{path}/clearance", {"note": NOTE})
    assert second.call("POST", f"{path}/clearance", {"note": NOTE}, If_Match=tag).status_code == 412
    assert second.get(path)["state"] == "clearing"


def test_a_confirmed_match_stays_confirmed(world: HouseWorld) -> None:
    """D10: one underwriter says so; a note is needed."""
    underwriter = world.staff(Role.UNDERWRITER)
    path = open_match(world, underwriter)
    refused = underwriter.call("POST", f"{path}/confirmation", {"note": "kort"})
    assert (refused.status_code, refused.get_json()["type"]) == (422, "/problems/match-note-missing")
    assert underwriter.post(f"{path}/confirmation", {"note": NOTE})["state"] == "confirmed"
    assert underwriter.call("POST", f"{path}/clearance", {"note": NOTE}).status_code == 409
