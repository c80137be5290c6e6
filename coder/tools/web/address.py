"""The address of a page, read strictly: what is not plain to see is refused. Pure; must not know DNS or the network.

A host is read here exactly as rules about hosts read it (coder/permissions/patterns.py): what the person allowed is
what is reached. Therefore no credentials, no backslashes, no blanks, and no names that need to be converted first.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urljoin

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.visible import visible_line

LONGEST = 4_000  # characters
_PORTS = {"http": 80, "https": 443}
_FORM = re.compile(r"(https?)://([^/?#\\@\s]+)([/?][^#]*)?(?:#.*)?\Z", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::(\d*))?\Z")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z")
_CREDENTIALS = re.compile(r"//[^/?#]*@")
_KEPT = "/?%:@!$&'()*+,;=~-._"  # characters of a path and query that stay as they are


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is lower case and has neither a port nor a final dot; `target` is path and query, in ASCII."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def is_default_port(self) -> bool:
        return self.port == _PORTS[self.scheme]

    @property
    def authority(self) -> str:
        """As it stands in an address, and in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.is_default_port else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """What the host is, where it is no name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    def is_at(self, other: Address) -> bool:
        """Whether both are of one server: the ports of http and https count as the same."""
        ports = {self.port, other.port}
        return self.host == other.host and (len(ports) == 1 or ports == {80, 443})


def read(text: str) -> Address:
    """Raises ToolError saying what is wrong with it, and what would have worked."""
    text = text.strip(" \t\r\n")
    if len(text) > LONGEST:
        raise _wrong(text, f"it is longer than {LONGEST:,} characters")
    if _UNSEEN.search(text):
        raise _wrong(text, "a blank or an unseen character stands in it; write it as %20 or the like")
    found = _FORM.match(text)
    if found is None:
        raise _wrong(text, _why_not(text))
    scheme = found[1].lower()
    parts = _AUTHORITY.match(found[2])
    if parts is None:
        raise _wrong(text, "its host and port cannot be told apart")
    port = int(parts[2]) if parts[2] and len(parts[2]) < 6 else 65_536 if parts[2] else _PORTS[scheme]
    if not 0 < port < 65_536:
        raise _wrong(text, "there is no such port")
    host = _host(text, parts[1].lower())
    target = quote(found[3] or "/", safe=_KEPT)
    return Address(scheme, host, port, target if target.startswith("/") else f"/{target}")


def upgraded(address: Address) -> Address:
    """Over TLS, where the port leaves it open which of both is meant."""
    is_plain = address.scheme == "http" and address.is_default_port
    return Address("https", address.host, 443, address.target) if is_plain else address


def joined(address: Address, location: str) -> Address:
    """Where a redirect leads. Raises ToolError."""
    try:
        return read(urljoin(address.url, location.strip()))
    except ValueError as error:
        raise _wrong(location, "it is none") from error


def _host(text: str, host: str) -> str:
    if host.startswith("["):
        try:
            if "%" in host:  # a zone, which is of this machine's making
                raise ValueError(host)
            return str(IPv6Address(host[1:-1]))
        except ValueError as error:
            raise _wrong(text, "the host in brackets is no IPv6 address") from error
    host = host.rstrip(".")
    if not host.isascii():
        raise _wrong(text, f"the host has letters beyond a-z; write it as DNS does{_in_dns(host)}")
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.match, labels)):
        raise _wrong(text, "its host is no host name")
    if _NUMBER.match(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError as error:
            raise _wrong(text, "its host is an IP address in an unusual form; write four numbers") from error
    return host


def _in_dns(host: str) -> str:
    try:
        return f": {host.encode('idna').decode('ascii')}"
    except UnicodeError:
        return ""


def _why_not(text: str) -> str:
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in _PORTS:
        return f"{scheme[1].lower()}: is neither http: nor https:"
    authority = re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)[0]
    if "\\" in authority:
        return "a backslash stands in it"
    if "@" in authority:
        return "a user name or password stands in it; leave it out"
    return "it must begin with https:// and a host"


def _wrong(text: str, why: str) -> ToolError:
    shown = visible_line(_CREDENTIALS.sub("//…@", text))
    shown = shown if len(shown) <= 200 else f"{shown[:200]} …"
    return ToolError(f"`url` {shown!r} cannot be fetched: {why}. Example: https://docs.python.org/3/library/json.html")
