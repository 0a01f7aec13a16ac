"""The lender's identity provider as a client sees it: OpenID Connect by the code flow, with PKCE.

1. Discovery: the provider's own document at the issuer's address, which must name that issuer; its keys beside it.
2. Start: the browser is sent off with `state`, `nonce` and the hash of a verifier, all new; its signed cookie keeps
   them.
3. Return: the `state` must be that one, and counts once only; `iss` must be the issuer where it is told, or where the
   provider says that it tells it (RFC 9207).
4. The code is exchanged for an ID token by the secret and the verifier.
5. The token's signature is checked by one of the provider's keys and an algorithm of public keys, never another; then
   issuer, audience, authorised party, nonce, and that it is neither over nor from the future; and, where the settings
   ask for one, the way in which the person logged in (`acr`).

No address beyond this machine is asked but by HTTPS, and no redirect is followed. Documents count for an hour; the keys
are asked for anew at once when a token names one that is not among them.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from underwriting.kernel.errors import NotPermitted, Unavailable
from underwriting.kernel.text import Text
from underwriting.platform.environment import fault_of_address
from underwriting.platform.staff_settings import SignOnSettings

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
LEEWAY_SECONDS = 30
_SCOPE = "openid profile"
_TIMEOUT_SECONDS = 5
_LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2
_COUNTS_FOR = timedelta(hours=1)
_DISCOVERY = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class SignOnRefused(NotPermitted):
    """What came back from the identity provider does not prove who it is."""

    slug = "sign-on-refused"
    title = Text("Inloggningen kunde inte bekräftas; börja om", "The sign-on could not be confirmed; begin again")


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or answers nonsense."""

    slug = "identity-provider-unavailable"
    title = Text("Företagets inloggning svarar inte", "The company sign-on does not answer")


@dataclass(frozen=True, slots=True)
class Start:
    """Where the browser is sent, and what its cookie keeps until it is back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass
class IdentityProvider:
    """One provider; its documents are remembered, by any number of threads."""

    settings: SignOnSettings
    redirect_uri: str
    _document: tuple[datetime, dict[str, Any]] | None = field(default=None, repr=False)
    _keys: tuple[datetime, KeySet] | None = field(default=None, repr=False)

    def start(self, *, at: datetime) -> Start:
        """A new sign-on. Raises ProviderUnavailable."""
        endpoint = self._discovered(at)["authorization_endpoint"]
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        with self._session() as session:
            wanted = {"acr_values": self.settings.acr} if self.settings.acr else {}
            url, state = session.create_authorization_url(endpoint, nonce=nonce, code_verifier=verifier, **wanted)
        return Start(url, state, nonce, verifier)

    def claims(self, kept: Start, returned: Mapping[str, str], *, at: datetime) -> dict[str, Any]:
        """What the provider says of whoever came back. Raises SignOnRefused, ProviderUnavailable."""
        if not secrets.compare_digest(returned.get("state", "").encode(), kept.state.encode()):
            raise SignOnRefused
        tells_issuer = self._discovered(at).get("authorization_response_iss_parameter_supported") is True
        told_issuer = returned.get("iss", None if tells_issuer else self.settings.issuer)
        code = returned.get("code")
        if told_issuer != self.settings.issuer or not code:
            raise SignOnRefused
        return self._validated(self._exchanged(code, kept, at), kept, at)

    def _exchanged(self, code: str, kept: Start, at: datetime) -> dict[str, Any]:
        endpoint = self._discovered(at)["token_endpoint"]
        try:
            with self._session() as session:
                token: dict[str, Any] = session.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=kept.verifier,
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
        except AuthlibBaseError as error:
            raise SignOnRefused from error
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            raise ProviderUnavailable from error
        if not isinstance(token.get("id_token"), str):
            raise SignOnRefused
        return token

    def _validated(self, token: Mapping[str, Any], kept: Start, at: datetime) -> dict[str, Any]:
        try:
            decoded = self._decoded(token["id_token"], at)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                },
                params={
                    "nonce": kept.nonce,
                    "client_id": self.settings.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(at.timestamp()), leeway=LEEWAY_SECONDS)
            self._check_person(decoded.claims)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
            raise SignOnRefused from error
        return dict(decoded.claims)

    def _check_person(self, claims: Mapping[str, Any]) -> None:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise SignOnRefused
        if self.settings.acr is not None and claims.get("acr") != self.settings.acr:
            raise SignOnRefused

    def _decoded(self, token: str, at: datetime) -> jwt.Token:
        try:
            return jwt.decode(token, self._provider_keys(at), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._keys = None  # the provider may have changed its keys since
            return jwt.decode(token, self._provider_keys(at), algorithms=ALGORITHMS)

    def _discovered(self, at: datetime) -> dict[str, Any]:
        if self._document is None or self._document[0] + _COUNTS_FOR <= at:
            document = self._fetched(self.settings.issuer.rstrip("/") + _DISCOVERY)
            addresses = [document.get(name) for name in _ENDPOINTS]
            if document.get("issuer") != self.settings.issuer or not all(map(_may_be_asked, addresses)):
                raise ProviderUnavailable
            self._document = at, document
        return self._document[1]

    def _provider_keys(self, at: datetime) -> KeySet:
        if self._keys is None or self._keys[0] + _COUNTS_FOR <= at:
            document = self._fetched(self._discovered(at)["jwks_uri"])
            try:
                public = [key for key in document["keys"] if key.get("kty") != "oct" and key.get("use", "sig") == "sig"]
                self._keys = at, KeySet.import_key_set({"keys": public})
            except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise ProviderUnavailable from error
        return self._keys[1]

    def _fetched(self, url: str) -> dict[str, Any]:
        try:
            with self._session() as session:
                answer = session.get(url, withhold_token=True, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
            document = answer.json() if answer.status_code == 200 else None
        except (OSError, ValueError) as error:
            raise ProviderUnavailable from error
        if not isinstance(document, dict):
            raise ProviderUnavailable
        return document

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret.reveal(),
            scope=_SCOPE,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
        )
        session.trust_env = False  # nobody's proxy or .netrc
        if self.settings.ca is not None:
            session.verify = str(self.settings.ca)
        return session


def _may_be_asked(address: object) -> bool:
    return isinstance(address, str) and fault_of_address(address) is None
