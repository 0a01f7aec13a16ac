"""Creditsafe's stand-in: real SOAP and REST over HTTP, answers like those of the real services, faults on request
(rule X1). `numbers` says which numbers do what.
"""

from flask import Blueprint, Flask

from bureau_clients.sandbox import creditsafe_cas, creditsafe_getdata, creditsafe_rest
from bureau_clients.sandbox.control import control_panel
from bureau_clients.sandbox.stand_in import StandIn

__all__ = ["CAS_PATH", "PATH", "REST_PATH", "TOKEN_PATH", "StandIn", "create_app", "creditsafe"]

PATH = creditsafe_getdata.PATH
CAS_PATH = creditsafe_cas.PATH
REST_PATH = creditsafe_rest.REST_PATH
TOKEN_PATH = creditsafe_rest.TOKEN_PATH


def creditsafe(stand_in: StandIn) -> Blueprint:
    """The stand-in: GetData and CAS over SOAP, GetData and the right to sign over REST."""
    calls = Blueprint("creditsafe", __name__)
    for part in (creditsafe_getdata, creditsafe_cas, creditsafe_rest):
        calls.register_blueprint(part.blueprint(stand_in))
    return calls


def create_app(stand_in: StandIn) -> Flask:
    """The stand-in as a WSGI application of its own, with what controls it."""
    app = Flask(__name__)
    app.register_blueprint(creditsafe(stand_in))
    app.register_blueprint(control_panel(stand_in.control))
    return app
