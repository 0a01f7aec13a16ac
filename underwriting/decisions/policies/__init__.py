"""The policies that ship with the product, and the one way in which a document becomes a policy."""

from functools import cache
from importlib.resources import files

from underwriting.decisions.policies.proof import prove
from underwriting.decisions.policies.reading import read_policy
from underwriting.decisions.policy import Policy


def load_policy(document: str | bytes) -> Policy:
    """The policy of a JSON document, read and proved (rule D11); raises PolicyInvalid naming members and rules."""
    policy = read_policy(document)
    prove(policy)
    return policy


@cache
def shipped_policy(version: str = "1") -> Policy:
    """The shipped policy of this version; FileNotFoundError when there is none."""
    return load_policy(files(__name__).joinpath(f"policy-{version}.json").read_bytes())
