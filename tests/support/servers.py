"""A chip server in a thread of this process."""

import threading
from contextlib import contextmanager

from chipsim.server import Server, ServerSettings


@contextmanager
def serving(**settings):
    """A server on a free port of the loopback; gives the server. `heard` are the lines that it said."""
    heard = []
    with Server(ServerSettings(**({"bind": "tcp://127.0.0.1:*"} | settings)), heard.append) as server:
        server.heard = heard
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join(30)
            assert not thread.is_alive(), "the server does not end"
