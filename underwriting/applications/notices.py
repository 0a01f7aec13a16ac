"""What is told before a credit report is asked for (rule A6, lag 1973:1173 9 and 11 §§); each change is a version."""

from collections.abc import Mapping

from underwriting.kernel.text import Text

NOTICE_VERSION = "2026-01"
"""The notice that is shown now."""

NOTICES: Mapping[str, Text] = {
    "2026-01": Text(
        "Vi hämtar en kreditupplysning på företaget och på var och en som går i borgen, för att pröva företagets "
        "ansökan om kredit. Utan upplysningen kan ansökan inte prövas. Den som upplysningen avser får en kopia av "
        "den, om det är en fysisk person, en enskild firma, ett handelsbolag eller ett kommanditbolag. En fråga om en "
        "fysisk person syns hos upplysningsföretaget i ett år. Ingen upplysning hämtas på en person som inte har "
        "bekräftat med BankID.",
        "We ask for a credit report on the company and on everyone who stands as guarantor, in order to examine the "
        "company's application for credit. Without the report the application cannot be examined. Whoever the report "
        "is about gets a copy of it, if that is a natural person, a sole trader, a trading partnership or a limited "
        "partnership. An enquiry about a natural person is visible at the bureau for one year. No report is asked for "
        "on a person who has not confirmed with BankID.",
    ),
}
"""Every notice that has been shown, by version."""


def notice(version: str = NOTICE_VERSION) -> Text:
    """The notice of *version*; KeyError when there is none."""
    return NOTICES[version]


def reason_for_enquiry(reference: str) -> str:
    """The legitimate need that is kept for each subject: the application that is examined."""
    return f"Kreditprövning av ansökan {reference}"
