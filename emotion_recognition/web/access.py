"""Who may see the page: the rules for a request's host, its origin and its token."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from urllib.parse import urlsplit

#: Characters of a token at least.
SHORTEST_TOKEN = 16


def is_own_host(host: str, is_open: bool) -> bool:
    """Whether the header `Host` is a name that only this machine can have.

    A foreign page can make its own name lead to this machine (DNS rebinding), but not one of these.
    is_open: to the network; otherwise only the loopback's names are right.
    """
    name = _host_name(host)
    if name == "localhost" or _is_loopback(name):
        return True
    if not is_open:
        return False
    own = socket.gethostname().lower()
    return _is_address(name) or name in {own, f"{own}.local"}


def is_own_origin(origin: str | None, host: str) -> bool:
    """Whether a request comes from the page itself; a program that is no browser names none."""
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
    except ValueError:
        return False


def is_token(given: str, token: str) -> bool:
    """Whether it is the token, in a time that tells nothing of it; no token lets everyone in."""
    return not token or hmac.compare_digest(given.encode(errors="replace"), token.encode())


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback
