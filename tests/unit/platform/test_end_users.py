"""The address that BankID is told."""

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from underwriting.platform.end_users import end_user_ip


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:49152", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:49152", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "10.0.0.1"),  # RFC 7239, 6: a proxy that does not tell; BankID would refuse every order
        ("203.0.113.999", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_what_a_proxy_says_is_told_as_a_bare_address(told: str, address: str) -> None:
    app = Flask("asked")
    app.add_url_rule("/", view_func=end_user_ip, endpoint="asked")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
    headers = {"X-Forwarded-For": told} if told else {}
    answer = app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert answer.text == address


@pytest.mark.parametrize(("connected", "address"), [("", "127.0.0.1"), ("192.0.2.7", "192.0.2.7")])
def test_without_a_proxy_it_is_who_connected_and_behind_a_socket_this_machine(connected: str, address: str) -> None:
    with Flask("asked").test_request_context("/", environ_base={"REMOTE_ADDR": connected}):
        assert end_user_ip() == address
