"""What the borrower is told about an annulment: Swedish first, English below."""

from agreements.credit.messages import Letter
from underwriting.kernel.text import Text


def annulled(*, number: int, link: str) -> Letter:
    """The agreement is over and nothing is paid out. The ground is not told: it may be about somebody else."""
    return Letter(
        Text("Kreditavtal {number} är annullerat", "Credit agreement {number} is annulled").filled(number=number),
        Text(
            "Avtalet är annullerat innan något har betalats ut. Ingen avgift tas ut och borgensåtagandena gäller inte. "
            "Avtalets dokument finns här:\n{link}",
            "The agreement was annulled before anything was paid out. No fee is charged and the guarantees do not "
            "apply. The agreement's documents are here:\n{link}",
        ).filled(link=link),
    )
