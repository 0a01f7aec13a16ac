"""Text stands in both languages."""

from underwriting.kernel.text import Text


def test_a_sentence_is_read_in_either_language() -> None:
    sentence = Text("Hej", "Hello")
    assert (sentence.in_language("sv"), sentence.in_language("en")) == ("Hej", "Hello")


def test_placeholders_are_filled_in_both_languages() -> None:
    assert Text("högst {amount}", "at most {amount}").filled(amount="5") == Text("högst 5", "at most 5")


def test_a_text_can_be_filled_into_another() -> None:
    group = Text("aktiebolag", "limited company")
    assert Text("ett {group.sv}", "a {group.en}").filled(group=group) == Text("ett aktiebolag", "a limited company")
