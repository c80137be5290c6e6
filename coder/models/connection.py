"""The HTTP client that both transports send through, and what its failures mean. Must not know requests or replies."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.request import getproxies, proxy_bypass

import httpx2

from coder.core.errors import ModelError
from coder.models.endpoint import Endpoint
from coder.models.failures import broken, not_the_api, status_error

CONNECT_TIMEOUT = 5.0
KEEPALIVE = 60.0


def open_client(endpoint: Endpoint) -> httpx2.AsyncClient:
    """A client that follows no redirect and gives up after `endpoint.idle_timeout` seconds without a byte.

    Proxies and certificates come from the usual variables; loopback is never proxied. Loading the certificates
    takes a while, so a plain http endpoint skips it. Raises ModelError.
    """
    try:
        return httpx2.AsyncClient(
            verify=_certificates() if endpoint.is_tls else False,
            trust_env=not endpoint.is_loopback,
            follow_redirects=False,
            timeout=timeouts(endpoint),
            limits=httpx2.Limits(keepalive_expiry=KEEPALIVE),
        )
    except OSError as error:
        raise ModelError(
            f"The certificates for {endpoint.host} cannot be loaded ({error.strerror or error}). "
            "Check SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS.",
            "connection",
        ) from error
    except (ValueError, ImportError, httpx2.InvalidURL) as error:
        raise ModelError(
            "The proxy setting cannot be used. Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY: "
            "they take http://host:port (socks needs the socksio package).",
            "connection",
        ) from error


def timeouts(endpoint: Endpoint) -> httpx2.Timeout:
    return httpx2.Timeout(connect=CONNECT_TIMEOUT, read=endpoint.idle_timeout, write=endpoint.send_timeout, pool=None)


def _certificates() -> ssl.SSLContext:
    context = httpx2.create_ssl_context()
    if extra := os.environ.get("NODE_EXTRA_CA_CERTS"):
        context.load_verify_locations(cafile=extra)
    return context


def explain(error: httpx2.HTTPError | httpx2.InvalidURL | OSError, endpoint: Endpoint, *, replying: bool) -> ModelError:
    """The ModelError for a failure of the client; `replying` once the reply has begun."""
    host = endpoint.host
    match error:
        case httpx2.ConnectTimeout():
            return _unreachable(endpoint, f"no connection within {CONNECT_TIMEOUT:g} s")
        case httpx2.TimeoutException():
            return ModelError(
                f"{host} sent nothing for too long. The connection was given up.", "timeout", retryable=True, sent=True
            )
        case httpx2.ProxyError():
            return _proxy(error, endpoint)
        case httpx2.ConnectError():
            return _connect(error, endpoint)
        case httpx2.DecodingError():
            return not_the_api(endpoint, "a body that cannot be decompressed")
        case httpx2.NetworkError() | httpx2.RemoteProtocolError() | OSError():
            if replying:
                return broken(endpoint, _root(error))
            return ModelError(
                f"{host} closed the connection without an answer.", "connection", retryable=True, sent=True
            )
        case _:
            return ModelError(f"The request to {host} cannot be sent ({type(error).__name__}).", "connection")


def _connect(error: httpx2.ConnectError, endpoint: Endpoint) -> ModelError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ModelError(
                f"The certificate of {endpoint.host} is not trusted ({endpoint.clean(cause.verify_message)}). "
                "If your network has its own authority, set SSL_CERT_FILE to its certificates.",
                "connection",
            )
        if isinstance(cause, ssl.SSLError):
            reason = endpoint.clean((cause.reason or str(cause)).replace("_", " ").lower())
            return ModelError(f"No TLS with {endpoint.host} ({reason}). Is it an http:// address?", "connection")
        if isinstance(cause, socket.gaierror):
            return _unreachable(endpoint, "its name was not found (DNS)")
        if isinstance(cause, ConnectionRefusedError):
            return _unreachable(endpoint, "connection refused")
    return _unreachable(endpoint, _root(error))


def _unreachable(endpoint: Endpoint, why: str) -> ModelError:
    why, what = endpoint.clean(why), "the network and ANTHROPIC_BASE_URL"
    if proxy := _proxy_before(endpoint):  # which is what cannot be reached: the address itself is up to it
        why, what = f"the proxy {endpoint.clean(proxy)}: {why}", "HTTPS_PROXY and NO_PROXY"
    return ModelError(f"{endpoint.host} cannot be reached: {why}. Check {what}.", "connection", retryable=True)


def _proxy_before(endpoint: Endpoint) -> str:
    """Host and port of the proxy that is connected to instead, without its password; "" where there is none."""
    if endpoint.is_loopback or proxy_bypass(endpoint.host):
        return ""
    found = getproxies()
    text = found.get("https" if endpoint.is_tls else "http") or found.get("all") or ""
    return re.split(r"[/?#]", text.rpartition("://")[2].rpartition("@")[2], maxsplit=1)[0]


def _proxy(error: httpx2.ProxyError, endpoint: Endpoint) -> ModelError:
    found = re.match(r"\d{3}", str(error))
    if found and found[0] == "407":
        return status_error(endpoint, 407, {}, b"")
    return ModelError(
        f"The proxy does not connect to {endpoint.host} ({endpoint.clean(str(error))}). "
        "Check HTTPS_PROXY and NO_PROXY.",
        "connection",
        retryable=bool(found and found[0] >= "500"),
    )


def _root(error: BaseException) -> str:
    """The most basic reason in words."""
    *_, last = _causes(error)
    text = (last.strerror if isinstance(last, OSError) else None) or str(last) or str(error)
    return text.rstrip(".") or "the connection was lost"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.append(current.__cause__ or current.__context__)
