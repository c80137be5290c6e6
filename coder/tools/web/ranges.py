"""Which IP addresses are of the internet, and which lie near: this machine, the local network. Pure; asks nobody.

`ipaddress` alone does not do: what is embedded in IPv6 addresses, old ranges and the metadata services of clouds are
looked at too.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["public", "near", "never"]

_NEAR = tuple(
    map(
        ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1", "fc00::/7")
    )
)
_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",  # link-local, where clouds keep credentials
            "168.63.129.16/32",  # what Azure answers its machines from
            "100.100.100.200/32",  # Alibaba's metadata
            "fd00:ec2::254/128",  # Amazon's, over IPv6
            "fd20:ce::254/128",  # Google's
            "192.0.0.0/24",
            "192.88.99.0/24",
            "192.0.2.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast and reserved
            "2001::/23",  # protocol assignments: Teredo, ORCHID
            "2001:db8::/32",
            "2002::/16",  # 6to4: an IPv4 address in disguise
            "3fff::/20",
        ),
    )
)
_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


def kind_of(text: str) -> Kind:
    """`near` may be reached when the person says so, `never` not even then. What is no IP address is `never`."""
    try:
        found = ip_address(text)
    except ValueError:
        return "never"
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return "never"
        embedded = _embedded(found)
        if embedded is not None:
            return kind_of(str(embedded))
    if any(found in network for network in _NEVER):
        return "never"
    if any(found in network for network in _NEAR):
        return "near"
    if isinstance(found, IPv6Address) and found not in _UNICAST:
        return "never"
    return "public" if found.is_global and not found.is_multicast else "never"


def _embedded(found: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is meant: mapped, or as a network without IPv4 writes it."""
    if found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None
