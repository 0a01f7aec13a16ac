"""What the stand-in can be told to hand over instead of what was asked for."""

from enum import StrEnum


class Hostile(StrEnum):
    """Each is one thing that an attacker, a fault or another BankID would show; the rest of the answer is genuine."""

    OTHER_PERSON = "other_person"
    OTHER_TEXT = "other_text"
    OTHER_DOCUMENT = "other_document"
    IDENTIFICATION = "identification"
    """The act was an identification, which signs nothing."""
    ALTERED_TEXT = "altered_text"
    """The text inside the signature was changed after it was signed."""
    ALTERED_SIGNATURE = "altered_signature"
    """One bit of the signature's value is another one."""
    EXPIRED_CERTIFICATE = "expired_certificate"
    UNKNOWN_CERTIFICATE = "unknown_certificate"
    """The person is vouched for by a root that is not BankID's."""
    REVOKED = "revoked"
    WRONG_NONCE = "wrong_nonce"
    """The answer on the certificate's status is about another signature."""
    UNKNOWN_RESPONDER = "unknown_responder"
    """The answer on the certificate's status comes from somebody who may not give it."""
    OLD_STATUS = "old_status"
    """The answer on the certificate's status was given the day before."""
    COMPLETED_TWICE = "completed_twice"
    """The completion is handed over as often as it is asked for."""
