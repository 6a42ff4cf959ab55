"""Options that say where the die of a run is, and the die's source that follows from them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host.cli.groups import OUTPUT, RUNNING, option

if TYPE_CHECKING:
    from chipsim.physical import PhysicalSpec
    from host.run import ChipSource


@dataclass(frozen=True)
class ChipPlace:
    """Where the die is: in this process if neither an address nor a process is named."""

    address: str | None
    process: bool
    keys: Path | None
    chip_key: Path | None
    timeout_s: float
    impose_link: bool
    timeline: bool

    def flags(self) -> str:
        """The options that name the place once more, for a hint."""
        if self.process:
            return " --chip-process"
        keys = f" --keys {self.keys} --chip-key {self.chip_key}" if self.keys else ""
        return f" --chip-address {self.address}{keys}" if self.address else ""


_OPTIONS = (
    option(
        "--chip-address", group=RUNNING, help="Run the die on the chip server at tcp://HOST:PORT (see chipsim serve)."
    ),
    option("--chip-process", group=RUNNING, is_flag=True, help="Run the die in a process of its own."),
    option(
        "--keys", group=RUNNING, type=click.Path(path_type=Path), help="Folder of this host's keys, if the server asks."
    ),
    option("--chip-key", group=RUNNING, type=click.Path(path_type=Path), help="The chip server's public.key."),
    option(
        "--chip-timeout",
        group=RUNNING,
        type=click.FloatRange(0.1, 1e6),
        default=10.0,
        show_default=True,
        help="Seconds without a sign of life after which a chip counts as lost.",
    ),
    option(
        "--impose-link",
        group=RUNNING,
        is_flag=True,
        help="Slow the wire down to bandwidth and latency of --chip's link.",
    ),
    option("--timeline", is_flag=True, group=OUTPUT, help="Draw when host, wire and chip were busy: timeline.png."),
)


def chip_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options of this page; it is called with `place`."""

    @functools.wraps(command)
    def with_place(
        chip_address: str | None,
        chip_process: bool,
        keys: Path | None,
        chip_key: Path | None,
        chip_timeout: float,
        impose_link: bool,
        timeline: bool,
        **arguments: Any,
    ) -> None:
        if chip_address and chip_process:
            raise click.UsageError("--chip-address and --chip-process name two chips: keep one")
        if (keys or chip_key) and not chip_address:
            raise click.UsageError("--keys and --chip-key are for a chip server elsewhere: give --chip-address, too")
        if impose_link and not (chip_address or chip_process):
            raise click.UsageError("--impose-link slows a wire down, and there is none: give --chip-process, too")
        place = ChipPlace(chip_address, chip_process, keys, chip_key, chip_timeout, impose_link, timeline)
        command(place=place, **arguments)

    for each in reversed(_OPTIONS):
        with_place = each(with_place)
    return with_place


@contextmanager
def chip_source(place: ChipPlace, threads: int, chip: PhysicalSpec | None) -> Iterator[ChipSource]:
    """Dies from where `place` says; chip: whose link is imposed. A chip process begins and ends in here."""
    from host.link import Timeline
    from host.run import InProcess

    if not (place.address or place.process):
        yield InProcess(threads, Timeline() if place.timeline else None)
        return
    from host.errors import SettingError
    from host.link.remote import ChipProcess, Connection, RemoteSource, WireSpeed, connect

    speed = None
    if place.impose_link:
        if chip is None:
            raise SettingError("--impose-link takes the speed from the chip in physical units: give --chip, too")
        speed = WireSpeed(chip.link.bandwidth_mbit_per_s * 1e6 / 8, chip.link.latency_us / 1e6)
    child = ChipProcess(threads) if place.process else None

    def open_connection() -> Connection:
        return connect(
            child.address if child else place.address or "",
            timeout_s=place.timeout_s,
            keys=place.keys,
            chip_key=place.chip_key,
            speed=speed,
            ended=child.ended if child else None,
        )

    source = RemoteSource("a process of its own" if child else f"at {place.address}", open_connection)
    try:
        if child is None:
            open_connection().close()  # who is not there, or will not have us, should say so before work begins
        yield source
    finally:
        source.close()
        if child:
            child.stop()
