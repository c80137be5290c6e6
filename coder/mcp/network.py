"""Why an address could not be had, in words behind the name of a server. Must not know what was asked there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator


def why_not(error: BaseException, host: str) -> str:
    """ "" for what says nothing of the network."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that is not trusted ({cause.verify_message})"
        if isinstance(cause, socket.gaierror):
            return f"cannot be reached: the name {host} was not found (DNS)"
        if isinstance(cause, ConnectionRefusedError):
            return f"cannot be reached: {host} refuses the connection"
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
