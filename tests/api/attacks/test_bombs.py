"""Small things that want to become large: compressed bodies, entities, towers. None is unpacked, none costs much."""

import gzip
import io
import json
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agreements.payments.formats import parse
from agreements.payouts.answers import BankAnswerUnreadable, read_pain_002
from bureau_clients.creditsafe.envelopes import NotAnAnswer
from bureau_clients.creditsafe.formats import read_answer
from tests.support.house import HouseWorld
from tests.support.lending import application_json
from underwriting.kernel.errors import Refusal
from underwriting.kernel.vocabulary import Role

MEGABYTES_100 = 100 * 1024 * 1024
PAIN = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """What is in the block takes no more than that of this process's time."""
    before = time.process_time()
    yield
    assert time.process_time() - before < seconds


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bgmax.txt", content)
    return archive.getvalue()


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """100 MB of blanks in 100 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blank = b" " * (1024 * 1024)
    return b"".join(packer.compress(blank) for _ in range(100)) + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip"])
def test_a_body_that_says_it_is_compressed_is_read_as_it_came(world: HouseWorld, encoding: str, bomb: bytes) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    honest = gzip.compress(json.dumps(application_json()).encode())
    for content in (bomb, honest):
        with at_most(1):
            answer = world.anyone().send("POST", "/v1/applications", headers, data=content)
        assert answer.status_code in (400, 415)


@pytest.mark.parametrize("kind", ["text/plain", "application/gzip", "application/zip"])
def test_a_file_of_payments_is_not_unpacked(world: HouseWorld, kind: str, bomb: bytes) -> None:
    billing = world.staff(Role.BILLING)
    for content in (bomb, zipped(b" " * 10_000_000), zipped(zipped(b"x" * 1_000_000))):
        with at_most(1):
            answer = billing.send("POST", "/v1/payment-files", {"Content-Type": kind}, data=content)
        assert answer.status_code == 422
        upload = {"file": (io.BytesIO(content), "bgmax.zip", kind)}
        assert billing.send("POST", "/v1/payment-files", {}, data=upload).status_code == 422
    with pytest.raises(Refusal):
        parse(bomb)


def laughs(where: str) -> str:
    """Ten entities, each ten times the one before, in an element's text or in an attribute."""
    names = "abcdefghij"
    entities = "".join(
        f'<!ENTITY {name} "{f"&{names[place - 1]};" * 10 if place else "ha" * 10}">' for place, name in enumerate(names)
    )
    body = {"text": "<Id>&j;</Id>", "attribute": '<Id at="&j;"/>', "both": '<Id at="&j;">&j;</Id>'}[where]
    return f'<!DOCTYPE Document [{entities}]><Document xmlns="{PAIN}">{body}</Document>'


QUADRATIC = f'<!DOCTYPE d [<!ENTITY a "{"a" * 50_000}">]><Document xmlns="{PAIN}">{"&a;" * 20_000}</Document>'
OUTSIDE = (
    '<!DOCTYPE d [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x.dtd"> %e;]><Document xmlns="{PAIN}"/>',
    '<!DOCTYPE d SYSTEM "file:///etc/passwd"><Document xmlns="{PAIN}"/>',
    f'<Document xmlns="{PAIN}" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></Document>',
)
TOWER = f'<Document xmlns="{PAIN}">' + "<a>" * 100_000 + "</a>" * 100_000 + "</Document>"
ATTRIBUTES = " ".join(f'a{number}=""' for number in range(100_000))
HOSTILE = {
    "laughs in text": laughs("text"),
    "laughs in an attribute": laughs("attribute"),
    "laughs in both": laughs("both"),
    "one long entity many times": QUADRATIC,
    "a tower": TOWER,
    "a crowd of attributes": f'<Document xmlns="{PAIN}" {ATTRIBUTES}/>',
    **{f"from outside {number}": content for number, content in enumerate(OUTSIDE)},
}
READERS: dict[str, tuple[Callable[[bytes], object], type[Exception]]] = {
    "the bank's answer": (read_pain_002, BankAnswerUnreadable),
    "the bureau's answer": (read_answer, NotAnAnswer),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_xml_that_wants_to_grow_is_refused_at_once(reader: str, hostile: str) -> None:
    """P3, B3: neither an answer of the bank's nor one of a bureau's expands anything or reads anything else."""
    read, refusal = READERS[reader]
    with at_most(2), pytest.raises(refusal):
        read(HOSTILE[hostile].encode())


@pytest.mark.parametrize("reader", READERS)
def test_an_answer_that_is_compressed_is_none(reader: str, bomb: bytes) -> None:
    read, refusal = READERS[reader]
    with at_most(1), pytest.raises(refusal):
        read(bomb)
