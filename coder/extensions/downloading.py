"""A bundle from an address into a file: over https, bounded in size and time. What is in it is not looked at. Must not
know who asked for it, or what a bundle is.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx2

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line

MOST = 512 * 1024 * 1024  # bytes
_SECONDS = 600.0  # for all of it
_SILENCE = 30.0
_HOPS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST = 100
_ENCODING = "content-encoding"


@dataclass(frozen=True, slots=True)
class Download:
    """`sha256` is that of the file, `address` where it came from in the end."""

    path: Path
    sha256: str
    address: str


def download(url: str, folder: Path, *, most: int = MOST, seconds: float = _SECONDS) -> Download:
    """The file, in `folder`. Proxies and certificates are those that the environment names. Blocks, in a loop of its
    own: only one can end what comes byte by byte. Raises ConfigError with what to do; what was got until then is left
    in the folder."""
    try:
        return asyncio.run(_in_time(url, folder, most, seconds))
    except TimeoutError as error:
        raise ConfigError(
            f"{_said(url)} takes too long. Nothing was changed. Try again, or download it yourself."
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ValueError, ImportError) as error:
        why = str(error) or type(error).__name__
        raise ConfigError(f"{_said(url)} could not be got: {visible_line(why[:_LONGEST])}. Try again later.") from error
    except ssl.SSLError as error:
        raise ConfigError(
            f"{_said(url)} could not be got: the certificates cannot be used: {error.reason}. Check SSL_CERT_FILE, "
            "SSL_CERT_DIR and NODE_EXTRA_CA_CERTS."
        ) from error
    except OSError as error:
        raise ConfigError(f"{_said(url)} could not be got: {error.strerror or error}. Nothing was changed.") from error


async def _in_time(url: str, folder: Path, most: int, seconds: float) -> Download:
    async with asyncio.timeout(seconds):
        return await _followed(url, folder, most)


async def _followed(url: str, folder: Path, most: int) -> Download:
    address, hops = httpx2.URL(url), 0
    _check(address, url, is_near=_is_near(address))
    timeout = httpx2.Timeout(_SILENCE)
    async with httpx2.AsyncClient(
        timeout=timeout,
        trust_env=not _is_near(address),  # no proxy leads to this machine
        verify=_certificates(),
        headers={"accept-encoding": "identity"},
    ) as client:
        while True:
            async with client.stream("GET", address, follow_redirects=False) as answer:
                if answer.status_code not in _REDIRECTS:
                    return await _stored(answer, url, folder, most)
                following = address.join(answer.headers.get("location", ""))
            hops += 1
            if hops > _HOPS:
                raise ConfigError(
                    f"{_said(url)} leads from one address to the next without an end. Nothing was changed."
                )
            is_plain = address.scheme == "http"
            _check(following, url, is_near=is_plain and _is_near(following))
            address = following


def _certificates() -> ssl.SSLContext:
    """Raises OSError for a file of the environment that cannot be used."""
    context = httpx2.create_ssl_context()
    if extra := os.environ.get("NODE_EXTRA_CA_CERTS"):
        context.load_verify_locations(cafile=extra)
    return context


def _check(address: httpx2.URL, url: str, *, is_near: bool) -> None:
    if address.userinfo:
        raise ConfigError(
            f"{_said(url)} holds a name or a password, which coder does not send. Download the file yourself."
        )
    if address.scheme == "https" and address.host:
        return
    if not (address.scheme == "http" and is_near):
        what = _said(str(address))
        leads = "" if _said(url) == what else f"{_said(url)} leads to "
        raise ConfigError(
            f"{leads}{what} is not an https address, so anybody on the way could change the file. Use https."
        )


async def _stored(answer: httpx2.Response, url: str, folder: Path, most: int) -> Download:
    if answer.status_code != 200:
        raise ConfigError(f"{_said(url)} could not be got: HTTP {answer.status_code}. Check the address.")
    if answer.headers.get(_ENCODING, "identity").lower() not in ("identity", ""):
        raise ConfigError(f"{_said(url)} was sent compressed, which was not asked for. Download the file yourself.")
    length = answer.headers.get("content-length", "")
    too_large = f"{_said(url)} is larger than {most >> 20} MiB, which no extension needs. Nothing was changed."
    if length.isascii() and length.isdigit() and int(length[:15]) > most:
        raise ConfigError(too_large)
    path, seen, size = folder / _name(url), sha256(), 0
    with path.open("xb") as file:
        async for piece in answer.aiter_raw():
            size += len(piece)
            if size > most:
                raise ConfigError(too_large)
            seen.update(piece)
            file.write(piece)
    return Download(path, seen.hexdigest(), _said(str(answer.url)))


def _is_near(address: httpx2.URL) -> bool:
    return address.host in _LOOPBACK


def _name(url: str) -> str:
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    shown = visible_line(last).strip(". ").encode("utf-8", "ignore")  # a name of a file is counted in bytes
    return shown[-_LONGEST:].decode("utf-8", "ignore").lstrip(".") or "extension.mcpb"


def _said(url: str) -> str:
    """Without what may let somebody in."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    host = parts.netloc.rpartition("@")[2]
    return visible_line(f"{parts.scheme}://{host}{parts.path}"[:300])
