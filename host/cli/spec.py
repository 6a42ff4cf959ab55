"""chipsim spec: chips in physical units. chipsim map: where a network stands on one."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.groups import NETWORK, command, option
from host.cli.options import json_option, network_option, one_line_errors
from host.cli.run_options import setting_option
from host.terminal import for_terminal


@command()
@click.argument("chip", required=False)
@option("--derived", is_flag=True, help="The dimensionless numbers of the model, each with its formula.")
@option("--schema", is_flag=True, help="The JSON schema of such files.")
@json_option
def spec(chip: str | None, derived: bool, schema: bool, as_json: bool) -> None:
    """Print a preset chip, check a chip's file, or show what the model makes of either.

    \b
    chipsim spec                          # which presets there are
    chipsim spec cmos-180nm > my.toml     # start a chip of one's own
    chipsim spec my.toml                  # check it
    chipsim spec my.toml --derived
    chipsim run --chip my.toml
    """
    import json

    if schema and (chip or derived):
        raise click.UsageError("--schema describes the files of all chips: leave out CHIP and --derived")
    if chip is None and derived:
        raise click.UsageError("--derived needs a CHIP: a preset or a TOML file")
    with one_line_errors():
        from chipsim.physical import PRESETS, PhysicalSpec, load, preset_text, summary
        from host.cli.text import derived_json, derived_text
        from host.terminal import table

        if schema:
            click.echo(json.dumps(PhysicalSpec.model_json_schema(), indent=2))
        elif chip is None:
            summaries = {name: summary(name) for name in PRESETS}
            lines = table(summaries.items(), align="<")
            click.echo(json.dumps({"presets": summaries}) if as_json else for_terminal("\n".join(lines)))
        else:
            loaded = load(chip)
            if derived:
                click.echo(derived_json(loaded) if as_json else for_terminal(derived_text(loaded)))
            elif as_json:
                click.echo(json.dumps({"chip": loaded.to_table()}))
            elif chip in PRESETS:
                click.echo(preset_text(chip), nl=False)
            else:
                click.echo(f"{chip} is a chip, {loaded.name}; see what the model makes of it with --derived")


@command("map")
@network_option()
@option("--teacher", group=NETWORK, type=click.Path(path_type=Path), help="ONNX file whose layers these are, instead.")
@setting_option("chip", required=True)
@json_option
def place(network: tuple[int, ...] | None, teacher: Path | None, chip: str, as_json: bool) -> None:
    """Show on which cores, rows and columns of a chip a network stands, and how full that makes it.

    \b
    chipsim map --network 784,256,10 --chip my.toml
    chipsim map --teacher mine.onnx --chip cmos-180nm
    """
    if (network is None) == (teacher is None):
        raise click.UsageError("name one network: --network 784,256,10, or --teacher FILE.onnx")
    with one_line_errors():
        from chipsim.physical import load, place_layers
        from chipsim.physical import place as place_dense
        from host.cli.text import map_json, map_text

        if teacher is None:
            assert network is not None, "one of the two is there"
            placement = place_dense(load(chip), network)
        else:
            from host.teachers.onnx import read_onnx

            placement = place_layers(load(chip), read_onnx(teacher)[0].shapes)
        click.echo(map_json(placement) if as_json else for_terminal(map_text(placement)))
