"""chipsim spec: chips in physical units. chipsim map: where a network stands on one."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.options import layer_sizes, one_line_errors


@click.command()
@click.argument("chip", required=False)
@click.option("--derived", is_flag=True, help="The dimensionless numbers of the model, each with its formula.")
@click.option("--schema", is_flag=True, help="The JSON schema of such files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
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
        from chipsim.physical import PRESETS, PhysicalSpec, load
        from chipsim.physical.load import preset_text, summary
        from host.cli.text.derived import derived_json, derived_text

        if schema:
            click.echo(json.dumps(PhysicalSpec.model_json_schema(), indent=2))
        elif chip is None:
            summaries = {name: summary(name) for name in PRESETS}
            lines = [f"{name:<14}{text}" for name, text in summaries.items()]
            click.echo(json.dumps({"presets": summaries}) if as_json else "\n".join(lines))
        else:
            loaded = load(chip)
            if derived:
                click.echo(derived_json(loaded) if as_json else derived_text(loaded))
            elif as_json:
                click.echo(json.dumps({"chip": loaded.to_table()}))
            elif chip in PRESETS:
                click.echo(preset_text(chip), nl=False)
            else:
                click.echo(f"{chip} is a chip, {loaded.name}; see what the model makes of it with --derived")


@click.command("map")
@click.option("--network", callback=layer_sizes, help="Widths of all layers, inputs first: 784,256,10.")
@click.option("--teacher", type=click.Path(path_type=Path), help="ONNX file whose layers these are, instead.")
@click.option("--chip", required=True, help="Preset or TOML file (see chipsim spec).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def place(network: tuple[int, ...] | None, teacher: Path | None, chip: str, as_json: bool) -> None:
    """Show on which cores, rows and columns of a chip a network stands, and how full that makes it."""
    if (network is None) == (teacher is None):
        raise click.UsageError("name one network: --network 784,256,10, or --teacher FILE.onnx")
    with one_line_errors():
        from chipsim.physical import load
        from chipsim.physical import placement as mapping
        from host.cli.text.placement import map_json, map_text

        if teacher is None:
            assert network is not None, "one of the two is there"
            placement = mapping.place(load(chip), network)
        else:
            from host.teachers.onnx.teacher import read_onnx

            placement = mapping.place_layers(load(chip), read_onnx(teacher)[0].shapes)
        click.echo(map_json(placement) if as_json else map_text(placement))
