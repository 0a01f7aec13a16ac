"""The pages that play the BankID app, without JavaScript."""

import pytest
import requests
from lxml import html

from agreements.signing.client import BankIdClient, Order
from tests.support.bankid_stand_in import ANNA, ERIK, BankIdWorld


@pytest.fixture
def order(client: BankIdClient) -> Order:
    return client.sign("192.0.2.7", personal_number=ANNA, visible_text="Två rader\n<b>text</b>", non_visible=b"")


class Page:
    """A page as a person meets it."""

    def __init__(self, content: bytes) -> None:
        self.tree = html.fromstring(content)

    @property
    def text(self) -> str:
        return str(self.tree.xpath("string()"))

    def value(self, path: str) -> str:
        return str(self.tree.xpath(f"string({path})"))

    def has(self, path: str) -> bool:
        return bool(self.tree.xpath(f"boolean({path})"))

    @property
    def labelled(self) -> bool:
        """Whether every field that a person fills in has a label of its own."""
        fields = [str(field.get("id")) for field in self.tree.iter("input", "select")]
        return all(self.has(f"//label[@for='{name}']") for name in fields)


def test_the_list_shows_who_is_waited_for_and_the_text_as_text(world: BankIdWorld, order: Order) -> None:
    page = requests.get(world.app_url, timeout=5)
    assert "<b>text</b>" not in page.text
    shown = Page(page.content)
    assert shown.value("/html/@lang") == "sv"
    assert "19790209-2381" in shown.text
    assert "<b>text</b>" in shown.text
    assert shown.has(f"//a[contains(@href, '{order.auto_start_token}')]")


def test_the_list_is_to_be_had_as_json(world: BankIdWorld, order: Order) -> None:
    assert requests.get(f"{world.app_url}orders", timeout=5).json() == [
        {
            "auto_start_token": order.auto_start_token,
            "kind": "sign",
            "personal_number": "19790209-2381",
            "visible_text": "Två rader\n<b>text</b>",
        }
    ]


def test_an_empty_list_says_so(world: BankIdWorld) -> None:
    assert "Ingen väntar" in requests.get(world.app_url, timeout=5).text


def test_a_person_signs_with_one_button_and_still_sees_so_after_collection(
    world: BankIdWorld, client: BankIdClient, order: Order
) -> None:
    page = Page(world.open(order.auto_start_token).content)
    assert page.labelled
    assert not page.has("//script")
    done = requests.post(f"{world.app_url}orders/{order.auto_start_token}/sign", data={}, timeout=5)
    assert done.status_code == 200
    assert "Du har skrivit under" in done.text
    assert client.collect(order.order_ref).status == "complete"
    assert "Du har skrivit under" in world.open(order.auto_start_token).text


def test_a_person_cancels_with_one_button(world: BankIdWorld, client: BankIdClient, order: Order) -> None:
    done = requests.post(f"{world.app_url}orders/{order.auto_start_token}/cancel", timeout=5)
    assert "Avbrutet" in done.text
    assert client.collect(order.order_ref).hint_code == "userCancel"


def test_an_order_for_anyone_asks_who_it_is_and_offers_the_demo_persons(
    world: BankIdWorld, client: BankIdClient
) -> None:
    token = client.authenticate("192.0.2.7").auto_start_token
    page = Page(world.open(token).content)
    assert page.labelled
    assert page.value("//input[@id='personal_number']/@value") == "197902092381"
    offered = [page.value(f"//datalist/option[{place}]/@value") for place in (1, 2, 3)]
    assert offered == ["197902092381", "198106032397", "199011272383"]


@pytest.mark.parametrize("typed", ["197902092382", "abc", "203001012392"])
def test_a_personal_number_that_cannot_be_is_said_beside_the_field(
    world: BankIdWorld, client: BankIdClient, typed: str
) -> None:
    token = client.authenticate("192.0.2.7").auto_start_token
    url = f"{world.app_url}orders/{token}/sign"
    answer = requests.post(url, data={"personal_number": typed}, timeout=5)
    assert answer.status_code == 422
    page = Page(answer.content)
    assert page.value("//input[@id='personal_number']/@value") == typed
    assert page.value("//input[@id='personal_number']/@aria-invalid") == "true"
    assert "giltigt personnummer" in page.value("//*[@id=//input[@id='personal_number']/@aria-describedby]")


def test_a_second_signature_is_refused(world: BankIdWorld, order: Order) -> None:
    url = f"{world.app_url}orders/{order.auto_start_token}/sign"
    assert requests.post(url, json={}, timeout=5).status_code == 200
    assert requests.post(url, json={}, timeout=5).status_code == 409
    assert requests.post(url, data={}, timeout=5).status_code == 409


def test_an_order_nobody_made_has_no_page(world: BankIdWorld) -> None:
    page = world.open("nobody")
    assert page.status_code == 404
    assert "finns inte" in page.text
    assert world.act("orders/nobody/sign", {"personal_number": ERIK.digits}).status_code == 404


def test_a_hostile_mode_nobody_knows_signs_nothing(world: BankIdWorld, client: BankIdClient, order: Order) -> None:
    assert world.act(f"orders/{order.auto_start_token}/sign", {"hostile": "other"}).status_code == 400
    assert client.collect(order.order_ref).status == "pending"


def test_a_fault_nobody_knows_is_refused(world: BankIdWorld) -> None:
    assert world.act("faults", {"fault": "earthquake"}).status_code == 422
