"""The steps by which evidence is verified: each attack is found by the step that is there for it."""

import base64
import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agreements.signing.certificate_path import TOLERANCE, Roots, read_roots
from agreements.signing.evidence import (
    Asked,
    EvidenceFault,
    SignatureNotAccepted,
    check_completion,
    verify,
)
from agreements.signing.rules import Completion, non_visible_data
from agreements.signing.sandbox import pki
from agreements.signing.sandbox.evidence import Notary
from agreements.signing.sandbox.hostile import Hostile
from tests.conftest import LONG
from underwriting.kernel.identifiers import PersonalNumber

ANNA = PersonalNumber("197902092381")
ERIK = PersonalNumber("198106032397")
TEXT = "Jag skriver under.\r\nÅäö & <b>"
DOCUMENT = b"%PDF exact bytes"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ASKED = Asked(ANNA, TEXT, DOCUMENT, AT - timedelta(seconds=20), AT + timedelta(seconds=2))
D = "http://www.w3.org/2000/09/xmldsig#"
T = "http://www.bankid.com/signature/v1.0.0/types"

Sign = Callable[..., Completion]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> pki.Pki:
    return pki.make(tmp_path_factory.mktemp("bankid") / "pki")


@pytest.fixture(scope="module")
def roots(certificates: pki.Pki) -> Roots:
    return read_roots(certificates.root)


@pytest.fixture(scope="module")
def sign(certificates: pki.Pki) -> Sign:
    notary = Notary(pki.root_of(certificates))

    def signed(
        hostile: Hostile | None = None,
        *,
        person: PersonalNumber = ANNA,
        text: str = TEXT,
        document: bytes = DOCUMENT,
        signing: bool = True,
        at: datetime = AT,
    ) -> Completion:
        signature, status = notary.evidence(
            personal_number=person.digits,
            name="Anna Lindqvist",
            visible=encoded(text.encode()),
            non_visible=encoded(non_visible_data(document)),
            signing=signing,
            at=at,
            hostile=hostile,
        )
        return completion(signature, status, person)

    return signed


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def completion(signature: str, status: str, person: PersonalNumber = ANNA) -> Completion:
    return Completion(
        personal_number=person,
        name="Anna Lindqvist",
        given_name="Anna",
        surname="Lindqvist",
        device_ip="192.0.2.7",
        device_uhi=None,
        bank_id_issued_on=date(2025, 3, 2),
        risk=None,
        signature=signature,
        ocsp_response=status,
    )


def faults_of(evidence: Completion, roots: Roots, asked: Asked = ASKED) -> tuple[EvidenceFault, ...]:
    try:
        check_completion(evidence, asked, roots=roots)
    except SignatureNotAccepted as refusal:
        return refusal.faults
    return ()


def test_the_right_persons_signature_over_text_and_document_holds_in_every_step(sign: Sign, roots: Roots) -> None:
    """S1: ten steps, numbered from one, and none finds a fault."""
    findings = verify(sign(), ASKED, roots=roots)
    assert [finding.number for finding in findings] == list(range(1, 11))
    assert [finding.fault for finding in findings] == [None] * 10
    assert faults_of(sign(), roots) == ()


@pytest.mark.parametrize(
    ("hostile", "faults"),
    [
        (Hostile.ALTERED_TEXT, {EvidenceFault.OTHER_TEXT, EvidenceFault.ALTERED}),
        (Hostile.ALTERED_SIGNATURE, {EvidenceFault.ALTERED}),
        (Hostile.EXPIRED_CERTIFICATE, {EvidenceFault.CERTIFICATE_NOT_TRUSTED, EvidenceFault.STATUS_NOT_GOOD}),
        (Hostile.UNKNOWN_CERTIFICATE, {EvidenceFault.CERTIFICATE_NOT_TRUSTED, EvidenceFault.STATUS_NOT_GOOD}),
        (Hostile.REVOKED, {EvidenceFault.STATUS_NOT_GOOD}),
        (Hostile.WRONG_NONCE, {EvidenceFault.OTHER_STATUS}),
        (Hostile.UNKNOWN_RESPONDER, {EvidenceFault.STATUS_NOT_GOOD}),
        (Hostile.OLD_STATUS, {EvidenceFault.STATUS_NOT_GOOD, EvidenceFault.OUT_OF_TIME}),
    ],
)
def test_a_forged_answer_is_found_by_the_step_that_is_there_for_it(
    sign: Sign, roots: Roots, hostile: Hostile, faults: set[EvidenceFault]
) -> None:
    """S1: what is forged is named, and what is genuine beside it is not."""
    assert set(faults_of(sign(hostile), roots)) == faults


