"""chipsim serve and chipsim keygen: a chip for hosts elsewhere, and the keys that both need off this machine."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from host.cli.groups import command, option
from host.cli.options import one_line_errors, threads_option, usable_cores
from host.cli.server_log import ServerLog

_ADDRESS = "tcp://127.0.0.1:5555"


@command()
@option("--bind", default=_ADDRESS, show_default=True, help="tcp://HOST:PORT to listen at; port * for a free one.")
@option("--dies", type=click.IntRange(1, 64), default=1, show_default=True, help="Hosts served at a time.")
@threads_option
@option("--keys", type=click.Path(path_type=Path), help="Folder of the server's own keys (chipsim keygen).")
@option("--allow", type=click.Path(path_type=Path), help="Folder of the public keys of hosts that are let in.")
@option(
    "--idle",
    "idle_s",
    type=click.FloatRange(0.1, 1e9),
    default=600.0,
    show_default=True,
    help="Seconds of silence after which a host loses its die.",
)
@option("--memory-mib", type=click.IntRange(1, 1 << 20), default=4096, show_default=True, help="For all dies together.")
@option("--message-mib", type=click.IntRange(1, 1024), default=2, show_default=True, help="Of the largest message.")
@option(
    "--rate-mib",
    type=click.FloatRange(0.1, 1e6),
    default=4096.0,
    show_default=True,
    help="Per second that a host may send; what is faster has to be sent again.",
)
@option("--child", is_flag=True, help="Serve the parent process alone, as --chip-process does, and end with it.")
def serve(
    bind: str,
    dies: int,
    threads: int | None,
    keys: Path | None,
    allow: Path | None,
    idle_s: float,
    memory_mib: int,
    message_mib: int,
    rate_mib: float,
    child: bool,
) -> None:
    """Hold dies for hosts that connect with chipsim run --chip-address. Ends with Ctrl-C.

    \b
    chipsim serve --dies 2
    # off this machine keys are a must
    chipsim serve --bind tcp://0.0.0.0:5555 --keys my-keys --allow hosts
    """
    with one_line_errors():
        from chipsim.server import MIB, ServerSettings
        from chipsim.wire import Limits

        settings: dict[str, Any] = {
            "dies": dies,
            "threads": threads or usable_cores(),
            "idle_s": idle_s,
            "die_bytes": memory_mib * MIB,
            "bytes_per_s": rate_mib * MIB,
            "limits": Limits(payload_bytes=message_mib * MIB),
        }
        if not child:
            _serve(ServerSettings(bind=bind, keys=keys, allow=allow, **settings))
            return
        with tempfile.TemporaryDirectory(prefix="chipsim-") as folder:  # which nobody else can enter
            _serve_parent(ServerSettings(bind=f"ipc://{folder}/chip", **settings))


def _serve(settings: Any) -> None:
    from chipsim.server import Server

    with ServerLog("chipsim serve: ") as log, Server(settings, log.say) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        dies = "1 die" if settings.dies == 1 else f"{settings.dies} dies"
        log.say(f"listening at {server.endpoint}, {dies}, {settings.threads} threads each; Ctrl-C ends it")
        server.run()
        log.say("ends")


def _serve_parent(settings: Any) -> None:
    """Serve the process at the other end of the standard input, until that is closed."""
    from chipsim.server import Server

    with ServerLog("") as log, Server(settings, log.say) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.stop())
        click.echo(server.endpoint)
        server.run(until=sys.stdin.fileno())


@command()
@option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the two key files.")
def keygen(out: Path) -> None:
    """Make keys: secret.key for oneself, public.key for the other end.

    \b
    chipsim keygen --out chip-keys               # on the chip's machine
    chipsim keygen --out my-keys                 # on the host's
    mkdir hosts; cp my-keys/public.key hosts/alice.key
    chipsim serve --bind tcp://0.0.0.0:5555 --keys chip-keys --allow hosts
    chipsim run --chip-address tcp://CHIP:5555 --keys my-keys \\
        --chip-key chip-keys/public.key
    """
    with one_line_errors():
        from chipsim.reading import remove_left_over
        from chipsim.server import PUBLIC, SECRET, make_keys

        pair = make_keys(out)
        for left in remove_left_over(Path(os.path.realpath(out)).parent):
            click.echo(f"chipsim: removed {left}, which a process that was killed had begun", err=True)
        click.echo(f"public key   {pair.public.decode()}")
        click.echo(f"files        {out / SECRET} (keep it), {out / PUBLIC} (give it to the other end)")
