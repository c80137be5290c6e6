"""Why something could not be had from a server. One line, for people and the model; never a secret."""

from __future__ import annotations

from coder.core.errors import CoderError


class ServerError(CoderError):
    """The server is not there, said no, or answered what cannot be used."""