def test_an_identification_over_the_same_text_is_no_signature(sign: Sign, roots: Roots) -> None:
    """S1: who only says who they are has signed nothing."""
    assert faults_of(sign(signing=False), roots) == (EvidenceFault.NOT_A_SIGNATURE,)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"text": TEXT.replace("\r\n", "\n")}, EvidenceFault.OTHER_TEXT),
        ({"text": TEXT + " "}, EvidenceFault.OTHER_TEXT),
        ({"text": ""}, EvidenceFault.OTHER_TEXT),
        ({"document": DOCUMENT + b"\n"}, EvidenceFault.OTHER_DOCUMENT),
        ({"document": b""}, EvidenceFault.OTHER_DOCUMENT),
        ({"person": ERIK}, EvidenceFault.OTHER_PERSON),
    ],
)
def test_a_true_signature_of_something_else_is_refused(
    sign: Sign, roots: Roots, given: dict[str, object], fault: EvidenceFault
) -> None:
    """S1: person, text and the document's hash equal what was asked for, to the byte."""
    assert faults_of(sign(**given), roots) == (fault,)


def test_a_certificate_of_another_person_is_found_whatever_the_answer_says(sign: Sign, roots: Roots) -> None:
    """S1: it is the certificate that tells whose key has signed."""
    claimed = replace(sign(person=ERIK), personal_number=ANNA)
    assert faults_of(claimed, roots) == (EvidenceFault.OTHER_PERSON,)


@pytest.mark.parametrize(
    ("made", "faults"),
    [
        (ASKED.started_at - TOLERANCE, ()),
        (ASKED.started_at - TOLERANCE - timedelta(seconds=1), (EvidenceFault.OUT_OF_TIME,)),
        (ASKED.collected_at + TOLERANCE, ()),
    ],
)
def test_a_signature_is_made_while_its_order_lives(
    sign: Sign, roots: Roots, made: datetime, faults: tuple[EvidenceFault, ...]
) -> None:
    """S1: clocks may be a minute apart, and no more."""
    assert faults_of(sign(at=made), roots) == faults


def test_a_signature_from_after_the_order_is_refused(sign: Sign, roots: Roots) -> None:
    """S1: what is dated later than it was collected was not collected then."""
    late = sign(at=ASKED.collected_at + TOLERANCE + timedelta(seconds=1))
    assert EvidenceFault.OUT_OF_TIME in faults_of(late, roots)


def test_evidence_holds_years_after_its_certificates_ended(sign: Sign, roots: Roots) -> None:
    """S1: it is judged as of its own day, not of the day on which it is looked at."""
    at = AT - timedelta(days=3000)
    old = replace(ASKED, started_at=at - timedelta(seconds=20), collected_at=at + timedelta(seconds=2))
    assert faults_of(sign(at=at), roots, old) == ()


def test_without_a_root_nobody_is_believed(sign: Sign) -> None:
    """S1: who vouches is the lender's choice, never the signature's."""
    assert set(faults_of(sign(), ())) == {EvidenceFault.CERTIFICATE_NOT_TRUSTED, EvidenceFault.STATUS_NOT_GOOD}


def test_the_status_of_another_signature_is_not_taken_for_this_ones(sign: Sign, roots: Roots) -> None:
    """S1: an answer on another certificate says nothing about this one."""
    mixed = replace(sign(), ocsp_response=sign().ocsp_response)
    assert set(faults_of(mixed, roots)) == {EvidenceFault.STATUS_NOT_GOOD, EvidenceFault.OTHER_STATUS}


