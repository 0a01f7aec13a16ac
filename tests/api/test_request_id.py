"""The name of a request, over the whole service: in the answer, in the problem, on the page, in the description."""

from tests.support.house import HouseWorld
from underwriting.api_description.document import document

GIVEN = "a-request-of-ours"


def test_a_refused_caller_is_told_the_name_that_the_logs_have(world: HouseWorld) -> None:
    answer = world.anyone().call("GET", "/v1/applications", Request_Id=GIVEN)
    assert (answer.status_code, answer.get_json()["request_id"]) == (401, GIVEN)
    assert answer.headers["Request-Id"] == GIVEN


def test_a_person_can_read_it_on_the_page_to_those_who_answer_the_telephone(world: HouseWorld) -> None:
    page = world.anyone().call("GET", "/no-such-page", Accept="text/html", Request_Id=GIVEN)
    assert page.status_code == 404
    assert f"<code>{GIVEN}</code>" in page.text


def test_a_problem_that_is_sent_again_names_the_request_that_was_refused(world: HouseWorld) -> None:
    """A7: the second answer is the first one's; its header names the second request."""
    first, second = (
        world.anyone().call("POST", "/v1/applications", {}, Idempotency_Key="once", Request_Id=f"{GIVEN}-{number}")
        for number in (1, 2)
    )
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.get_json()["request_id"] == second.get_json()["request_id"] == f"{GIVEN}-1"
    assert second.headers["Request-Id"] == f"{GIVEN}-2"


def test_every_operation_says_that_it_takes_one() -> None:
    reference = {"$ref": "#/components/parameters/RequestId"}
    assert all(reference in path["parameters"] for path in document()["paths"].values())
