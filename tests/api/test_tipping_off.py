"""Nobody outside the desk learns that somebody is looked into (penningtvättslagen 4:9): all that can be reached of a
case with a match, or with a politically exposed person, is the same as of a case referred for an ordinary reason.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LONG
from tests.support.bank_stand_in import bank_world
from tests.support.bankid_stand_in import bankid_world
from tests.support.bureau import creditsafe_at
from tests.support.house import Api, HouseWorld, house_world
from tests.support.journey import Loan, apply
from tests.support.lending import CECILIA, application_json, guarantor_json
from tests.support.sanctions import NEWER, NOTE, SAMPLE, STRONG, loaded
from tests.support.tellings import Outside, outside_of, told_of
from tests.support.webhook_receiver import webhook_receiver
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.vocabulary import Role
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FOUR_REMARKS = "559999-1014"
MATCHES = "/v1/due-diligence/sanctions-matches"
NOBODY_ON_IT = NEWER.replace("Anton Påhittad".encode(), b"Somebody Else").replace("Антон Похиттад".encode(), b"Else")
BODY = application_json(guarantors=[guarantor_json(CECILIA, "Anton Påhittad")])
WORDS = (
    *("sanktion", "sanction", "penningtvätt", "laundering", "träff mot", "terror"),
    *("politically exposed", "politiskt utsatt", "hard_stop", "hard stop", "screening", "likhet"),
)
"""What no answer may say that is not the same for everybody: descriptions and forms."""
FOR_EVERYBODY = re.compile(r": (GET|POST) /(apply|signup|$)")

Act = Callable[[Api, Api, Loan], object]
"""What one underwriter and another, senior one, do with a case."""


def match_path(underwriter: Api) -> str:
    (match,) = underwriter.get(MATCHES)["items"]
    return f"{MATCHES}/{match['id']}"


def propose(first: Api, _second: Api, _loan: Loan) -> None:
    assert first.post(f"{match_path(first)}/clearance", {"note": NOTE})["state"] == "clearing"


def clear(first: Api, second: Api, loan: Loan) -> None:
    path = match_path(first)
    propose(first, second, loan)
    assert second.post(f"{path}/clearance", {"note": NOTE})["state"] == "cleared"


def confirm(first: Api, _second: Api, _loan: Loan) -> None:
    first.post(f"{match_path(first)}/confirmation", {"note": NOTE})


def determine(**determination: str) -> Act:
    """The senior one determines the case."""
    return lambda _first, second, loan: second.post(f"{loan.application}/overrides", determination)


SEEN = {"fee_rate": "0.02", "reason_code": "documents_seen", "reason": "Underlagen visar att företaget kan betala."}
APPROVE = determine(outcome="approved", limit="200000.00", **SEEN)
OFFER_LESS = determine(outcome="counter_offer", limit="100000.00", **SEEN)
DECLINE = determine(outcome="declined", reason_code="guarantors", reason="Borgensmännens ställning räcker inte till.")
STOP = determine(outcome="declined", reason_code="due_diligence", reason="Träffen mot listan är bekräftad.")

EXPOSED = BODY | {"due_diligence": BODY["due_diligence"] | {"politically_exposed": True}}
CASES: dict[str, tuple[bytes, Mapping[str, Any], tuple[tuple[str, Act], ...]]] = {
    "a strong match, of which two persons have to say so": (STRONG, BODY, (("referred", propose),)),
    "a cleared match, approved": (STRONG, BODY, (("referred", clear), ("approved", APPROVE))),
    "a cleared match, offered less": (STRONG, BODY, (("referred", clear), ("offered less", OFFER_LESS))),
    "a confirmed match, declined": (SAMPLE, BODY, (("referred", confirm), ("declined", STOP))),
    "a politically exposed person": (NOBODY_ON_IT, EXPOSED, ()),
}
"""The list, what is applied with, and what is done; after each act it is told of as an ordinary case that stands so."""
ORDINARY = NOBODY_ON_IT, BODY | {"organisation_number": FOUR_REMARKS}
ORDINARILY: dict[str, tuple[tuple[str, Act], ...]] = {
    "referred": (),
    "approved": (("approved", APPROVE),),
    "offered less": (("offered less", OFFER_LESS),),
    "declined": (("declined", DECLINE),),
}


@pytest.fixture(scope="module")
def make_world(
    _shared_database: Database, settings: Settings, creditsafe_address: str, certificates: Path, tmp_path_factory: Any
) -> Callable[[], Any]:
    """Makes the service anew, on a database that is rolled back."""

    @contextmanager
    def made() -> Iterator[HouseWorld]:
        with ExitStack() as stack:
            connection = stack.enter_context(_shared_database.engine.connect())
            stack.callback(connection.begin().rollback)
            database = Database.bound_to(connection)
            clock = FixedClock(BEGIN)
            runtime = Runtime(settings, database, clock, cipher_of(settings, database))
            bankid = stack.enter_context(bankid_world(certificates))
            bank = stack.enter_context(bank_world(tmp_path_factory.mktemp("bank") / "bank.sqlite3"))
            yield stack.enter_context(house_world(runtime, bankid, bank, (creditsafe_at(creditsafe_address),)))

    return made


def told(
    world: HouseWorld, content: bytes, body: Mapping[str, Any], acts: tuple[tuple[str, Act], ...]
) -> Iterator[tuple[str, dict[str, str]]]:
    """How the case stands, and all that can be reached of it outside the desk: at first, and after each act."""
    loaded(world.runtime, content)
    with webhook_receiver() as receiver:
        outside = Outside(outside_of(world, receiver), receiver)
        loan = apply(world, dict(body))
        world.work()
        first, second = world.staff(Role.UNDERWRITER), world.staff(Role.SENIOR_UNDERWRITER)
        assert first.get(loan.application)["state"] == "referred"
        matches = first.get(MATCHES)["items"]
        ids = {"match_id": matches[0]["id"]} if matches else {}
        yield "referred", told_of(world, loan, outside, ids=ids, writes=not acts)
        for state, act in acts:
            act(first, second, loan)
            world.work()
            yield state, told_of(world, loan, outside, ids=ids, writes=act is acts[-1][1])


def differences(told_in_case: Mapping[str, str], ordinary: Mapping[str, str]) -> list[str]:
    """What is told in one of the two alone, line by line; writes are compared where they were tried in both."""
    found = []
    for what in sorted(told_in_case.keys() | ordinary.keys()):
        if _is_write(what) and not (what in told_in_case and what in ordinary):
            continue
        one, other = (each.get(what, "nothing at all") for each in (told_in_case, ordinary))
        if one != other:
            lines = difflib.unified_diff(other.splitlines(), one.splitlines(), "ordinary", "case", n=0, lineterm="")
            found.append("\n".join([what, *lines]))
    return found


def _is_write(what: str) -> bool:
    return ": " in what and not what.partition(": ")[2].startswith("GET")


def tell_tales(told_in_case: Mapping[str, str]) -> set[str]:
    """The words of sanctions and money laundering in what is told of the case."""
    return {
        f"{what}: {word}"
        for what, text in told_in_case.items()
        if not FOR_EVERYBODY.search(what)
        for word in WORDS
        if word in text.lower()
    }


@pytest.fixture(scope="module")
def ordinary(make_world: Callable[[], Any]) -> Callable[[str], Mapping[str, str]]:
    """All that is told of a case that was referred for payment remarks, once for each way that it went on."""

    @cache
    def told_once(state: str) -> Mapping[str, str]:
        with make_world() as world:
            *_, (_, found) = told(world, *ORDINARY, ORDINARILY[state])
            return found

    return told_once


@pytest.mark.parametrize("name", [name for name in CASES if LONG or "offered less" not in name])
def test_nothing_outside_the_desk_tells_the_case_from_an_ordinary_one(
    make_world: Callable[[], Any], ordinary: Callable[[str], Mapping[str, str]], name: str
) -> None:
    """D7: every page, answer, refusal, event, webhook and letter, to the applicant, the guarantor, an integrator, staff
    without the role, and nobody in particular."""
    with make_world() as world:
        stages = list(told(world, *CASES[name]))
    for state, found in stages:
        assert differences(found, ordinary(state)) == []
        assert tell_tales(found) == set()


def test_the_walk_sees_what_is_told(
    make_world: Callable[[], Any], ordinary: Callable[[str], Mapping[str, str]]
) -> None:
    """The watch itself: the same case, declined, differs in answers, letters and events."""
    of_decline = differences(ordinary("declined"), ordinary("referred"))
    for kind in ("person anna@example.se: GET /v1/applications/", "letter", "event", "webhooks", "integrator: GET /v1"):
        assert any(one.startswith(kind) for one in of_decline), kind
    assert tell_tales({"person: GET /my": "Du står på en sanktionslista."}) == {"person: GET /my: sanktion"}
