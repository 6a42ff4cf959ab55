"""What goes wrong between a host and a chip that is elsewhere."""

from __future__ import annotations

from host.errors import HostError


class LinkError(HostError):
    """The chip cannot be reached, does not answer, or will not have this host: one line with the way out."""
