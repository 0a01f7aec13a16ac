"""BankID's rules without its network."""

import base64
import hashlib
from dataclasses import replace
from datetime import date

import pytest

from agreements.signing.rules import (
    Completion,
    EvidenceFault,
    SignatureNotAccepted,
    VisibleTextRefused,
    check_completion,
    message_for,
    non_visible_data,
    qr_content,
    require_visible_text,
)
from underwriting.kernel.identifiers import PersonalNumber

ANNA = PersonalNumber("197902092381")
ERIK = PersonalNumber("198106032397")
TEXT = "Jag skriver under.\r\nÅäö & <b>"
DOCUMENT = b"%PDF exact bytes"
D = "http://www.w3.org/2000/09/xmldsig#"
T = "http://www.bankid.com/signature/v1.0.0/types"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (0, "dc69358e712458a66a7525beef148ae8526b1c71610eff2c16cdffb4cdac9bf8"),
        (1, "949d559bf23403952a94d103e67743126381eda00f0b3cbddbf7c96b1adcbce2"),
    ],
)
def test_the_animated_code_is_that_of_bankids_own_example(seconds: int, code: str) -> None:
    token, secret = "67df3917-fa0d-44e5-b327-edcc928297f8", "d28db9a7-4cde-429e-a983-359be676944c"
    assert qr_content(token, secret, seconds) == f"bankid.{token}.{seconds}.{code}"


@pytest.mark.parametrize(
    ("status", "hint_code", "qr", "rfa"),
    [
        ("pending", "outstandingTransaction", True, "RFA1"),
        ("pending", "outstandingTransaction", False, "RFA13"),
        ("pending", "noClient", True, "RFA1"),
        ("pending", "noClient", False, "RFA1"),
        ("pending", "started", True, "RFA15A"),
        ("pending", "started", False, "RFA15B"),
        ("pending", "userMrtd", False, "RFA23"),
        ("pending", "userCallConfirm", False, "RFA21"),
        ("pending", "userSign", True, "RFA9"),
        ("pending", "processing", False, "RFA21"),
        ("pending", "somethingNew", False, "RFA21"),
        ("pending", None, True, "RFA21"),
        ("failed", "expiredTransaction", False, "RFA8"),
        ("failed", "certificateErr", False, "RFA16"),
        ("failed", "userCancel", False, "RFA6"),
        ("failed", "cancelled", False, "RFA3"),
        ("failed", "startFailed", False, "RFA17A"),
        ("failed", "startFailed", True, "RFA17B"),
        ("failed", "userDeclinedCall", False, "RFA22"),
        ("failed", "notSupportedByUserApp", False, "RFA22"),
        ("failed", "transactionRiskBlocked", False, "RFA22"),
        ("failed", "somethingNew", True, "RFA22"),
        ("failed", "userSign", False, "RFA22"),  # a code of the other status is not one of this one
        ("failed", None, False, "RFA22"),
    ],
)
def test_every_hint_has_a_message_in_both_languages(status: str, hint_code: str | None, qr: bool, rfa: str) -> None:
    message = message_for(status, hint_code, qr=qr)
    assert message.rfa == rfa
    assert message.text.sv
    assert message.text.en
    assert message.text.sv != message.text.en


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", False),
        ("x", True),
        ("x" * 30_000, True),  # 30 000 / 3 * 4 = 40 000
        ("x" * 30_001, False),
        ("å" * 15_000, True),  # two bytes each
        ("å" * 15_000 + "x", False),
    ],
)
def test_a_text_fits_when_it_is_1_to_40_000_characters_as_base64(text: str, fits: bool) -> None:
    if fits:
        assert require_visible_text(text) == text
    else:
        with pytest.raises(VisibleTextRefused):
            require_visible_text(text)


def test_the_non_visible_data_is_the_documents_sha_256_in_hexadecimal() -> None:
    assert non_visible_data(b"abc") == b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


VISIBLE = encoded(TEXT.encode())
HIDDEN = encoded(hashlib.sha256(DOCUMENT).hexdigest().encode())


def block(visible: str = VISIBLE, hidden: str = HIDDEN) -> str:
    return (
        f'<bankIdSignedData xmlns="{T}"><usrVisibleData>{visible}</usrVisibleData>'
        f"<usrNonVisibleData>{hidden}</usrNonVisibleData></bankIdSignedData>"
    )


