"""Teachers from files, by what the file's name ends with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from chipsim import NeuronSpec
from host.data import Dataset, Samples
from host.errors import SettingError, TeacherError
from host.settings import RunSpec, TeacherSpec
from host.teachers.network import Network
from host.teachers.nir import FROM_FILE, MOST_BYTES, SpikingNetwork, nir_teacher, read_nir
from host.teachers.onnx import changed, check_fits, file_digest, read_onnx
from host.teachers.regular_file import digest_of_bytes
from host.teachers.teacher import Teacher, with_activation_scales

KINDS = (".onnx", ".nir")


def check_kind(path: Path) -> None:
    if path.suffix not in KINDS:
        raise SettingError(f"teacher {path} ends in {path.suffix or 'nothing'}; name a file that ends in .onnx or .nir")


def digest_of(path: Path) -> str:
    """Sixteen hex digits over all that the file says. Raises TeacherError."""
    return digest_of_bytes(path, MOST_BYTES) if path.suffix == ".nir" else file_digest(path)


def neuron_settings(path: Path, teacher: dict[str, Any], neuron: dict[str, Any]) -> dict[str, Any]:
    """What the file says of the neurons, setting by setting; an ONNX file says nothing of them.

    teacher, neuron: settings as given. Raises SettingError if they leave open what a NIR file does not say.
    """
    if path.suffix != ".nir":
        return {}
    read = _nir_as_asked(path, teacher, neuron)
    if read.neuron.readout != "spiking" and neuron.get("readout") == "spiking":
        raise SettingError(
            f"teacher {path}: its outputs never fire: --readout integrating or integrating-max, not spiking"
        )
    return {name: getattr(read.neuron, name) for name in FROM_FILE if getattr(read.neuron, name) is not None}


def facts_of(path: Path, teacher: dict[str, Any], neuron: dict[str, Any]) -> dict[str, Any]:
    """What a file holds, and how true it is read, as JSON; settings as in `neuron_settings`.

    Raises TeacherError, SettingError.
    """
    check_kind(path)
    if path.suffix == ".nir":
        read = _nir_as_asked(path, teacher, neuron)
        network, fidelity, neurons = (
            read.network,
            read.fidelity,
            read.neuron.model_dump(mode="json", include=_OF_NEURONS),
        )
    else:
        network, forward = read_onnx(path)
        fidelity, neurons = forward.fidelity, None
    about = {"file": str(path), "digest": digest_of(path), "network": network.describe(), "neurons": neurons}
    return about | fidelity.to_json()


_OF_NEURONS = {"kind", "tau_steps", "synapse_tau_steps", "threshold_th", "reset", "readout"}


def _nir_as_asked(path: Path, teacher: dict[str, Any], neuron: dict[str, Any]) -> SpikingNetwork:
    """Raises TeacherError; SettingError if the settings leave open what a NIR file does not say."""
    asked = {
        "--dt SECONDS": teacher.get("step_s"),
        "--integration euler or exponential": teacher.get("integration"),
        "--reset subtract (after the leak), subtract-before-leak or zero": neuron.get("reset"),
    }
    missing = [flag for flag, value in asked.items() if value is None]
    if missing:
        raise SettingError(
            f"teacher {path}: NIR says nothing of steps and resets, so they are asked for: add {', '.join(missing)}"
        )
    return _read_nir(TeacherSpec(**{"file": str(path)} | teacher), NeuronSpec(**neuron).reset)


def network_of(spec: RunSpec, dataset: Dataset) -> Network:
    """The file's network. Raises TeacherError, and SettingError if a setting is of other layers than it has."""
    return _opened(spec, dataset)[0]


def teacher_of(spec: RunSpec, dataset: Dataset, train: Samples) -> Teacher:
    """The file's network as teacher; train: samples for its rate scales. Raises TeacherError, SettingError."""
    network, opened = _opened(spec, dataset)
    if Path(spec.teacher.file or "").suffix == ".nir":
        return nir_teacher(spec, opened, train)
    try:
        teacher = with_activation_scales(network, opened, train, spec.teacher.norm, spec.teacher.norm_percentile)
    except TeacherError as error:
        raise TeacherError(f"{spec.teacher.file}: {str(error).removeprefix(f'{spec.teacher.file}: ')}") from None
    return replace(teacher, fidelity=opened.fidelity)


def _opened(spec: RunSpec, dataset: Dataset) -> tuple[Network, Any]:
    """The network, and what computes its activations (ONNX) or how it spikes (NIR)."""
    assert spec.teacher.file is not None, "there is a file"
    path = Path(spec.teacher.file)
    opened: Any
    if path.suffix == ".nir":
        if digest_of(path) != spec.teacher.digest:
            raise changed(path, digest_of(path), spec.teacher.digest)
        opened = _read_nir(spec.teacher, spec.neuron.reset)
        network = opened.network
    else:
        network, opened = read_onnx(path, spec.teacher.digest)
    check_fits(network, dataset, str(path))
    try:
        spec.check_layers(len(network.shapes))
    except ValueError as error:
        raise SettingError(str(error)) from None
    return network, opened


def _read_nir(teacher: TeacherSpec, reset: Any) -> SpikingNetwork:
    assert teacher.file is not None and teacher.step_s is not None and teacher.integration is not None, "were asked for"
    return read_nir(teacher.file, step_s=teacher.step_s, reset=reset, integration=teacher.integration)
