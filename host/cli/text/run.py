"""What a person sees: progress on a terminal's stderr, the report on stdout."""

from __future__ import annotations

from typing import Any

from chipsim import __version__
from host.cli.text.cost import cost_lines
from host.cli.text.data import data_lines
from host.data import encoding_named
from host.link.traffic import link_lines
from host.methods import find
from host.run import Outcome
from host.terminal import table


def result_text(outcome: Outcome) -> str:
    """What a person wants to know first, in some ten lines."""
    spec, summary = outcome.setup.spec, outcome.summary
    network = "-".join(map(str, summary["network"]))
    noise = f"noise {', '.join(spec.noise)}" if spec.noise else "no noise: an ideal die"
    meanings = {
        "teacher": "the ANN that the chip follows" if "learned" not in summary else _TAUGHT,
        "ideal": "a chip without errors, programmed, not trained",
        "before": f"this die, programmed with {_START[spec.training.start]}",
        "after": _after(summary),
    }
    rows = [
        (name, f"{summary['accuracy'][name]:.2%}", text + _abstained(summary["abstained"].get(name, 0)))
        for name, text in meanings.items()
    ]
    if "assignment" in summary:
        rows = _by_assignment(spec.training.start, summary)
    lines = [
        f"{summary['dataset']}, {network}, {spec.steps} steps, die {spec.die}, seed {spec.seed}; {noise}",
        *data_lines(summary),
        *_teacher(outcome),
        *_plugins(summary),
        *_versions(summary),
        f"accuracy on {summary['test_samples']:,} test samples",
        *table(rows, align="<><", indent=2),
        *([] if "assignment" in summary else _tied(summary["tied"])),
        *_learned(summary),
        *_set_as_learned(summary),
        *_cut(summary),
        *_saturated(summary),
        f"run folder   {summary['run_dir']}; report.txt in it: {', '.join(_details_named(summary))}",
    ]
    return "\n".join(lines)


def details_text(outcome: Outcome) -> str:
    """What each noise means, what was not modelled, what the run cost, and what the wire carried."""
    spec, summary = outcome.setup.spec, outcome.summary
    lines = [
        f"chipsim {__version__}",
        f"encoding     {spec.encoding}: {encoding_named(spec.encoding).meaning}",
        *_chip(summary),
        *(["noise"] if summary["noise"] else []),
    ]
    for entry in summary["noise"]:
        lines += [f"  {line}" for line in entry["meaning"]]
    lines += [f"  {line}" for line in summary["shared_draws"]]
    lines += [
        *_method(summary["method"]),
        *_events(summary),
        *_pruned(summary),
        *cost_lines(summary["cost"]),
        *link_lines(summary["link"]),
    ]
    return "\n".join(lines)


def _details_named(summary: dict[str, Any]) -> list[str]:
    """What `details_text` holds."""
    not_modelled = [] if summary["chip"] is None else [f"{len(summary['chip']['not_modelled'])} things not modelled"]
    return [*(["what the noise means"] if summary["noise"] else []), *not_modelled, "costs", "the wire"]


def _set_as_learned(summary: dict[str, Any]) -> list[str]:
    """Leaks and thresholds that were trained through time."""
    if "learned" not in summary:
        return []
    learned = summary["learned"]
    thresholds = ", ".join(f"{th:.3g}" for th in learned["threshold_th"])
    leaks = ", ".join(f"{tau:.3g}" for tau in learned.get("tau_steps", []))
    return [
        f"set by layer  thresholds {thresholds} th" + (f"; time constants {leaks} steps" if leaks else "") + ", learned"
    ]


def _cut(summary: dict[str, Any]) -> list[str]:
    """How much pruning left, in one line."""
    if "pruned" not in summary:
        return []
    pruned = summary["pruned"]
    listening, plain = pruned["address_listening"], pruned["plain_crossbar"]
    whole = pruned["unpruned"]["synaptic_events"]
    return [
        f"pruned       {1 - pruned['left'] / pruned['synapses']:.1%} of {pruned['synapses']:,} synapses; of synaptic"
        f" events {plain['synaptic_events'] / whole:.0%} are left in a plain crossbar,"
        f" {listening['synaptic_events'] / whole:.0%} where synapses listen to addresses"
    ]


_TAUGHT = "the spiking network, trained through time, that the chip follows"


