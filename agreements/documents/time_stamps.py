"""Time stamps (RFC 3161) for the lender's seals, asked of an authority by HTTP and taken as the answer to the question.

Whether the authority is one to trust is the seal's verification to say.
"""

from functools import cache

from asn1crypto import cms
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError

_TIMEOUT_SECONDS = 10


@cache
def authority(url: str) -> "Authority":
    """Who stamps at *url*. Kept, since the size of its stamps is asked for once."""
    return Authority(url, timeout=_TIMEOUT_SECONDS)


class Authority(HTTPTimeStamper):
    """A time-stamp authority; whatever it does that is no stamp is a TimestampRequestError."""

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """The stamp over the digest. Raises TimestampRequestError."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            stamped = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]
            if stamped["hashed_message"].native != message_digest:
                raise TimestampRequestError("the stamp is about something else")
        except (ValueError, TypeError, KeyError, AttributeError, AssertionError) as error:
            raise TimestampRequestError("what came is no time stamp") from error  # the library reads before it checks
        return token
