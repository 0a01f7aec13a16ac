"""What is read as an answer of REST, and what is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.creditsafe.envelopes import NotAnAnswer
from bureau_clients.creditsafe.rest_formats import (
    Combinations,
    error_code_of,
    read_report,
    read_signatories,
    read_token,
)
from bureau_clients.reports import CopySent, Coverage, Signatory

ASTRID = {"name": "Astrid Almgren", "personalNumber": "19770107-2394", "positions": [{"roleName": "VD"}]}


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_report_is_one_row_of_dotted_paths() -> None:
    """D13: numbers as they were written, what is empty as an empty text."""
    answer = read_report(
        b'{"metaData": {"lodCreated": true}, "report": {"basicInformation": {"companyName": " Cykel AB ",'
        b' "taxInformation": {"fTax": {"registered": true}, "employmentTax": false}}, "rating": {"value": -29},'
        b' "debtBalance": {"total": 1250000.50, "huge": 1e400}, "accounts": [{"turnover": 0}, {}],'
        b' "board": [], "income": null}}'
    )
    assert answer.rows == (
        {
            "basicInformation.companyName": "Cykel AB",
            "basicInformation.taxInformation.fTax.registered": "true",
            "basicInformation.taxInformation.employmentTax": "false",
            "rating.value": "-29",
            "debtBalance.total": "1250000.50",
            "debtBalance.huge": "1e400",
            "accounts.0.turnover": "0",
            "accounts.1": "",
            "board": "",
            "income": "",
        },
    )
    assert (answer.error_code, answer.copy_sent) == (None, CopySent.YES)


@pytest.mark.parametrize(
    ("metadata", "copy"),
    [
        ({"lodCreated": True}, CopySent.YES),
        ({"lodCreated": False}, CopySent.NO),
        ({"lodCreated": "true"}, CopySent.NOT_TOLD),
        ({"lodCreated": None}, CopySent.NOT_TOLD),
        ({}, CopySent.NOT_TOLD),
        (None, CopySent.NOT_TOLD),
        ("x", CopySent.NOT_TOLD),
    ],
)
def test_the_bureau_tells_whether_a_letter_was_made(metadata: Any, copy: CopySent) -> None:
    """A6: and where it does not, nothing is guessed."""
    assert read_report(body({"metaData": metadata, "report": {"a": 1}})).copy_sent is copy


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "15", "text": "Ingen träff"}, "15"),
        ({"code": 15}, "15"),
        ({"code": " S2 "}, "S2"),
        ({"code": "R4"}, "R4"),
        ({"text": "Något är fel"}, "unlisted"),
        ({"code": ["15"]}, "unlisted"),
        ({"code": "Astrid 770107-2394"}, "unlisted"),
        ("fel", "unlisted"),
        (["15"], "unlisted"),
        ({"code": None, "text": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_an_errors_code_goes_on_and_the_bureaus_text_does_not(error: Any, code: str | None) -> None:
    """B3: with a status of 200 or another."""
    assert read_report(body({"error": error})).error_code == code
    assert error_code_of(body({"error": error})) == code


def test_an_error_may_come_with_a_report() -> None:
    """B7: S2 and S6 do, where the block allows it."""
    answer = read_report(body({"error": {"code": "S2"}, "report": {"income": {"amount": 420000}}}))
    assert (answer.error_code, answer.rows) == ("S2", ({"income.amount": "420000"},))


DEEP = b'{"report": ' + b'{"a": ' * 100_000 + b"1" + b"}" * 100_001
NESTED = b'{"report": ' + b'{"a": ' * 30 + b"1" + b"}" * 31
NOT_ANSWERS = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"15",
    b'"report"',
    b"{}",
    b'{"message": "Forbidden"}',
    b"<html></html>",
    b"<?xml version='1.0'?><a/>",
    b'{"report": {"a": 1}',
    b'{"report": {"a": 1}} x',
    b'{"report": {"a": NaN}}',
    b'{"report": {"a": Infinity}}',
    b'{"report": {"a": 1, "a": 2}}',
    b'{"report": {}, "report": {"a": 1}}',
    b'{"report": {"a": {"b": 1}, "a.b": 2}}',
    b'{"report": [{"a": 1}]}',
    b'{"report": "a"}',
    b"{'report': {}}",
    b'{"report": {"a": "\xe5"}}',
    json.dumps({"report": {"a": "å"}}).encode("utf-16"),
    DEEP,
    b"[" * 100_000,
    NESTED,
]


@pytest.mark.parametrize("raw", NOT_ANSWERS)
def test_what_is_not_an_answer_is_said_to_be_none(raw: bytes) -> None:
    """B3: neither what says two things nor what would fill the memory."""
    with pytest.raises(NotAnAnswer):
        read_report(raw)


@pytest.mark.parametrize("raw", NOT_ANSWERS)
def test_nor_is_it_a_token_or_a_right_to_sign(raw: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        read_token(raw)
    if raw[:11] != b'{"report": ':
        with pytest.raises(NotAnAnswer):
            read_signatories(raw)


def test_a_byte_order_mark_is_passed_over_and_what_no_text_can_hold_is_marked() -> None:
    """B6: a fact is kept and shown, and neither can be done with half a character."""
    assert read_report(b"\xef\xbb\xbf" + body({"report": {"a": "1"}})).rows == ({"a": "1"},)
    assert read_report(b'{"report": {"a": "x\\ud800\\u0000y"}}').rows == ({"a": "x\ufffd\ufffdy"},)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "å", "a" * 8193, None, ["a"]])
def test_a_token_that_cannot_stand_in_a_header_is_none(token: Any) -> None:
    with pytest.raises(NotAnAnswer):
        read_token(body({"token": token}))


def test_a_token_is_read() -> None:
    assert read_token(body({"token": "eyJhbGciOiJub25lIn0.e30."})) == "eyJhbGciOiJub25lIn0.e30."


def test_a_right_to_sign_has_alternatives_of_people_with_positions() -> None:
    """B7: one alternative, all of whose people sign, is enough."""
    björn = {"name": "Björn Ekholm", "personalNumber": None, "positions": [{"roleCode": "LE"}, {"roleName": "Ordf"}]}
    report = [{"companyId": "559999-0008", "coverage": "Complete", "combinations": [[ASTRID], [ASTRID, björn]]}]
    astrid = Signatory(name="Astrid Almgren", number="197701072394", roles=("VD",))
    assert read_signatories(body({"report": report})) == (
        Combinations(
            company_number="559999-0008",
            alternatives=((astrid,), (astrid, Signatory(name="Björn Ekholm", number=None, roles=("LE", "Ordf")))),
            coverage=Coverage.COMPLETE,
        ),
    )


def test_a_right_to_sign_that_no_combination_covers_has_none() -> None:
    """B7: then a person reads the wording."""
    (told,) = read_signatories(body({"report": [{"companyId": None, "coverage": "none", "combinations": None}]}))
    assert (told.coverage, told.alternatives) == (Coverage.NONE, ())


@pytest.mark.parametrize(
    "report",
    [
        {"coverage": "complete"},
        [{"coverage": "complete", "combinations": []}],
        [{"coverage": "complete", "combinations": [[]]}],
        [{"coverage": "none", "combinations": [[ASTRID], []]}],
        [{"coverage": "most", "combinations": [[ASTRID]]}],
        [{"combinations": [[ASTRID]]}],
        [{"coverage": "complete", "combinations": [ASTRID]}],
        [{"coverage": "complete", "combinations": [["Astrid"]]}],
        [{"coverage": "complete", "combinations": [[{"personalNumber": "197701072394"}]]}],
        [{"coverage": "complete", "combinations": [[{**ASTRID, "positions": "VD"}]]}],
        [{"coverage": "complete", "combinations": [[{**ASTRID, "positions": ["VD"]}]]}],
        ["complete"],
    ],
)
def test_a_right_to_sign_that_cannot_be_read_whole_is_none(report: Any) -> None:
    """D13: nobody signs by half a combination."""
    with pytest.raises(NotAnAnswer):
        read_signatories(body({"report": report}))


def test_a_declined_right_to_sign_has_the_code_alone() -> None:
    assert read_signatories(body({"error": {"code": "7"}})) == (Combinations(None, (), None, "7"),)
    assert read_signatories(body({"report": []})) == ()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(st.dictionaries(st.sampled_from(["report", "error", "metaData", "token"]), JSON))
def test_no_structure_makes_it_fail_in_another_way(value: dict[str, Any]) -> None:
    for read in (read_report, read_signatories, read_token):
        try:
            read(body(value))
        except NotAnAnswer:
            continue


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_in_another_way(raw: bytes) -> None:
    for read in (read_report, read_signatories, read_token):
        with pytest.raises(NotAnAnswer):
            read(raw)
