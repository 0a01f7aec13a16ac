"""pain.001 out and pain.002 in. Expected values are those of the ISO 20022 elements, not of the code."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from agreements.payouts.answers import BankAnswerUnreadable, PayoutAnswer, PayoutStatus, read_pain_002, read_report
from agreements.payouts.formats import Debtor, PainVersion, PayoutOrder, pain_001
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber
from underwriting.kernel.money import Money

NS = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"
LENDER = Debtor("Exempelkredit & Co AB", OrganisationNumber("5599990008"), "SE4550000000058398257466", "ESSESESS")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ORDER = PayoutOrder(
    end_to_end_id="0123456789abcdef0123456789abcdef",
    bankgiro=Bankgiro("59990002"),
    creditor_name="Åkeri & Söner AB",
    amount=Money.kronor("250000"),
    execute_on=date(2026, 3, 2),
    message="Kredit 1001",
)


def document(*orders: PayoutOrder, message_id: str = "M1") -> etree._Element:
    return etree.fromstring(pain_001(orders, message_id=message_id, debtor=LENDER, created_at=AT))


def texts(root: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind("/".join(f"{{{NS}}}{step}" for step in path.split("/")))]


class TestPain001:
    def test_a_payment_to_a_bankgiro_names_the_clearing_and_the_number(self) -> None:
        """P2: SESBA 9900, BGNR and the number without hyphen say a bankgiro."""
        root = document(ORDER)
        transfer = "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf"
        expected = {
            "PmtId/EndToEndId": "0123456789abcdef0123456789abcdef",
            "Amt/InstdAmt": "250000.00",
            "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd": "SESBA",
            "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId": "9900",
            "Cdtr/Nm": "Åkeri + Söner AB",
            "CdtrAcct/Id/Othr/Id": "59990002",
            "CdtrAcct/Id/Othr/SchmeNm/Prtry": "BGNR",
            "RmtInf/Ustrd": "Kredit 1001",
        }
        assert {path: texts(root, f"{transfer}/{path}") for path in expected} == {
            path: [value] for path, value in expected.items()
        }
        (amount,) = root.iter(f"{{{NS}}}InstdAmt")
        assert amount.get("Ccy") == "SEK"

    def test_the_lender_is_named_with_its_own_account(self) -> None:
        """P2: the account to draw on is the lender's."""
        root = document(ORDER)
        assert texts(root, "CstmrCdtTrfInitn/GrpHdr/InitgPty/Id/OrgId/Othr/Id") == ["5599990008"]
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/DbtrAcct/Id/IBAN") == ["SE4550000000058398257466"]
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId/BIC") == ["ESSESESS"]
        assert texts(root, "CstmrCdtTrfInitn/GrpHdr/CreDtTm") == ["2026-03-02T10:30:00+01:00"]

    def test_there_is_one_block_for_each_day_and_the_totals_add_up(self) -> None:
        """P2: NbOfTxs and CtrlSum of the whole and of each block."""
        orders = [
            replace(ORDER, end_to_end_id="a", amount=Money.kronor("100.10"), execute_on=date(2026, 3, 3)),
            replace(ORDER, end_to_end_id="b", amount=Money.kronor("200.20"), execute_on=date(2026, 3, 2)),
            replace(ORDER, end_to_end_id="c", amount=Money.kronor("0.05"), execute_on=date(2026, 3, 3)),
        ]
        root = document(*orders)
        assert texts(root, "CstmrCdtTrfInitn/GrpHdr/NbOfTxs") == ["3"]
        assert texts(root, "CstmrCdtTrfInitn/GrpHdr/CtrlSum") == ["300.35"]  # 100.10 + 200.20 + 0.05
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/ReqdExctnDt") == ["2026-03-02", "2026-03-03"]
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/CtrlSum") == ["200.20", "100.15"]
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/NbOfTxs") == ["1", "2"]
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/PmtInfId") == ["M1-1", "M1-2"]
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/PmtId/EndToEndId") == ["b", "a", "c"]

    def test_the_same_order_of_elements_as_the_schema(self) -> None:
        """P2: an XML sequence is in order or it is invalid."""
        (block,) = document(ORDER).iter(f"{{{NS}}}PmtInf")
        assert [etree.QName(element).localname for element in block] == [
            "PmtInfId",
            "PmtMtd",
            "BtchBookg",
            "NbOfTxs",
            "CtrlSum",
            "ReqdExctnDt",
            "Dbtr",
            "DbtrAcct",
            "DbtrAgt",
            "ChrgBr",
            "CdtTrfTxInf",
        ]

    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("A & B", "A + B"),
            ("  Två   blanka\n", "Två blanka"),
            ("Styr\x00\x1btecken", "Styr tecken"),
            ("<b>&amp;</b>", "<b>+amp;</b>"),
            ("", "-"),
            ("\n", "-"),
            ("å" * 80, "å" * 70),
        ],
    )
    def test_a_name_is_made_such_that_every_bank_takes_it(self, name: str, written: str) -> None:
        """P2: no ampersand, no control character, at most 70 characters, never empty."""
        assert texts(document(replace(ORDER, creditor_name=name)), "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Cdtr/Nm") == [
            written
        ]

    def test_a_message_to_a_bankgiro_has_25_characters(self) -> None:
        """P2: what is longer is cut."""
        root = document(replace(ORDER, message="1234567890123456789012345 och mer"))
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Ustrd") == ["1234567890123456789012345"]

    @pytest.mark.parametrize("bad", ["", "x" * 36, "å", "a&b", "a\n", "a_b", "a/b", "a b", "-a", ".."])
    def test_an_id_has_1_to_35_plain_characters(self, bad: str) -> None:
        """P2: ISO Max35Text and the character set all banks share."""
        with pytest.raises(ValueError, match="35 characters"):
            document(replace(ORDER, end_to_end_id=bad))
        with pytest.raises(ValueError, match="35 characters"):
            document(ORDER, message_id=bad)

    def test_35_characters_are_not_too_many(self) -> None:
        """P2: the limit itself is allowed."""
        root = document(replace(ORDER, end_to_end_id="x" * 35), message_id="m" * 33)
        assert texts(root, "CstmrCdtTrfInitn/PmtInf/PmtInfId") == ["m" * 33 + "-1"]

    @pytest.mark.parametrize("amount", [Money(0), Money(-1)])
    def test_only_a_positive_amount_is_paid(self, amount: Money) -> None:
        """P1: nothing is not paid out, and nothing is drawn back."""
        with pytest.raises(ValueError, match="positive"):
            document(replace(ORDER, amount=amount))

    def test_a_file_has_orders_and_each_once(self) -> None:
        """P1: each payout stands once in a file."""
        with pytest.raises(ValueError, match="each once"):
            document()
        with pytest.raises(ValueError, match="each once"):
            document(ORDER, replace(ORDER, amount=Money(1)))

    @given(ore=st.lists(st.integers(min_value=1, max_value=10**11), min_size=1, max_size=20))
    def test_the_control_sum_is_the_sum_to_the_ore(self, ore: list[int]) -> None:
        """P2: CtrlSum is exact."""
        orders = [replace(ORDER, end_to_end_id=f"e{n}", amount=Money(amount)) for n, amount in enumerate(ore)]
        (stated,) = texts(document(*orders), "CstmrCdtTrfInitn/GrpHdr/CtrlSum")
        kronor, _, rest = stated.partition(".")
        assert int(kronor) * 100 + int(rest) == sum(ore)