def signature(content: str | None = None, *, before: str = "") -> str:
    inner = f"<Object>{block()}</Object>" if content is None else content
    return encoded(f'{before}<Signature xmlns="{D}">{inner}</Signature>'.encode())


def completion(signature_: str, person: PersonalNumber = ANNA) -> Completion:
    return Completion(
        personal_number=person,
        name="Anna Lindqvist",
        given_name="Anna",
        surname="Lindqvist",
        device_ip="192.0.2.7",
        device_uhi=None,
        bank_id_issued_on=date(2025, 3, 2),
        risk=None,
        signature=signature_,
        ocsp_response="",
    )


def faults_of(evidence: Completion) -> tuple[EvidenceFault, ...]:
    try:
        check_completion(evidence, signatory=ANNA, visible_text=TEXT, document=DOCUMENT)
    except SignatureNotAccepted as refusal:
        return refusal.faults
    return ()


def test_the_right_person_text_and_document_are_accepted() -> None:
    """S1: the evidence shows what was asked for."""
    assert faults_of(completion(signature())) == ()


def test_base64_in_lines_is_the_same_data() -> None:
    """S1: white space within base64 is not part of what was signed."""
    assert (
        faults_of(completion(signature(f"<Object>{block(visible=VISIBLE[:8] + chr(10) + VISIBLE[8:])}</Object>"))) == ()
    )


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (block(visible=encoded(TEXT.replace("\r\n", "\n").encode())), EvidenceFault.OTHER_TEXT),
        (block(visible=encoded((TEXT + " ").encode())), EvidenceFault.OTHER_TEXT),
        (block(visible=""), EvidenceFault.OTHER_TEXT),
        (block(hidden=encoded(hashlib.sha256(DOCUMENT + b"\n").hexdigest().encode())), EvidenceFault.OTHER_DOCUMENT),
        (block(hidden=encoded(DOCUMENT)), EvidenceFault.OTHER_DOCUMENT),
        (block(hidden=""), EvidenceFault.OTHER_DOCUMENT),
    ],
)
def test_one_character_more_or_less_is_another_text_or_document(changed: str, fault: EvidenceFault) -> None:
    """S1: the text and the document's hash inside the signature equal what was sent, to the byte."""
    assert faults_of(completion(signature(f"<Object>{changed}</Object>"))) == (fault,)


def test_another_person_is_refused() -> None:
    """S1: the signature is the expected signatory's."""
    assert faults_of(completion(signature(), ERIK)) == (EvidenceFault.OTHER_PERSON,)


def test_every_fault_is_told_at_once() -> None:
    """S1: a check tells all that it finds."""
    evidence = completion(signature(f"<Object>{block(visible='', hidden='')}</Object>"), ERIK)
    assert faults_of(evidence) == (
        EvidenceFault.OTHER_PERSON,
        EvidenceFault.OTHER_TEXT,
        EvidenceFault.OTHER_DOCUMENT,
    )


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
        signature(before=ENTITY),
        signature(f"<Object>{block(visible='&e;')}</Object>", before=ENTITY),
        signature(""),
        signature(block()),
        signature(f"<Object>{block()}</Object><Object>{block()}</Object>"),
        signature(f"<Object>{block()}</Object><KeyInfo>{block()}</KeyInfo>"),
        signature(f"<Object>{block().replace(T, 'urn:other')}</Object>"),
        signature(f"<Object>{block(visible='===')}</Object>"),
        signature(f"<Object>{block(visible='<b/>' + VISIBLE)}</Object>"),
        signature(f"<Object>{block().replace('</bankIdSignedData>', '<usrVisibleData/></bankIdSignedData>')}</Object>"),
    ],
)
def test_what_is_not_one_block_of_signed_data_is_unreadable(hostile: str) -> None:
    """S1: evidence that can be read in two ways, or in none, is not taken."""
    assert faults_of(completion(hostile)) == (EvidenceFault.UNREADABLE,)


def test_a_completion_shows_no_personal_data_when_printed() -> None:
    printed = repr(replace(completion("SIGNATURE"), ocsp_response="OCSP"))
    for secret in ("Anna", "Lindqvist", "197902", "2381", "192.0.2.7", "SIGNATURE", "OCSP"):
        assert secret not in printed
