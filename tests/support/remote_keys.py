"""A service over HTTP that wraps and unwraps and never hands out a key; and the store that asks it."""

import base64
import http.client
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import make_server

from tests.support.serving import serving
from underwriting.platform.encryption import CiphertextInvalid, seal, unseal
from underwriting.platform.key_store import KeyStore, KeyStoreUnavailable, KeyVersionMissing, Wrapped

TOKEN = "a token of the service's"
SECONDS = 1.0


@dataclass
class KeyService:
    """The service. Its keys stay in it; *answered* is all that it ever said."""

    keys: dict[int, bytes] = field(default_factory=lambda: {7: os.urandom(32)})
    down: bool = False
    asked: list[str] = field(default_factory=list)
    answered: list[bytes] = field(default_factory=list)
    url: str = ""

    def app(self) -> Flask:
        """Its addresses."""
        app = Flask("key-service")

        @app.before_request
        def check() -> ResponseReturnValue | None:
            self.asked.append(request.path)
            if self.down:
                return "broken", 500
            return None if request.headers.get("Authorization") == f"Bearer {TOKEN}" else ("who are you", 401)

        @app.get("/versions")
        def versions() -> ResponseReturnValue:
            return jsonify(current=max(self.keys), versions=sorted(self.keys))

        @app.post("/wrap")
        def wrap() -> ResponseReturnValue:
            version = max(self.keys)
            plain = base64.b64decode(request.get_json()["key"])
            sealed = seal(self.keys[version], plain, bound_to=request.get_json()["context"].encode())
            return jsonify(version=version, content=base64.b64encode(sealed).decode())

        @app.post("/unwrap")
        def unwrap() -> ResponseReturnValue:
            body = request.get_json()
            if body["version"] not in self.keys:
                return "no such version", 404
            content, bound_to = base64.b64decode(body["content"]), body["context"].encode()
            try:
                key = unseal(self.keys[body["version"]], content, bound_to=bound_to)
            except CiphertextInvalid:
                return "not wrapped here", 422
            return jsonify(key=base64.b64encode(key).decode())

        @app.after_request
        def remember(response: Response) -> Response:
            self.answered.append(response.get_data())
            return response

        return app


@contextmanager
def key_service() -> Iterator[KeyService]:
    """The service on loopback, until the block ends."""
    service = KeyService()
    server = make_server("127.0.0.1", 0, service.app(), threaded=True)
    service.url = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield service


@dataclass(frozen=True)
class HttpKeyStore:
    """A `KeyStore` that asks such a service."""

    url: str
    token: str = field(repr=False)

    def current(self) -> int:
        """The version that wraps now."""
        return int(self._ask("GET", "/versions")["current"])

    def versions(self) -> frozenset[int]:
        """Those that can be opened."""
        return frozenset[int](self._ask("GET", "/versions")["versions"])

    def wrap(self, key: bytes, *, context: str) -> Wrapped:
        """*key* under the current version."""
        done = self._ask("POST", "/wrap", key=base64.b64encode(key).decode(), context=context)
        return Wrapped(done["version"], base64.b64decode(done["content"]))

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes:
        """The key; KeyVersionMissing, and CiphertextInvalid where content or context is not what it was."""
        content = base64.b64encode(wrapped.content).decode()
        done = self._ask("POST", "/unwrap", version=wrapped.version, content=content, context=context)
        return base64.b64decode(done["key"])

    def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=SECONDS)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise KeyStoreUnavailable from error
        finally:
            connection.close()
        match answer.status:
            case 200:
                said: dict[str, Any] = json.loads(text)
                return said
            case 404:
                raise KeyVersionMissing
            case 422:
                raise CiphertextInvalid("not wrapped there")
            case _:
                raise KeyStoreUnavailable


def from_environment(environ: Mapping[str, str]) -> KeyStore:
    """What BORGEN_KEY_STORE names: the store, with settings of its own."""
    return HttpKeyStore(environ["KEY_SERVICE_URL"], environ["KEY_SERVICE_TOKEN"])
