"""The policies that ship with the product, and the one way in which a document becomes a policy."""

from functools import cache
from importlib.resources import files

from underwriting.decisions.policies.proof import prove
from underwriting.decisions.policies.reading import read_policy
from underwriting.decisions.policy import Policy, PolicyInvalid
from underwriting.kernel.errors import FieldError
from underwriting.kernel.text import Text


def load_policy(document: str | bytes, *, sha256: str | None = None) -> Policy:
    """The policy of a JSON document, read and proved (rule D11); raises PolicyInvalid naming members and rules.

    *sha256* is the hash that the document was approved, or has decided, under: another document is refused.
    """
    policy = read_policy(document)
    if sha256 is not None and sha256 != policy.sha256:
        detail = Text(
            f"Dokumentets kontrollsumma är {policy.sha256} och skulle vara {sha256}",
            f"The document's hash is {policy.sha256} and was to be {sha256}",
        )
        raise PolicyInvalid(detail, rule="D11", errors=(FieldError("", detail, "D11"),))
    prove(policy)
    return policy


@cache
def shipped_policy(version: str = "2") -> Policy:
    """The shipped policy of this version; FileNotFoundError when there is none."""
    return load_policy(files(__name__).joinpath(f"policy-{version}.json").read_bytes())
