"""The examples of bodies in the description can be sent as they stand there."""

from datetime import date

import pytest

from schemas.loading import load
from underwriting.api_description.document import document
from underwriting.api_description.examples import EXAMPLES
from underwriting.api_description.operation import Area, Operation
from underwriting.api_description.operations import OPERATIONS

SHOWN_BY_EXAMPLE = (Area.AGREEMENTS, Area.PAYOUTS, Area.ENDING)
WITH_BODY = [each for each in OPERATIONS if each.body is not None and each.area in SHOWN_BY_EXAMPLE]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: one.name)
def test_every_body_about_an_agreement_has_an_example_that_can_be_read(operation: Operation) -> None:
    assert operation.body is not None
    example = EXAMPLES[operation.method, operation.path]
    assert load(operation.body(), dict(example), on=date(2026, 3, 2)) is not None  # type: ignore[arg-type]
    described = document()["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
    assert described["application/json"]["example"] == example


def test_no_example_is_of_an_operation_that_is_not_there() -> None:
    assert EXAMPLES.keys() - {(each.method, each.path) for each in OPERATIONS} == set()
