"""Why something could not be had from a server. One line, for people and the model; never a secret."""

from __future__ import annotations

from coder.core.errors import CoderError

UNREADABLE = "its answer cannot be read"


class ServerError(CoderError):
    """The server is not there, said no, or answered what cannot be used."""


class LoginNeeded(ServerError):
    """The server lets nobody in without a login, or does not take the one there is."""


class Gone(ServerError):
    """The connection ended before the answer came."""
