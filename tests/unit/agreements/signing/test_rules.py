"""BankID's rules without its network."""

from dataclasses import replace
from datetime import date

import pytest

from agreements.signing.rules import (
    Completion,
    VisibleTextRefused,
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


def completion(signature: str) -> Completion:
    return Completion(
        personal_number=ANNA,
        name="Anna Lindqvist",
        given_name="Anna",
        surname="Lindqvist",
        device_ip="192.0.2.7",
        device_uhi=None,
        bank_id_issued_on=date(2025, 3, 2),
        risk=None,
        signature=signature,
        ocsp_response="",
    )


def test_a_completion_shows_no_personal_data_when_printed() -> None:
    printed = repr(replace(completion("SIGNATURE"), ocsp_response="OCSP"))
    for secret in ("Anna", "Lindqvist", "197902", "2381", "192.0.2.7", "SIGNATURE", "OCSP"):
        assert secret not in printed