SCHEMAS = Path(__file__).parents[3] / "data" / "iso20022"


def valid(content: bytes, version: PainVersion) -> bool:
    """Whether it is as the part of the standard that these tests state in a schema of their own."""
    schema = etree.XMLSchema(etree.parse(SCHEMAS / f"pain.001.001.{version}.reduced.xsd"))
    return bool(schema.validate(etree.fromstring(content)))


class TestVersions:
    @pytest.mark.parametrize("version", PainVersion)
    @given(
        name=st.text(max_size=200),
        ore=st.integers(min_value=1, max_value=10**13),
        days=st.lists(st.dates(date(2020, 1, 1), date(2036, 12, 31)), min_size=1, max_size=4),
    )
    def test_whatever_is_paid_the_file_is_valid(
        self, version: PainVersion, name: str, ore: int, days: list[date]
    ) -> None:
        """P2: both versions, against a schema of what of the standard is used."""
        orders = [
            replace(ORDER, end_to_end_id=f"e{n}", amount=Money(ore), creditor_name=name, execute_on=day)
            for n, day in enumerate(days)
        ]
        content = pain_001(orders, message_id="M1", debtor=LENDER, created_at=AT, version=version)
        assert valid(content, version)
        other = PainVersion.V09 if version is PainVersion.V03 else PainVersion.V03
        assert not valid(content, other)

    def test_the_ninth_version_says_the_day_and_the_bank_in_its_own_words(self) -> None:
        """P2: ReqdExctnDt is a choice that holds Dt, and BIC is called BICFI."""
        root = etree.fromstring(
            pain_001([ORDER], message_id="M1", debtor=LENDER, created_at=AT, version=PainVersion.V09)
        )
        ninth = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
        assert root.findtext(f".//{ninth}ReqdExctnDt/{ninth}Dt") == "2026-03-02"
        assert root.findtext(f".//{ninth}DbtrAgt/{ninth}FinInstnId/{ninth}BICFI") == "ESSESESS"


