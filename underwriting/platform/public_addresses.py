"""Where a message that an outsider asked for may be sent: never into the operator's own network.

An address that an integrator gives may name this machine, the cloud's metadata service or any neighbour, in many
spellings, and may name another thing each time it is looked up. Only what was looked up counts, and that is connected
to; an IPv6 address counts as the IPv4 address that is hidden in it.
"""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_LONGEST_URL = 2000


class AddressRefused(Exception):
    """The name leads to an address that nothing may be sent to, or nowhere."""


def fault_of_endpoint(url: str, *, sandbox: bool) -> str | None:
    """What is wrong with *url* as an endpoint: a slug, or None. Outside the sandbox https; in it this machine alone."""
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or any(map(str.isspace, url)):
        return "malformed"
    try:
        parts = urlsplit(url)
        well_formed = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "malformed"
    if not well_formed or parts.scheme not in ("http", "https") or "\\" in url or parts.fragment:
        return "malformed"
    if parts.username is not None or parts.password is not None:
        return "credentials"
    if parts.scheme == "http" and not sandbox:
        return "not_https"
    literal = _literal(parts.hostname or "")
    if literal is not None and not may_be_reached(literal, sandbox=sandbox):
        return "not_loopback" if sandbox else "not_public"
    return None


def may_be_reached(address: IPAddress, *, sandbox: bool) -> bool:
    """Whether a message may be sent to *address*: in the sandbox on loopback only (rule X1), else in public only."""
    real = _hidden(address)
    if sandbox:
        return real.is_loopback
    return real.is_global and not (real.is_multicast or real.is_reserved or real.is_unspecified)


def resolve(host: str, port: int, *, sandbox: bool) -> Sequence[IPAddress]:
    """Every address of *host*; AddressRefused when there is none, or one of them may not be reached."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("unresolved") from error
    addresses = [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    if not addresses:
        raise AddressRefused("unresolved")
    if not all(may_be_reached(address, sandbox=sandbox) for address in addresses):
        raise AddressRefused("refused_address")
    return addresses


def _hidden(address: IPAddress) -> IPAddress:
    """The IPv4 address that a translator or tunnel would reach, where *address* holds one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
