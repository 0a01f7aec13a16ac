"""From marshmallow's tree of messages to faults with pointers."""

from schemas.problems import FaultSchema, ProblemSchema, fault, field_errors, invalid_body, refusal, refusal_of
from underwriting.kernel.errors import FieldError
from underwriting.kernel.text import Text

BAD = Text("Fel", "Bad")


def test_a_rule_is_named_in_the_message() -> None:
    assert fault("/term_months", BAD, "A11") == FieldError(
        "/term_months", Text("Fel (regel A11)", "Bad (rule A11)"), "A11"
    )
    assert fault("/term_months", BAD) == FieldError("/term_months", BAD, None)


def test_every_leaf_of_the_tree_becomes_a_fault_at_its_pointer() -> None:
    leaf = fault("", BAD)
    tree = {"a": [leaf, leaf], "b": {0: {"c": [leaf]}, "_schema": [leaf]}, "_schema": [leaf], "x/y~z": [leaf]}
    assert [error.pointer for error in field_errors(tree)] == ["/a", "/a", "/b/0/c", "/b", "", "/x~1y~0z"]


def test_a_message_that_is_none_of_ours_never_reaches_the_caller() -> None:
    (error,) = field_errors({"a": ["Traceback: secret"]})
    assert error == FieldError("/a", Text("Värdet godtas inte", "The value is not accepted"))


def test_what_a_check_finds_comes_back_with_its_pointer_and_rule() -> None:
    found = (fault("/guarantors/1/personal_number", BAD, "A4"), fault("", BAD), fault("/a~1b", BAD))
    assert set(field_errors(refusal_of(found).messages)) == set(found)


def test_a_fields_refusal_has_no_place_of_its_own() -> None:
    assert refusal(BAD, "A1").messages == [FieldError("", Text("Fel (regel A1)", "Bad (rule A1)"), "A1")]


def test_a_refused_body_carries_the_first_rule_among_its_faults() -> None:
    """A5: the refusal that a rule causes carries its id."""
    refused = invalid_body([fault("/a", BAD), fault("/security", BAD, "A5"), fault("/b", BAD, "A4")])
    assert (refused.rule, len(refused.errors)) == ("A5", 3)
    assert invalid_body([fault("/a", BAD)]).rule is None


def test_a_problem_has_the_members_of_rfc_9457_and_four_of_ours() -> None:
    standard, ours = {"type", "title", "status", "detail", "instance"}, {"rule", "errors", "request_id", "error"}
    assert set(ProblemSchema().fields) == standard | ours
    assert set(FaultSchema().fields) == {"pointer", "detail", "rule"}
