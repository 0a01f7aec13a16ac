"""The real client against the stand-in, over mutual TLS."""

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from flask import Blueprint, Flask, Response

from agreements.signing.client import (
    BankIdClient,
    BankIdUnavailable,
    Collected,
    Order,
    SigningInProgress,
    SigningOrderUnknown,
)
from agreements.signing.evidence import Asked, EvidenceFault, SignatureNotAccepted, check_completion
from agreements.signing.rules import Completion, VisibleTextRefused, non_visible_data, qr_content
from agreements.signing.sandbox import pki
from agreements.signing.sandbox.stand_in import BankIdStandIn, make_relying_party_server
from tests.support.bankid_stand_in import ANNA, ERIK, BankIdWorld
from tests.support.serving import serving
from underwriting.kernel.identifiers import PersonalNumber

TEXT = "Jag går i borgen såsom för egen skuld.\nHögst 375 000 kr. <&>"
DOCUMENT = b"%PDF-1.7 \x00\xff the exact bytes"


@contextmanager
def odd_bankid(certificates: Path, answer: Response) -> Iterator[BankIdClient]:
    """A client of something that knows TLS and answers every call with *answer*."""
    odd = Flask("odd")
    odd.before_request(lambda: answer)
    made = pki.make(certificates)
    server = make_relying_party_server(BankIdStandIn(made, odd, Blueprint("none", "none")))
    with serving(server):
        client = BankIdClient(
            f"https://127.0.0.1:{server.port}/",
            certificate=made.client_certificate,
            key=made.client_key,
            ca=made.ca,
        )
        yield client
        client.close()


def check(world: BankIdWorld, completion: Completion) -> None:
    """Refuse a completion that is not Anna's over the text and the document, now."""
    now = world.clock.now()
    asked = Asked(ANNA, TEXT, DOCUMENT, started_at=now, collected_at=now)
    check_completion(completion, asked, roots=world.roots)


def sign(client: BankIdClient, person: PersonalNumber | None = ANNA) -> Order:
    return client.sign("192.0.2.7", personal_number=person, visible_text=TEXT, non_visible=non_visible_data(DOCUMENT))