def test_any_byte_that_is_changed_in_signature_or_status_is_found(sign: Sign, roots: Roots) -> None:
    """S1: one byte is enough, wherever it stands."""
    genuine = sign()
    chance = random.Random(20260302)
    parts: tuple[tuple[str, Callable[[str], Completion]], ...] = (
        (genuine.signature, lambda changed: replace(genuine, signature=changed)),
        (genuine.ocsp_response, lambda changed: replace(genuine, ocsp_response=changed)),
    )
    for part, with_part in parts:
        raw = base64.b64decode(part)
        for place in range(len(raw)) if LONG else chance.sample(range(len(raw)), 60):
            changed = raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]
            assert faults_of(with_part(encoded(changed)), roots), place


VISIBLE, HIDDEN = encoded(TEXT.encode()), encoded(hashlib.sha256(DOCUMENT).hexdigest().encode())


def block(visible: str = VISIBLE) -> str:
    return (
        f'<bankIdSignedData xmlns="{T}"><usrVisibleData>{visible}</usrVisibleData>'
        f"<usrNonVisibleData>{HIDDEN}</usrNonVisibleData></bankIdSignedData>"
    )


def signature(content: str, *, before: str = "") -> str:
    return encoded(f'{before}<Signature xmlns="{D}">{content}</Signature>'.encode())


ENTITY = f'<!DOCTYPE x [<!ENTITY e "{VISIBLE}">]>'


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "not base64!",
        encoded(b"not xml"),
        encoded(b"<Signature"),
        encoded(f"<Other>{block()}</Other>".encode()),
        encoded(b"\x00\xff\xfe"),
        signature(f"<Object>{block()}</Object>", before=ENTITY),
        signature(f"<Object>{block(visible='&e;')}</Object>", before=ENTITY),
        signature(""),
        signature(block()),
        signature(f"<Object>{block()}</Object>"),
        signature(f"<Object>{block()}</Object><Object>{block()}</Object>"),
        signature(f"<Object>{block()}</Object><KeyInfo>{block()}</KeyInfo>"),
        signature(f"<Object>{block().replace(T, 'urn:other')}</Object>"),
    ],
)
def test_what_is_not_one_block_of_signed_data_is_unreadable(sign: Sign, roots: Roots, hostile: str) -> None:
    """S1: evidence that can be read in two ways, or in none, is not taken."""
    assert faults_of(completion(hostile, sign().ocsp_response), roots) == (EvidenceFault.UNREADABLE,)


@pytest.mark.parametrize(
    "twice",
    [
        lambda xml: xml.replace(b"</Object>", b"</Object><Object>" + block().encode() + b"</Object>"),
        lambda xml: xml.replace(b"<usrNonVisibleData>", b"<usrVisibleData>eA==</usrVisibleData><usrNonVisibleData>"),
        lambda xml: xml.replace(b"</usrVisibleData>", b"<b/></usrVisibleData>"),
    ],
)
def test_a_second_text_beside_the_signed_one_is_found(
    sign: Sign, roots: Roots, twice: Callable[[bytes], bytes]
) -> None:
    """S1: nothing that could be taken for the signed text may stand beside it."""
    genuine = sign()
    wrapped = encoded(twice(base64.b64decode(genuine.signature)))
    assert faults_of(replace(genuine, signature=wrapped), roots)


def test_a_file_that_holds_no_certificate_is_no_root(tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    with pytest.raises(ValueError, match=r"."):
        read_roots(file)


@pytest.mark.parametrize(
    ("place", "bit"), [(5, 0x20), (6, 0x80), (7, 0x80), (88, 0x80), (90, 1), (183, 1), (501, 1), (-1, 1)]
)
def test_a_status_that_cannot_be_read_is_no_status_and_no_more_than_that(
    sign: Sign, roots: Roots, place: int, bit: int
) -> None:
    """S1: a tag, a name, a date or a curve that no library knows is told as a status that is not good, in its step."""
    signed = sign()
    status = bytearray(base64.b64decode(signed.ocsp_response))
    status[place] ^= bit
    faults = faults_of(replace(signed, ocsp_response=encoded(bytes(status))), roots)
    assert EvidenceFault.STATUS_NOT_GOOD in faults
    assert EvidenceFault.CERTIFICATE_NOT_TRUSTED not in faults
