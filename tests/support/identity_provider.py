"""A stand-in for an identity provider: OpenID Connect's code flow with real signatures, and ways to cheat."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from tests.support.serving import serving
from underwriting.kernel.clock import FixedClock

CLIENT_ID, CLIENT_SECRET = "borgen", "a secret of the client's"
OWN_KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})  # once: that takes longer than a sign-on


@dataclass
class StandIn:
    """The provider; *person* signs on next. What is put into *cheats* and *document* stands in place of the truth."""

    clock: FixedClock
    issuer: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "p-1", "preferred_username": "ulla"})
    cheats: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: RSAKey = field(default_factory=lambda: OWN_KEY)
    signs_with: Any = None
    published: list[Any] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def app(self) -> Flask:
        """Its addresses."""
        app = Flask("identity-provider")

        @app.before_request
        def note() -> ResponseReturnValue | None:
            self.asked.append(request.path)
            return ("broken", 500) if self.down else None

        @app.get("/.well-known/openid-configuration")
        def discover() -> Response:
            document = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
            return jsonify(document | self.document)

        @app.get("/keys")
        def keys() -> Response:
            return jsonify(keys=[key.as_dict(private=False) for key in self.published or [self.key]])

        @app.get("/authorize")
        def authorize() -> ResponseReturnValue:
            asked = request.args
            assert asked["response_type"] == "code"
            assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT_ID, "S256")
            assert "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            back = {"code": code, "state": asked["state"], "iss": self.issuer}
            return redirect(f"{asked['redirect_uri']}?{urlencode(back)}")

        @app.post("/token")
        def give_token() -> ResponseReturnValue:
            asked = self.codes.pop(request.form["code"], None)
            sent = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
            basic = request.authorization
            is_client = basic is not None and (basic.username, basic.password) == (CLIENT_ID, CLIENT_SECRET)
            if asked is None or not is_client or request.form["redirect_uri"] != asked["redirect_uri"]:
                return jsonify(error="invalid_grant"), 400
            if _encoded(sent) != asked["code_challenge"]:
                return jsonify(error="invalid_grant"), 400
            return jsonify(access_token="a", token_type="Bearer", id_token=self.id_token(asked))

        return app

    def id_token(self, asked: Mapping[str, str]) -> str:
        """The token for who asked, cheats and all."""
        now = int(self.clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person | self.cheats
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm in ("none", "HS256"):
            parts = [{"alg": self.algorithm, "kid": "k1"}, claims]
            written = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
            public = self.key.as_pem(private=False)
            mac = hmac.digest(public, written.encode(), "sha256") if self.algorithm == "HS256" else b""
            return f"{written}.{_encoded(mac)}"
        key = self.signs_with or self.key
        return jwt.encode({"alg": self.algorithm, "kid": "k1"}, claims, key, algorithms=[self.algorithm])


@contextmanager
def identity_provider(at: datetime) -> Iterator[StandIn]:
    """The stand-in, answering on this machine."""
    stand_in = StandIn(FixedClock(at))
    server = make_server("127.0.0.1", 0, stand_in.app(), threaded=True)
    stand_in.issuer = f"http://127.0.0.1:{server.port}"
    with serving(server):
        yield stand_in


def way_back(location: str) -> dict[str, str]:
    """The parameters with which the provider sends the browser back."""
    return dict(parse_qsl(urlsplit(location).query))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