class TestTheRoad:
    def test_a_signature_goes_from_pending_to_complete_and_is_handed_over_once(
        self, world: BankIdWorld, client: BankIdClient
    ) -> None:
        """S1: the signature is the named person's, over this text and these bytes."""
        order = sign(client)
        first = client.collect(order.order_ref)
        assert (first.status, first.hint_code, first.completion) == ("pending", "outstandingTransaction", None)

        world.open(order.auto_start_token)
        opened = client.collect(order.order_ref)
        assert (opened.status, opened.hint_code) == ("pending", "userSign")

        signed = world.act(f"orders/{order.auto_start_token}/sign", {"personal_number": "19790209-2381"})
        assert signed.json() == {"status": "complete", "hint_code": None}
        done = client.collect(order.order_ref)
        assert done.status == "complete"
        assert done.completion is not None
        check(world, done.completion)
        assert (done.completion.name, done.completion.given_name, done.completion.surname) == (
            "Anna Lindqvist",
            "Anna",
            "Lindqvist",
        )
        assert done.completion.device_ip == "192.0.2.7"

        with pytest.raises(SigningOrderUnknown):
            client.collect(order.order_ref)

    def test_an_identification_tells_who_it_was(self, world: BankIdWorld, client: BankIdClient) -> None:
        order = client.authenticate("2001:db8::7")
        world.act(f"orders/{order.auto_start_token}/sign", {"personal_number": ERIK.digits})
        completion = client.collect(order.order_ref).completion
        assert completion is not None
        assert completion.personal_number == ERIK

    def test_only_the_person_an_order_names_can_sign_it(self, world: BankIdWorld, client: BankIdClient) -> None:
        """S1: an order for one person is not completed by another."""
        order = sign(client, ANNA)
        refused = world.act(f"orders/{order.auto_start_token}/sign", {"personal_number": ERIK.digits})
        assert (refused.status_code, refused.json()["error"]) == (409, "wrong_person")
        assert client.collect(order.order_ref).status == "pending"

    def test_an_order_without_a_person_can_be_signed_by_anyone(self, world: BankIdWorld, client: BankIdClient) -> None:
        order = sign(client, None)
        nobody = world.act(f"orders/{order.auto_start_token}/sign", {})
        assert nobody.status_code == 409
        world.act(f"orders/{order.auto_start_token}/sign", {"personal_number": ERIK.digits})
        completion = client.collect(order.order_ref).completion
        assert completion is not None
        assert completion.personal_number == ERIK

    @pytest.mark.parametrize(
        ("hostile", "faults"),
        [
            ("other_person", (EvidenceFault.OTHER_PERSON,)),
            ("other_text", (EvidenceFault.OTHER_TEXT,)),
            ("other_document", (EvidenceFault.OTHER_DOCUMENT,)),
            ("identification", (EvidenceFault.NOT_A_SIGNATURE,)),
            ("altered_text", (EvidenceFault.OTHER_TEXT, EvidenceFault.ALTERED)),
            ("altered_signature", (EvidenceFault.ALTERED,)),
            ("expired_certificate", (EvidenceFault.CERTIFICATE_NOT_TRUSTED, EvidenceFault.STATUS_NOT_GOOD)),
            ("unknown_certificate", (EvidenceFault.CERTIFICATE_NOT_TRUSTED, EvidenceFault.STATUS_NOT_GOOD)),
            ("revoked", (EvidenceFault.STATUS_NOT_GOOD,)),
            ("wrong_nonce", (EvidenceFault.OTHER_STATUS,)),
            ("unknown_responder", (EvidenceFault.STATUS_NOT_GOOD,)),
            ("old_status", (EvidenceFault.STATUS_NOT_GOOD, EvidenceFault.OUT_OF_TIME)),
        ],
    )
    def test_a_forged_completion_is_refused(
        self, world: BankIdWorld, client: BankIdClient, hostile: str, faults: tuple[EvidenceFault, ...]
    ) -> None:
        """S1: a signature by another person, over another text or document, or that does not hold, is not taken."""
        order = sign(client)
        world.act(f"orders/{order.auto_start_token}/sign", {"hostile": hostile})
        completion = client.collect(order.order_ref).completion
        assert completion is not None
        with pytest.raises(SignatureNotAccepted) as refusal:
            check(world, completion)
        assert refusal.value.faults == faults
        assert refusal.value.rule == "S1"


