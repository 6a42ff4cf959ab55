"""`chipsim.trace`: every signal of the learning path of chosen neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from host.api.given import Place, one_error, overrides_of, plain, tells_settings, threads_of
from host.api.settings import Settings
from host.api.shown import Shown, Summary, shown_in_notebooks
from host.errors import SettingError
from host.plots import check_trace_files, save_trace, waveform_plot
from host.run import resolve
from host.terminal import Console
from host.trace import NeuronWaveform, Units, Waveform, error_lines, name_of, shown_in
from host.trace import trace as trace_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIGNALS = ("current", "noise", "membrane", "spike", "count", "target_count", "error", "boxcar", "pulse")
_STEP_US = (1e-6, 1e6)


class TraceOutcome(Shown):
    """What was traced."""

    def __init__(self, waveform: Waveform, units: Units) -> None:
        self.waveform = waveform  # arrays (samples, steps) of each neuron, in thresholds
        self.units = units  # of picture and files: thresholds, or those of a chip

    @property
    def neurons(self) -> list[NeuronWaveform]:
        return self.waveform.neurons

    @property
    def plot(self) -> TracePlots:
        return TracePlots(self)

    def save(self, out: Place) -> dict[str, str]:
        """A VCD file, a layout of it for GTKWave and a picture, all of one name. Returns where. Raises UserError."""
        with one_error():
            check_trace_files(Path(out))
            return save_trace(self.waveform, Path(out), self.units)

    def _summary(self) -> Summary:
        waveform, spec = self.waveform, self.waveform.spec
        network = "-".join(map(str, waveform.design.layer_sizes))
        doing = "learning" if waveform.learns else "inferring"
        rows = [
            (
                name_of(neuron),
                f"{int(neuron.spike.sum())} spikes",
                f"{int((neuron.pulse != 0).sum())} update pulses" if neuron.learns else "",
                "; ".join(error_lines(neuron, self.units)) or "as designed",
            )
            for neuron in self.neurons
        ]
        seen = [
            f"{waveform.part} sample {sample}: class {label}, answered {answer}"
            for sample, label, answer in zip(waveform.samples, waveform.labels, waveform.classes, strict=True)
        ]
        title = f"trace of {waveform.data}, {network}, {spec.steps_text}, die {spec.die}: {doing}, after"
        return Summary(f"{title} {waveform.learned_before:,} learned samples", (), rows, seen, align="<")

    def _records(self) -> list[dict[str, Any]]:
        """A row for each step of each sample and neuron; voltages, charges and weights in thresholds."""
        return [
            {
                "layer": neuron.layer,
                "neuron": neuron.neuron,
                "sample": sample,
                "step": step + 1,
                **{
                    name: values[place, step].item()
                    for name in _SIGNALS
                    if len(values := getattr(neuron, name))  # what only learning shows may be empty
                },
            }
            for neuron in self.neurons
            for place, sample in enumerate(self.waveform.samples)
            for step in range(self.waveform.design.presentation_steps)
        ]


class TracePlots:
    """Pictures of a trace, as matplotlib figures."""

    def __init__(self, outcome: TraceOutcome) -> None:
        self._outcome = outcome

    def signals(self) -> Figure:
        """A column for each of the first neurons, its signals stacked as a logic analyser has them."""
        units = self._outcome.units
        return shown_in_notebooks(waveform_plot(self._outcome.waveform, units.step_s, units))


@tells_settings
def trace(
    *,
    neurons: Sequence[tuple[int, int]] = (),
    rows: Sequence[tuple[int, int]] = (),
    samples: int | Sequence[int] = 0,
    part: Literal["test", "train"] = "test",
    learn: bool | None = None,
    after: int | Literal["all"] = 0,
    units: Literal["chip", "th"] | None = None,
    step_us: float | None = None,
    out: Place | None = None,
    config: Place | None = None,
    set: Mapping[str, Any] | None = None,
    threads: int | None = None,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> TraceOutcome:
    """Follow a sample through chosen neurons: every signal of their learning path, step by step.

        seen = chipsim.trace(noise="mismatch:0.2", neurons=[(1, 0), (2, 3)], samples=[0, 5], part="train")
        seen.neurons[0].membrane, seen.table(), seen.plot.signals(), seen.save("trace.vcd")

    neurons: (layer, neuron), layers from 1; of each layer the one that learns most if none is named. rows: (layer, row)
    of the inputs to show, the 4 most active if none. samples: numbers within `part` of the data set. learn: whether to
    learn from them, or only show them; to learn if None, unless after="all". after: samples learned before, or "all".
    units: V, nA and fC of `chip`, or "th" for thresholds, in picture and files; step_us: step period in us. out: a
    waveform file FILE.vcd to write at once. config, set, threads, quiet: see `chipsim.run`. Raises UserError.
    """
    with one_error():
        if step_us is not None and not _STEP_US[0] <= step_us <= _STEP_US[1]:
            raise SettingError(f"step_us = {step_us:g} is no step period: choose one from 1e-6 (a picosecond) to 1e6")
        if out is not None:
            check_trace_files(Path(out))
        spec = resolve(None if config is None else Path(config), overrides_of(settings, set))
        shown = shown_in(spec.chip, units, None if step_us is None else step_us * 1e-6)
        learned, numbers = None if after == "all" else after, plain(samples)
        with Console(quiet) as console:
            traced = trace_run(
                spec,
                neurons,
                rows,
                part=part,
                samples=numbers if isinstance(numbers, list) else [numbers],
                learn=learned is not None if learn is None else learn,
                after=learned,
                threads=threads_of(threads),
                listener=console,
            )
        if out is not None:
            save_trace(traced, Path(out), shown)
        return TraceOutcome(traced, shown)
