"""Harnesses of other tools' networks: ONNX and NIR."""

import io
from random import Random

import h5py
import numpy as np
from harness import ROOT, Harness
from mutations import Inputs, protobuf, raw
from scratch import written

from host.errors import TeacherError
from host.teachers.nir import read_nir
from host.teachers.onnx import read_onnx

_FILES = ROOT / "tests" / "conformance" / "files"
_SMALL = 1 << 14  # values that a network may take for it to be shown some

_OPERATORS = (
    *("Conv", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "BatchNormalization", "Relu", "Clip", "AveragePool"),
    *("GlobalAveragePool", "ReduceMean", "Flatten", "Reshape", "Transpose", "Squeeze", "Dropout", "Identity", "Cast"),
    *("Softmax", "Concat", "Loop", "If", "Constant", "ConstantOfShape", "Shape", "Gather", "Slice", "Expand", "Tile"),
    *("Unsqueeze", "Range", "Pad", "ArgMax", "ZipMap", "Normalizer", "Scaler", "LinearClassifier", "MaxPool", "Scan"),
    *("alpha", "beta", "transA", "transB", "axis", "axes", "kernel_shape", "pads", "strides", "group", "auto_pad"),
    *("dilations", "SAME_UPPER", "VALID", "keepdims", "epsilon", "value", "to", "perm", "ai.onnx.ml", "../../etc"),
)


def _onnx(data: bytes) -> None:
    network, forward = read_onnx(written("it.onnx", data))
    n_in = int(np.prod(network.input_shape))
    if n_in <= _SMALL:
        forward(np.zeros((1, n_in), np.float32))


def _nir(data: bytes) -> None:
    network = read_nir(written("it.nir", data), step_s=1e-5, reset="subtract", integration="euler")
    network.design(4)


def _nir_mutation(data: bytes, others: Inputs, rng: Random) -> bytes:
    """Parts of the tree replaced, renamed, doubled, taken out, or linked elsewhere; now and then bytes of the file."""
    if rng.random() < 0.25:
        return raw(data, others, rng)
    content = io.BytesIO(data)
    try:
        with h5py.File(content, "r+") as file:
            for _ in range(rng.choice((1, 1, 2, 3))):
                _edit(file, rng)
    except Exception:  # an input that is no HDF5 any more, or an edit that HDF5 refuses
        return raw(data, others, rng)
    return content.getvalue()


_NODES = ("Affine", "Linear", "Conv2d", "IF", "LIF", "CubaLIF", "LI", "CubaLI", "I", "Scale", "Flatten", "SumPool2d")
_WORDS = (
    *_NODES,
    "AvgPool2d",
    "NIRGraph",
    "Input",
    "Output",
    "Conv1d",
    "Delay",
    "Threshold",
    "",
    "\x1b[31m",
    "x" * 2000,
)
_ARRAYS = (
    *(np.float32(0), np.float64(np.nan), np.inf, 1e308, -1, np.int64(2**62), np.zeros(0), np.zeros((2, 0))),
    *(np.ones(3, np.float32), np.ones((2, 3)), np.ones((1, 2, 3, 3)), np.zeros(2, np.complex64), True, np.uint8(7)),
    *(np.full(7, 1e-320), np.arange(6.0), np.array([2, 2]), np.array([-1, 2]), "valid", "same", b"bytes", 0.5, 1e-3),
)


def _edit(file: h5py.File, rng: Random) -> None:
    paths: list[str] = []
    file.visit(paths.append)
    path = rng.choice(paths)
    match rng.randrange(9):
        case 0:
            del file[path]
        case 1:
            file.move(path, path + rng.choice(("x", "_0", "/deep", "1")))
        case 2:
            file[f"{path}{rng.choice('ab')}"] = rng.choice(
                (h5py.SoftLink("/node"), h5py.ExternalLink("it.nir", "/node"), file["node"])
            )
        case 3:
            file.copy(rng.choice(paths), f"{path}_copy")
        case _:
            datasets = [each for each in paths if isinstance(file[each], h5py.Dataset)]
            chosen = rng.choice(datasets)
            old = file[chosen][()]
            del file[chosen]
            if isinstance(old, bytes):
                file[chosen] = rng.choice(_WORDS)
            elif isinstance(old, np.ndarray) and old.dtype.kind == "f" and rng.random() < 0.6:
                file[chosen] = _changed(old, rng)
            else:
                file[chosen] = rng.choice(_ARRAYS)


def _changed(array: np.ndarray, rng: Random) -> np.ndarray:
    match rng.randrange(5):
        case 0 if array.size:
            array.flat[rng.randrange(array.size)] = rng.choice((0, -1, np.nan, np.inf, 1e38, 1e-40))
            return array
        case 1:
            return array * rng.choice((0, -1, 1e30, 1e-30))
        case 2:
            return array[..., :-1] if array.ndim else array
        case 3:
            return array[None]
        case _:
            return array.reshape(-1)


def _all(ending: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(_FILES.glob(f"*.{ending}"))]


HARNESSES = (
    Harness(
        "onnx",
        _onnx,
        (TeacherError,),
        tuple(
            f"host/teachers/{name}.py"
            for name in (
                *(f"onnx/{each}" for each in ("file", "tensors", "constants", "chain", "layout", "padding", "network")),
                *("onnx/runnable", "onnx/session", "onnx/teacher", "assembly", "folding"),
            )
        ),
        protobuf(*_OPERATORS),
        lambda: _all("onnx"),
    ),
    Harness(
        "nir",
        _nir,
        (TeacherError,),
        tuple(f"host/teachers/nir/{name}.py" for name in ("file", "chain", "dynamics", "neurons", "read")),
        _nir_mutation,
        lambda: _all("nir"),
    ),
)
