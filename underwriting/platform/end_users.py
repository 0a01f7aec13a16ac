"""From where a person asks, as BankID wants to know it."""

import ipaddress
import re

from flask import request

_LOCAL = "127.0.0.1"
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([0-9.]+):\d+")


def end_user_ip() -> str:
    """The address of the person who sends the request, IPv4 or IPv6, without a port or a zone.

    It is what the trusted proxies say (TRUSTED_PROXIES); where they say none, that of who connected to us. Behind a
    socket of this machine nobody has one.
    """
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR")
    told = (_address_in(each or "") for each in (request.remote_addr, before_proxies))
    return next((address for address in told if address is not None), _LOCAL)


def _address_in(text: str) -> str | None:
    """Some proxies add the port from which they were called; a server of both kinds writes IPv4 inside IPv6."""
    found = _WITH_PORT.fullmatch(text.strip())
    host = (found[1] or found[2]) if found else text.strip()
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
