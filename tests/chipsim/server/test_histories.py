"""Two hosts at a keyed server with one die or two, through any history: whatever happens, a host that is served learns
what a lone chip in its own process learns, and one that is not is told why.
"""

import shutil
import tempfile
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from small_chips import lesson, spec_of, taught

from chipsim import Chip, ChipError
from chipsim.server import Server, ServerSettings, make_keys
from host.errors import LinkError
from host.link.remote import RemoteChip, connect

SPEC = spec_of((6, 5, 3), steps=4, noise=("mismatch:0.3", "thermal:0.1"))
TASK = lesson(SPEC)
HOSTS = st.sampled_from(["a", "b"])
NOTICED_S = 10.0  # a gap in the wire, a key that is gone
REFUSED_S = 0.4  # nothing answers those who have no key: so long they wait


class Guest:
    """A host that is let in: its die behind the wire, and the same one in this process."""

    def __init__(self, connection):
        self.connection = connection
        self.die = self.twin = None


class Histories(RuleBasedStateMachine):
    """Beside the server what it should know: who is in, and whose key is allowed."""

    @initialize(dies=st.sampled_from([1, 2]))
    def begin(self, dies):
        self.folder, self.dies = Path(tempfile.mkdtemp()), dies
        for name in ("chip", "a", "b"):
            make_keys(self.folder / name)
        self.allowed = self.folder / "hosts"
        self.allowed.mkdir()
        for host in ("a", "b", "chip"):  # a server starts only if it knows somebody
            self.allow(host)
        self.fresh = patch("chipsim.server.keys._FRESH_S", 0.0)
        self.fresh.start()
        self.guests = {}
        self.start("tcp://127.0.0.1:*")

    def start(self, bind):
        keys = {"keys": self.folder / "chip", "allow": self.allowed}
        self.server = Server(ServerSettings(bind=bind, dies=self.dies, **keys), lambda line: None)
        self.address = self.server.endpoint
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()
        self.server.__exit__(None, None, None)

    def key(self, host):
        return self.allowed / f"{host}.key"

    def connect(self, host, timeout_s=20.0):
        return connect(
            self.address, timeout_s=timeout_s, keys=self.folder / host, chip_key=self.folder / "chip" / "public.key"
        )

    @rule(host=HOSTS)
    def come(self, host):
        """Let in if there is a key and a die; a die whose host is gone is free as soon as the server knows."""
        if host in self.guests:
            return
        if not self.key(host).exists():
            with pytest.raises(LinkError, match="no chip answers|is no longer allowed"):
                self.connect(host, REFUSED_S)
        elif len(self.guests) == self.dies:
            with pytest.raises(LinkError, match="the only die is taken by another host"):
                self.connect(host)
        else:
            self.guests[host] = Guest(self.until(lambda: self.connect(host)))

    def until(self, act):
        give_up = time.monotonic() + NOTICED_S
        while True:
            try:
                return act()
            except LinkError as error:
                assert "taken by another host" in str(error) and time.monotonic() < give_up

    @rule(host=HOSTS, seed=st.sampled_from([1, 2]))
    def take_a_die(self, host, seed):
        if guest := self.guests.get(host):
            guest.die, guest.twin = RemoteChip(guest.connection, SPEC, seed), Chip(SPEC, seed)

    @rule(host=HOSTS)
    def program(self, host):
        self.both(host, lambda chip: chip.program(TASK.weights))

    @rule(host=HOSTS)
    def learn(self, host):
        self.both(host, lambda chip: told(taught(TASK, chip)))

    @rule(host=HOSTS)
    def infer(self, host):
        self.both(host, lambda chip: told(chip.infer(TASK.events, TASK.windows)))

    @rule(host=HOSTS)
    def there_and_back(self, host):
        """Learning that is undone."""

        def act(chip):
            before = chip.snapshot()
            taught(TASK, chip)
            chip.restore(before)

        self.both(host, act)

    @rule(host=HOSTS)
    def wire_is_cut(self, host):
        """A new connection, the same session; asked at once, or another host may take the die."""
        guest = self.guests.get(host)
        if guest is not None and guest.die is not None:
            wire = guest.connection._socket
            wire.disconnect(self.address)
            wire.connect(self.address)
            self.look(guest)

    @rule(host=HOSTS)
    def goes(self, host):
        if guest := self.guests.pop(host, None):
            guest.connection.close()

    @rule(host=HOSTS)
    def is_lost(self, host):
        """Without a word."""
        if guest := self.guests.pop(host, None):
            guest.connection._shut()

    @precondition(lambda self: self.guests)
    @rule()
    def restart(self):
        """All sessions are forgotten, which hosts are told."""
        self.stop()
        self.start(self.address)
        for host in list(self.guests):
            self.is_turned_out(host, "the session is unknown")

    @rule(host=HOSTS)
    def withdraw(self, host):
        """A removed key starts no new session, and ends one that runs."""
        self.key(host).unlink(missing_ok=True)
        if host in self.guests:
            self.is_turned_out(host, "no longer allowed|the session is unknown")

    @rule(host=HOSTS)
    def allow(self, host):
        shutil.copy(self.folder / host / "public.key", self.key(host))

    def is_turned_out(self, host, why):
        guest = self.guests.pop(host)
        give_up = time.monotonic() + NOTICED_S
        with pytest.raises(LinkError, match=why):
            while time.monotonic() < give_up:
                RemoteChip(guest.connection, SPEC, 1)
                time.sleep(0.05)
        guest.connection._shut()

    def both(self, host, act):
        """The same from the die behind the wire and from its twin, answers and refusals alike."""
        if host not in self.guests:
            self.come(host)
        if (guest := self.guests.get(host)) is None:
            return
        if guest.die is None:
            self.take_a_die(host, 1)
        assert heard(guest.die, act) == heard(guest.twin, act)

    def look(self, guest):
        if guest.die is not None:
            assert heard(guest.die, stored) == heard(guest.twin, stored)

    @invariant()
    def no_more_sessions_than_dies(self):
        if hasattr(self, "server"):
            assert len(self.server._sessions) <= self.dies

    def teardown(self):
        if not hasattr(self, "server"):
            return
        for guest in self.guests.values():
            self.look(guest)
            guest.connection.close()
        self.stop()
        self.fresh.stop()
        shutil.rmtree(self.folder)


def heard(chip, act):
    """What comes back, or is refused."""
    try:
        return act(chip)
    except ChipError as error:
        return str(error)


def stored(chip):
    return [part.tobytes() for layer in chip.weights() for part in layer]


def told(result):
    """All that a result says."""
    counts = [layer.tobytes() for layer in result.counts]
    return counts, result.classes.tobytes(), {name: values.tolist() for name, values in result.activity.items()}


Histories.TestCase.settings = settings(
    max_examples=12, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow]
)
TestHistories = Histories.TestCase