def _by_assignment(start: str, summary: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows for neurons that got their classes when all was learned: the accuracy that counts, and by either way."""
    from_ideal = "the weights and thresholds that the ideal chip learned"
    meanings = {
        "ideal": "a chip without errors, after learning",
        "before": f"this die, programmed with {'random weights' if start == 'random' else from_ideal}",
        "after": "this die after " + ("learning on chip" if start == "random" else "its thresholds alone adapted"),
        "transfer": f"this die, programmed with {from_ideal}",
        "adapted": "the same, after its thresholds alone adapted to unlabelled samples",
    }
    rows = []
    for name, each in summary["assignment"].items():
        ways = f"by the mean answer {each['by_mean']:.2%}, by a vote in proportion {each['by_proportion']:.2%}"
        text = f"{meanings[name]}; {ways}"
        if each["silent_neurons"]:
            text += f"; {each['silent_neurons']:,} silent neurons"
        if each["classes_without_neuron"]:
            text += f"; no neuron for class {', '.join(map(str, each['classes_without_neuron']))}"
        rows.append((name, f"{each['accuracy']:.2%}", text))
    return rows


_START = {"teacher": "the teacher's weights", "random": "random weights"}


def _after(summary: dict[str, Any]) -> str:
    if not summary["train_samples"]:
        return "the same: nothing was learned"
    name = summary["method"]["name"]
    return f"this die after {'learning on chip' if find(name).learns_on_chip else name}"


def _abstained(samples: int) -> str:
    """Of how many samples a chip says nothing."""
    return f"; no answer to {samples:,}, where no output fired: counted as wrong" if samples else ""


def _tied(tied: dict[str, int]) -> list[str]:
    """How often membranes settled what counts left open."""
    if not any(tied.values()):
        return []
    parts = ", ".join(f"{samples:,} {name}" for name, samples in tied.items())
    return [f"  equal counts of several outputs, settled by their membranes: {parts}"]


def _chip(summary: dict[str, Any]) -> list[str]:
    """The chip in physical units, if there is one, and what of it was not simulated."""
    if summary["chip"] is None:
        return []
    lines = [f"  chip {summary['chip']['name']}: see chip in the run folder's spec.toml; not modelled:"]
    return lines + [f"    {sentence}" for sentence in summary["chip"]["not_modelled"]]


def _teacher(outcome: Outcome) -> list[str]:
    """How true the network is to the file that it came from."""
    fidelity, file = outcome.setup.teacher.fidelity, outcome.setup.spec.teacher.file
    if fidelity is None:
        return []
    word, *notes = fidelity.lines()
    return [f"  teacher {file}: {word}", *(f"    {note}" for note in notes)]


def _plugins(summary: dict[str, Any]) -> list[str]:
    """What came from other packages."""
    return [f"  {each['name']} is of {each['package']} {each['version']}" for each in summary.get("plugins", ())]


def _versions(summary: dict[str, Any]) -> list[str]:
    """Of a run that another version began."""
    each = [", ".join(map(" ".join, versions.items())) for versions in summary.get("mixed_versions", ())]
    return [f"  mixed versions: begun with {'; gone on with '.join(each)}"] if each else []


def _method(effort: dict[str, Any]) -> list[str]:
    """How the die came to its weights, and what that took beside the die's own work."""
    if find(effort["name"]).learns_on_chip:  # the table of costs says it all
        return []
    traffic = f"{effort['bytes_down']:,.0f} bytes down, {effort['bytes_up']:,.0f} bytes up"
    return [
        f"method       {effort['name']}: {find(effort['name']).meaning}",
        f"             {effort['host_macs']:,} multiply-accumulates of the host,"
        f" {effort['weights_programmed']:,} weights programmed, {traffic}",
    ]


def _learned(summary: dict[str, Any]) -> list[str]:
    recovered = summary["recovered_fraction"]
    rate = summary["samples_per_s"]
    lines = [f"recovered    {'nothing was lost' if recovered is None else f'{recovered:z.0%} of what was lost'}"]
    if not summary["train_samples"]:
        return lines
    return [
        *lines,
        f"learned from {summary['train_samples']:,} samples"
        + (f" at {rate:,.0f} samples/s, checks included" if rate is not None else " (in an earlier run)")
        + f"; kept the state after {summary['kept_after_samples']:,}",
    ]


def _events(summary: dict[str, Any]) -> list[str]:
    if not summary["train_samples"]:
        return []
    return [
        f"events       {summary['synaptic_events']:,} synaptic events, {summary['weight_updates']:,} weight updates"
        + (f", {summary['code_writes']:,} stored codes changed" if summary["code_writes"] else ""),
    ]


_ARRAYS = {
    "unpruned": "unpruned",
    "plain_crossbar": "plain crossbar, empty rows and columns left out",
    "address_listening": "synapses that listen to addresses, only those left",
}


def _pruned(summary: dict[str, Any]) -> list[str]:
    """What is left of the synapses, by the kind of array that holds them."""
    if "pruned" not in summary:
        return []
    pruned = summary["pruned"]
    rows = []
    for name, words in _ARRAYS.items():
        each = pruned[name]
        cells = [f"{each['places']:,}", f"{each['synaptic_events']:,.0f}", f"{each['writes_per_spike']:,.1f}"]
        if "synapses_mm2" in each:
            low, high = each["synapses_nj"]
            cores = "do not fit" if each["cores"] is None else f"{each['cores']:,}"
            cells += [f"{each['synapses_mm2']:.3g}", f"{low:.3g} to {high:.3g}", cores]
        rows.append([f"  {words}", *cells])
    head = ["places", "events per sample", "writes per spike", *(("mm2", "nJ", "cores") if len(rows[0]) > 4 else ())]
    limit = f"{pruned['address_pays_below']:.2g} times a synapse's area"
    pays = f"; an address of {pruned['address_bits']} bits pays below {limit}"
    left = f"synapses     {pruned['left']:,} of {pruned['synapses']:,} left{pays}"
    return [left, *table(rows, ("  array", *head))]


_SATURATION_WORDS = {
    "membrane_low_rail": "membrane at the lower rail",
    "membrane_high_rail": "membrane at the upper rail",
    "accumulator_full": "spike accumulator full",
    "weight_full_scale": "weight at the end of its range",
    "missed_counts": "spikes that accumulators missed",
    "increments_saturated": "increments at the end of their range",
    "events_off_array": "input events lost on the host link, addresses beyond the array",
    "events_merged": "input events lost on the host link, merged with another of their row",
    "abstentions": "windows in which no output fired",
}


def _saturated(summary: dict[str, Any]) -> list[str]:
    """How often something met its limit, in all windows of a phase."""
    lines = []
    for name, words in _SATURATION_WORDS.items():
        counts = {phase: counts.get(name, 0) for phase, counts in summary["saturation"].items()}
        if any(counts.values()):
            parts = ", ".join(f"{count:,} {_PHASES[phase]}" for phase, count in counts.items())
            lines.append(f"saturated    {words}: {parts}")
    return lines or ["saturated    nothing"]


_PHASES = {"learning": "while learning", "test_before": "in the test before", "test_after": "in the test after"}