class TestHowOrdersEnd:
    def test_a_person_who_cancels_in_the_app_ends_the_order(self, world: BankIdWorld, client: BankIdClient) -> None:
        order = sign(client)
        world.act(f"orders/{order.auto_start_token}/cancel", {})
        ended = client.collect(order.order_ref)
        assert (ended.status, ended.hint_code, ended.completion) == ("failed", "userCancel", None)

    def test_a_second_order_for_a_person_ends_the_first_and_the_third_succeeds(self, client: BankIdClient) -> None:
        first = sign(client)
        with pytest.raises(SigningInProgress):
            sign(client)
        ended = client.collect(first.order_ref)
        assert (ended.status, ended.hint_code) == ("failed", "cancelled")
        assert client.collect(sign(client).order_ref).status == "pending"

    def test_of_many_who_sign_one_order_at_once_one_succeeds(self, world: BankIdWorld, client: BankIdClient) -> None:
        """S1: an order is completed once."""
        order = sign(client)
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda _: world.act(f"orders/{order.auto_start_token}/sign", {}).status_code, range(8))
        assert sorted(answers) == [200] + [409] * 7

    def test_two_persons_sign_at_the_same_time(self, client: BankIdClient) -> None:
        assert sign(client, ANNA).order_ref != sign(client, ERIK).order_ref

    def test_an_app_not_opened_within_30_seconds_has_failed_to_start(
        self, world: BankIdWorld, client: BankIdClient
    ) -> None:
        order = sign(client)
        world.pass_time(29)
        assert client.collect(order.order_ref).status == "pending"
        world.pass_time(1)
        assert client.collect(order.order_ref).hint_code == "startFailed"

    def test_an_opened_order_expires_after_three_minutes(self, world: BankIdWorld, client: BankIdClient) -> None:
        order = sign(client)
        world.open(order.auto_start_token)
        world.pass_time(180)
        assert client.collect(order.order_ref).hint_code == "expiredTransaction"
        late = world.act(f"orders/{order.auto_start_token}/sign", {"personal_number": ANNA.digits})
        assert (late.status_code, late.json()["error"]) == (409, "not_pending")

    def test_a_complete_order_can_be_collected_for_three_minutes(
        self, world: BankIdWorld, client: BankIdClient
    ) -> None:
        order = sign(client)
        world.act(f"orders/{order.auto_start_token}/sign", {})
        world.pass_time(180)
        with pytest.raises(SigningOrderUnknown):
            client.collect(order.order_ref)

    def test_a_cancelled_order_is_gone(self, client: BankIdClient) -> None:
        order = sign(client)
        client.cancel(order.order_ref)
        with pytest.raises(SigningOrderUnknown):
            client.collect(order.order_ref)
        with pytest.raises(SigningOrderUnknown):
            client.cancel(order.order_ref)

    def test_an_order_nobody_made_is_unknown(self, client: BankIdClient) -> None:
        with pytest.raises(SigningOrderUnknown):
            client.collect("7b3b9a3e-0000-4000-8000-000000000000")


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ("html_502", "not_understood"),
            ("maintenance", "maintenance"),
            ("internal_error", "internalError"),
            ("dropped", "no_answer"),
        ],
    )
    def test_a_failing_bankid_is_unavailable(
        self, world: BankIdWorld, client: BankIdClient, fault: str, reason: str
    ) -> None:
        world.act("faults", {"fault": fault})
        for ask in (lambda: client.authenticate("192.0.2.7"), lambda: client.collect("x"), lambda: client.cancel("x")):
            with pytest.raises(BankIdUnavailable) as refusal:
                ask()
            assert refusal.value.reason == reason

        world.act("faults", {"fault": None})
        assert client.collect(sign(client).order_ref).status == "pending"

    def test_a_slow_bankid_is_unavailable_when_the_time_is_out(self, world: BankIdWorld) -> None:
        world.act("faults", {"fault": "slow"})
        client = world.client(timeout_seconds=0.2)
        with pytest.raises(BankIdUnavailable) as refusal:
            client.authenticate("192.0.2.7")
        client.close()
        assert refusal.value.reason == "no_answer"

    def test_a_refused_connection_is_unavailable(self, world: BankIdWorld, unused_port: int) -> None:
        certificates = world.certificates
        client = BankIdClient(
            f"https://127.0.0.1:{unused_port}/rp/v6.0/",
            certificate=certificates.client_certificate,
            key=certificates.client_key,
            ca=certificates.ca,
        )
        with pytest.raises(BankIdUnavailable):
            client.authenticate("192.0.2.7")
        client.close()

    def test_parameters_that_bankid_refuses_are_our_fault_and_not_the_persons(self, client: BankIdClient) -> None:
        with pytest.raises(BankIdUnavailable) as refusal:
            client.authenticate("not an address")
        assert refusal.value.reason == "invalidParameters"

    @pytest.mark.parametrize("text", ["", "x" * 30_001])
    def test_a_text_that_does_not_fit_is_refused_before_anything_is_sent(self, world: BankIdWorld, text: str) -> None:
        world.act("faults", {"fault": "dropped"})
        client = world.client()
        with pytest.raises(VisibleTextRefused):
            client.sign("192.0.2.7", personal_number=ANNA, visible_text=text, non_visible=b"")
        client.close()

    def test_non_visible_data_that_does_not_fit_is_a_mistake_of_the_caller(self, client: BankIdClient) -> None:
        with pytest.raises(ValueError, match="too long"):
            client.sign("192.0.2.7", personal_number=ANNA, visible_text=TEXT, non_visible=b"x" * 150_001)


class TestOddAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            Response("<html>Välkommen</html>", 200, mimetype="text/html"),
            Response("", 200),
            Response("", 302, headers={"Location": "https://127.0.0.1/elsewhere"}),
            Response("[]", 200, mimetype="application/json"),
            Response("[]", 400, mimetype="application/json"),
            Response("null", 400, mimetype="application/json"),
            Response("{}", 200, mimetype="application/json"),
            Response("{}", 400, mimetype="application/json"),
            Response('{"errorCode": "somethingNew", "details": ""}', 400, mimetype="application/json"),
            Response('{"orderRef": "x"}', 200, mimetype="application/json"),
            Response('{"orderRef": "x", "status": "maybe"}', 200, mimetype="application/json"),
            Response('{"orderRef": "another", "status": "pending"}', 200, mimetype="application/json"),
            Response('{"orderRef": "x", "status": "complete"}', 200, mimetype="application/json"),
            Response('{"orderRef": "x", "status": "complete", "completionData": {"user": []}}', 200),
            Response(
                '{"orderRef": "x", "status": "complete", "completionData": {"user": {"personalNumber": "1"}}}', 200
            ),
            Response('{"orderRef": 7, "autoStartToken": 7, "qrStartToken": 7, "qrStartSecret": 7}', 200),
        ],
    )
    def test_what_is_not_the_interfaces_answer_is_unavailable(self, certificates: Path, answer: Response) -> None:
        """S1: nothing is taken for a signature that is not one."""
        with odd_bankid(certificates, answer) as client:
            for ask in (lambda: client.authenticate("192.0.2.7"), lambda: client.collect("x")):
                with pytest.raises(BankIdUnavailable):
                    ask()

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (401, "unauthorized"),
            (404, "notFound"),
            (405, "methodNotAllowed"),
            (408, "requestTimeout"),
            (415, "unsupportedMediaType"),
            (429, "tooManyRequests"),
            (500, "internalError"),
            (503, "maintenance"),
            (503, "Maintenance"),
            (400, "somethingNew"),
        ],
    )
    def test_every_error_of_the_interface_is_unavailable_and_named_for_the_log(
        self, certificates: Path, status: int, code: str
    ) -> None:
        """An order under way is no less under way: it is asked about again, and whoever starts one may try again."""
        body = f'{{"errorCode": "{code}", "details": "not for people"}}'
        with odd_bankid(certificates, Response(body, status, mimetype="application/json")) as client:
            for ask in (lambda: client.authenticate("192.0.2.7"), lambda: client.collect("x"), lambda: sign(client)):
                with pytest.raises(BankIdUnavailable) as refusal:
                    ask()
                assert refusal.value.reason == code
                assert "not for people" not in str(refusal.value)

    @pytest.mark.parametrize(
        ("code", "starting", "asking"),
        [
            ("alreadyInProgress", SigningInProgress, SigningInProgress),
            ("invalidParameters", BankIdUnavailable, SigningOrderUnknown),
        ],
    )
    def test_what_is_about_the_order_is_told_apart(
        self, certificates: Path, code: str, starting: type[Exception], asking: type[Exception]
    ) -> None:
        """RFA4: somebody has an order under way. Asked about an order, wrong parameters say that there is none."""
        body = f'{{"errorCode": "{code}", "details": ""}}'
        with odd_bankid(certificates, Response(body, 400, mimetype="application/json")) as client:
            with pytest.raises(starting):
                sign(client)
            with pytest.raises(asking):
                client.collect("x")

    def test_a_new_status_member_or_hint_changes_nothing(self, certificates: Path) -> None:
        answer = Response('{"orderRef": "x", "status": "failed", "hintCode": "somethingNew", "more": 1}', 200)
        with odd_bankid(certificates, answer) as client:
            assert client.collect("x") == Collected("failed", "somethingNew", None)

    def test_a_completion_with_the_least_that_is_needed_is_taken(self, certificates: Path) -> None:
        """S1: evidence is handed over once, so nothing that can be done without is demanded."""
        answer = Response(
            '{"orderRef": "x", "status": "complete", "completionData": {"user": {"personalNumber": "197902092381"},'
            ' "signature": "c2ln", "ocspResponse": "b2NzcA=="}}',
            200,
        )
        with odd_bankid(certificates, answer) as client:
            completion = client.collect("x").completion
        assert completion is not None
        assert (completion.personal_number, completion.signature, completion.ocsp_response) == (
            ANNA,
            "c2ln",
            "b2NzcA==",
        )
        assert (completion.bank_id_issued_on, completion.device_uhi, completion.risk) == (None, None, None)