def report(*transactions: str, namespace: str = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{namespace}"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>A</MsgId><CreDtTm>2026-03-02T10:00:00</CreDtTm></GrpHdr>"
        "<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId></OrgnlGrpInfAndSts>"
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1-1</OrgnlPmtInfId>{''.join(transactions)}</OrgnlPmtInfAndSts>"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


def transaction(end_to_end_id: str, status: str, more: str = "") -> str:
    return f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId><TxSts>{status}</TxSts>{more}</TxInfAndSts>"


BOOKING = "<OrgnlTxRef><IntrBkSttlmDt>2026-03-02</IntrBkSttlmDt></OrgnlTxRef>"


class TestPain002:
    @pytest.mark.parametrize("status", ["RCVD", "PDNG", "ACTC", "ACCP", "ACWC", "ACSP"])
    def test_accepted_is_not_booked(self, status: str) -> None:
        """P2: only a settled payment is paid."""
        assert read_pain_002(report(transaction("e1", status, BOOKING))) == {
            "e1": PayoutAnswer("e1", PayoutStatus.ACCEPTED)
        }

    @pytest.mark.parametrize(
        ("written", "instant"),
        [
            ("2026-03-02T10:15:30+01:00", datetime(2026, 3, 2, 9, 15, 30, tzinfo=UTC)),
            ("2026-03-02T09:15:30Z", datetime(2026, 3, 2, 9, 15, 30, tzinfo=UTC)),
            ("2026-03-02T10:15:30", datetime(2026, 3, 2, 9, 15, 30, tzinfo=UTC)),  # no zone: Stockholm's
            ("2026-07-02T10:15:30", datetime(2026, 7, 2, 8, 15, 30, tzinfo=UTC)),
        ],
    )
    def test_booked_has_a_day_and_an_instant(self, written: str, instant: datetime) -> None:
        """P2: ACSC moves a payout to paid, on the bank's booking day."""
        content = report(transaction("e1", "ACSC", f"<AccptncDtTm>{written}</AccptncDtTm>{BOOKING}"))
        assert read_pain_002(content)["e1"] == PayoutAnswer(
            "e1", PayoutStatus.BOOKED, booked_on=date(2026, 3, 2), booked_at=instant
        )

    def test_booked_without_an_instant_has_the_day_alone(self) -> None:
        """P2: the day is what counts; the instant is optional in the format."""
        answer = read_pain_002(report(transaction("e1", "ACSC", BOOKING)))["e1"]
        assert (answer.booked_on, answer.booked_at) == (date(2026, 3, 2), None)

    def test_rejected_has_the_banks_reason(self) -> None:
        """P2: RJCT moves a payout to failed, with the reason code."""
        why = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Kontot är avslutat</AddtlInf></StsRsnInf>"
        answer = read_pain_002(report(transaction("e1", "RJCT", why)))["e1"]
        assert (answer.status, answer.reason_code, answer.reason) == (
            PayoutStatus.REJECTED,
            "AC04",
            "Kontot är avslutat",
        )

    def test_rejected_without_a_reason_is_still_rejected(self) -> None:
        """P2: the reason is optional in the format."""
        assert read_pain_002(report(transaction("e1", "RJCT")))["e1"].reason_code is None

    def test_each_payment_has_its_own_status_and_an_unknown_id_has_none(self) -> None:
        """P2: nothing is said of a payment that the file does not name."""
        answers = read_pain_002(report(transaction("e1", "ACCP"), transaction("e2", "RJCT")))
        assert {name: answer.status for name, answer in answers.items()} == {
            "e1": PayoutStatus.ACCEPTED,
            "e2": PayoutStatus.REJECTED,
        }
        assert "e3" not in answers

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html><body>502</body></html>",
            b"{}",
            b"\xff\xfe",
            report(),
            report(transaction("e1", "ACCP"), namespace="urn:iso:std:iso:20022:tech:xsd:pain.002.001.11"),
            report(transaction("e1", "PAID")),
            report(transaction("e1", "")),
            report(transaction("", "ACCP")),
            report("<TxInfAndSts><TxSts>ACCP</TxSts></TxInfAndSts>"),
            report(transaction("e1", "ACSC")),
            report(transaction("e1", "ACSC", BOOKING.replace("2026-03-02", "2026-02-30"))),
            report(transaction("e1", "ACSC", "<AccptncDtTm>yesterday</AccptncDtTm>" + BOOKING)),
            report(transaction("e1", "ACSC", BOOKING), transaction("e1", "RJCT")),
            report(transaction("e1", "ACCP")).replace(b"?>", b'?><!DOCTYPE Document [<!ENTITY e "e1">]>', 1),
        ],
    )
    def test_what_is_not_certain_is_refused(self, content: bytes) -> None:
        """P3: a payout never moves on an answer that can be read in two ways, or in none."""
        with pytest.raises(BankAnswerUnreadable):
            read_pain_002(content)

    def test_the_tenth_version_says_the_same(self) -> None:
        """P2: a bank that takes pain.001.001.09 answers in pain.002.001.10."""
        tenth = report(transaction("e1", "ACSC", BOOKING), namespace="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10")
        assert read_pain_002(tenth) == read_pain_002(report(transaction("e1", "ACSC", BOOKING)))

    def test_a_file_that_is_rejected_as_a_whole_names_no_payment(self) -> None:
        """P2: GrpSts RJCT with its reason stands for every payment of the file."""
        status = "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts>"
        read = read_report(report().replace(b"</OrgnlGrpInfAndSts>", status.encode()))
        assert (read.about_message_id, read.file_status, read.file_reason_code) == ("M1", PayoutStatus.REJECTED, "FF01")
        assert read.answers == {}

    @pytest.mark.parametrize("status", ["ACSC", "PART", "ODD"])
    def test_a_status_of_the_file_alone_books_nothing(self, status: str) -> None:
        """P2: booked without the payments and their days, or partly without saying which."""
        with pytest.raises(BankAnswerUnreadable):
            read_report(report().replace(b"</OrgnlGrpInf", f"<GrpSts>{status}</GrpSts></OrgnlGrpInf".encode()))

    def test_an_entity_is_not_expanded_and_no_file_is_read(self) -> None:
        """P3: an answer speaks for itself alone."""
        hostile = report(transaction("&x;", "ACCP")).replace(
            b"?>", b'?><!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>', 1
        )
        with pytest.raises(BankAnswerUnreadable):
            read_pain_002(hostile)

    def test_the_same_said_twice_is_said_once(self) -> None:
        """P2: a repetition is no contradiction."""
        assert len(read_pain_002(report(transaction("e1", "ACCP"), transaction("e1", "ACCP")))) == 1
