"""Addresses of pages: what is read, what is refused, and which IP addresses are part of the web."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.errors import ToolError
from coder.permissions.patterns import host_of
from coder.tools.web.address import joined, read, upgraded
from coder.tools.web.ranges import kind_of


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Docs.Python.org./3", "https://docs.python.org/3"),
        ("HTTPS://a.org", "https://a.org/"),
        ("https://a.org?q=1#part", "https://a.org/?q=1"),
        ("https://a.org:443/", "https://a.org/"),
        ("https://a.org:8443/x", "https://a.org:8443/x"),
        ("https://a.org/ä?q=ß%20x", "https://a.org/%C3%A4?q=%C3%9F%20x"),
        ("https://[2606:4700::1111]:8080/", "https://[2606:4700::1111]:8080/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("  https://a.org/\n", "https://a.org/"),
    ],
)
def test_a_plain_address_is_read(text: str, url: str) -> None:
    assert read(text).url == url
    assert read(url).url == url


@pytest.mark.behaviour("B-1740")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("file:///etc/passwd", "file: is neither"),
        ("ftp://a.org/", "ftp: is neither"),
        ("javascript:alert(1)", "javascript: is neither"),
        ("a.org/x", "must begin with https://"),
        ("//a.org/", "must begin with https://"),
        ("https:/a.org", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("https://user:secret@a.org/", "user name or password"),
        ("https://a.org@evil.org/", "user name or password"),
        ("https://a.org\\@evil.org/", "backslash"),
        ("https://a.org\\.evil.org/", "backslash"),
        ("https://a.org/a b", "blank"),
        ("https://a\x00.org/", "unseen"),
        ("https://a.org/\u202e", "unseen"),
        ("https://a.org/\ud800", "unseen"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://a.org:0/", "no such port"),
        ("https://a.org:65536/", "no such port"),
        ("https://a.org:99999999999999999999/", "no such port"),
        ("https://a.org:8x/", "cannot be told apart"),
        ("https://-a.org/", "no host name"),
        ("https://a..org/", "no host name"),
        ("https://a%2eorg/", "no host name"),
        ("https://" + "a" * 64 + ".org/", "no host name"),
        ("https://" + "a." * 130 + "org/", "no host name"),
        ("https://127.1/", "unusual form"),
        ("https://2130706433/", "unusual form"),
        ("https://0x7f.0.0.1/", "unusual form"),
        ("https://0x7f000001/", "unusual form"),
        ("https://0177.0.0.1/", "unusual form"),
        ("https://1.2.3/", "unusual form"),
        ("https://[::1", "cannot be told apart"),
        ("https://[::zz]/", "no IPv6"),
        ("https://[fe80::1%25eth0]/", "no IPv6"),
        ("https://a.org/" + "x" * 4_000, "longer than"),
        ("", "must begin with https://"),
    ],
)
def test_an_address_that_is_not_plain_to_see_is_refused(text: str, why: str) -> None:
    with pytest.raises(ToolError, match=why) as caught:
        read(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    assert "secret" not in str(caught.value)


_PIECES = st.sampled_from(
    [
        *"aZ0.-_@:/\\?#[]% \t\n\0é",
        "https://",
        "http://",
        "a.org",
        "127.0.0.1",
        "[::1]",
        "%2e",
        "user",
        ":80",
        "xn--",
        "\u3002",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_rules_and_fetching_mean_the_same_host(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            found = read(url)
        except ToolError:
            continue
        assert found.host.startswith("[") or ":" in found.host or host_of(url) == found.host
        assert read(found.url) == found
        assert host_of(found.url) == host_of(url)


def test_plain_http_becomes_https_where_the_port_leaves_it_open() -> None:
    assert upgraded(read("http://a.org/x")).url == "https://a.org/x"
    assert upgraded(read("http://a.org:80/x")).url == "https://a.org/x"
    assert upgraded(read("http://a.org:8080/x")).url == "http://a.org:8080/x"


@pytest.mark.parametrize("location", ["file:///etc/passwd", "https://u:p@a.org/", "http://[", "gopher://a"])
def test_a_redirect_to_no_page_is_refused(location: str) -> None:
    with pytest.raises(ToolError):
        joined(read("https://a.org/x/y"), location)


def test_a_redirect_may_be_relative() -> None:
    assert joined(read("https://a.org/x/y"), "../z?q").url == "https://a.org/z?q"
    assert joined(read("https://a.org/x/y"), "//b.org/").url == "https://b.org/"


NEAR = "127.0.0.1 127.255.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.0.1 ::1 fc00::1 fd12::1"
NEVER = """
0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 168.63.129.16 100.100.100.200 192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 192.88.99.1 :: fe80::1 fe80::1%eth0 fec0::1 ff02::1
2001:db8::1 2001::1 2002:7f00:1:: 2002:808:808:: 3fff::1 fd00:ec2::254 fd20:ce::254 64:ff9b:1::1 100::1 5f00::1
::ffff:169.254.169.254 64:ff9b::a9fe:a9fe ::127.0.0.1 2606:4700::1111%eth0 localhost x.org
"""
PUBLIC = "1.1.1.1 8.8.8.8 93.184.216.34 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 2606:4700::1111 2a00:1450::1"


@pytest.mark.behaviour("B-1741")
@pytest.mark.parametrize(("kind", "addresses"), [("near", NEAR), ("never", NEVER), ("public", PUBLIC)])
def test_every_address_is_near_never_or_public(kind: str, addresses: str) -> None:
    assert {address: kind_of(address) for address in addresses.split()} == dict.fromkeys(addresses.split(), kind)


@pytest.mark.behaviour("B-1741")
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_what_it_is(address: object) -> None:
    assert kind_of(f"::ffff:{address}") == kind_of(str(address)) == kind_of(f"64:ff9b::{address}")


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_public(address: object) -> None:
    from ipaddress import IPv4Address, IPv6Address

    assert isinstance(address, IPv4Address | IPv6Address)
    if kind_of(str(address)) == "public":
        assert address.is_global or str(address).startswith("64:ff9b::")