class TestMutualTls:
    def test_a_caller_without_a_certificate_is_refused(self, world: BankIdWorld) -> None:
        context = ssl.create_default_context(cafile=str(world.certificates.ca))
        with httpx.Client(verify=context, trust_env=False) as stranger, pytest.raises(httpx.TransportError):
            stranger.post(f"{world.base_url}auth", json={"endUserIp": "192.0.2.7"})

    def test_a_certificate_of_another_authority_is_refused(self, world: BankIdWorld, tmp_path: Path) -> None:
        other = pki.make(tmp_path / "other")
        client = BankIdClient(
            world.base_url,
            certificate=other.client_certificate,
            key=other.client_key,
            ca=world.certificates.ca,
        )
        with pytest.raises(BankIdUnavailable):
            client.authenticate("192.0.2.7")
        client.close()

    def test_a_server_of_another_authority_is_not_trusted(self, world: BankIdWorld, tmp_path: Path) -> None:
        own = world.certificates
        client = BankIdClient(
            world.base_url,
            certificate=own.client_certificate,
            key=own.client_key,
            ca=pki.make(tmp_path / "other").ca,
        )
        with pytest.raises(BankIdUnavailable):
            client.authenticate("192.0.2.7")
        client.close()

    def test_an_address_without_tls_is_refused(self, world: BankIdWorld) -> None:
        own = world.certificates
        with pytest.raises(ValueError, match="https"):
            BankIdClient("http://127.0.0.1/rp/v6.0/", certificate=own.client_certificate, key=own.client_key, ca=own.ca)

    def test_one_who_connects_and_says_nothing_stops_nobody(self, world: BankIdWorld, client: BankIdClient) -> None:
        port = httpx.URL(world.base_url).port
        with socket.create_connection(("127.0.0.1", port or 0)):
            assert client.authenticate("192.0.2.7").order_ref

    def test_a_proxy_in_the_environment_is_not_used(
        self, world: BankIdWorld, unused_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port}")
        client = world.client()
        assert client.authenticate("192.0.2.7").order_ref
        client.close()


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that is held and on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def test_the_app_leads_back_to_the_orders_own_address_where_it_was_opened_on_the_device(world: BankIdWorld) -> None:
    """BankID's interface, `returnUrl`: of one order and no other; a phone that scanned the code opens nothing."""
    address = "https://borgen.example/signings/1/return?nonce=abc"
    client = world.client()
    first = client.authenticate("192.0.2.7", return_url=address)
    scanned = client.authenticate("192.0.2.7", return_url=address)
    plain = sign(client)
    code = qr_content(scanned.qr_start_token, scanned.qr_start_secret, 4)
    told = [
        world.act(f"orders/{way}/sign", {"personal_number": ANNA.digits}).json().get("return_url")
        for way in (first.auto_start_token, code, plain.auto_start_token)
    ]
    client.close()
    assert told == [address, None, None]
    forged = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert world.open(forged).status_code == 404
