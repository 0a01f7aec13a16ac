"""Tokens of machine clients, and who a caller is."""

from schemas.answers import Answer
from schemas.fields import ListField, TextField, WholeNumberField
from schemas.loading import Body
from underwriting.kernel.vocabulary import Role, Scope

_SCOPES = [str(scope) for scope in Scope]


class TokenRequestSchema(Body[None]):
    """A form (RFC 6749, 4.4.2). The key's id and secret come by HTTP Basic, or as the last two members."""

    grant_type = TextField(longest=100, required=True, described={"enum": ["client_credentials"]})
    scope = TextField(longest=500, described={"description": "With blanks between them; all of the client's without"})
    client_id = TextField(longest=100, described={"description": "The part of the key after `bk_`"})
    client_secret = TextField(longest=100, described={"description": "The part of the key after its id"})

    def make(self, **_: object) -> None:
        """Nothing: the form is read as OAuth 2.0 says, not as the bodies of ours."""


class TokenSchema(Answer):
    """A token that a key was exchanged for (RFC 6749, 5.1)."""

    access_token = TextField(longest=100, required=True)
    token_type = TextField(longest=10, required=True, described={"enum": ["Bearer"]})
    expires_in = WholeNumberField(required=True)
    scope = TextField(longest=500, required=True)


class MeSchema(Answer):
    """Who the caller is: a client has `scopes`, staff a `role`."""

    actor = TextField(longest=100, required=True)
    kind = TextField(longest=10, required=True, described={"enum": ["client", "staff", "person"]})
    role = TextField(longest=30, described={"enum": [str(role) for role in Role]})
    scopes = ListField(TextField(longest=50, described={"enum": _SCOPES}), most=len(_SCOPES))
