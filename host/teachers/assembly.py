"""Puts a network together from the operations of a file or a module, in their order, and says what cannot be mapped.

A chip's layer is a weighted sum and a rectifier: its neurons do both. What is linear beside a weighted sum becomes part
of its weights where that is exact (`folding`): gains, shifts and pools between the sum and its rectifier go into the
sum, those before it into the sum that follows. Every refusal names the operation as its source does. Operations come in
the usual layout, channels first; the network leaves in the chip's.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError

from chipsim.design import (
    AnyLayer,
    AveragePool,
    Convolution,
    Dense,
    Flatten,
    from_image,
    kernel_rows,
    shapes_of,
    to_image,
)
from host.errors import TeacherError
from host.teachers import folding
from host.teachers.affine import Affine
from host.teachers.folding import Four, KernelSweep
from host.teachers.network import Crossbar, ImageShape, Network, scaled

_MOST_NEURONS = 2**24  # of a layer, and inputs
_MOST_WEIGHTS = 2**24  # that folding may make of fewer
_NO_PADDING: Four = (0, 0, 0, 0)


class Assembly:
    """Layers so far, and for each layer of synapses the name of the value that holds its activations."""

    def __init__(
        self, input_shape: ImageShape, rectifier: str = "a Relu", layer: str = "a Conv, Gemm or MatMul"
    ) -> None:
        """input_shape: channels, height, width; (n, 1, 1) for a vector. The source's own words are for errors."""
        self._words = rectifier, layer
        self.taps: list[str] = []
        self.notes: list[str] = []  # what was folded into what
        self._input_shape = input_shape
        self._shape = input_shape  # after the last operation; (n, 1, 1) once flat
        self._image: ImageShape | None = None  # what the last Flatten made flat, until a layer takes it in
        self._below = input_shape  # of the neurons below: the shape before a pool that waits for its layer
        self._before_flatten = input_shape  # the same, before the last Flatten
        self._pool: KernelSweep | None = None  # linear, and waits for the layer that it becomes part of
        self._affine: Affine | None = None  # likewise
        self._affine_tap = ""  # the value that it gives
        self._waiting: list[str] = []  # the names of both
        self._layers: list[AnyLayer] = []
        self._weights: list[Crossbar | None] = []
        self._ceilings: list[float | None] = []
        self._sum: str | None = None  # the operation that is a weighted sum without a rectifier as yet

    @property
    def shape(self) -> ImageShape:
        """After the last operation: channels, height, width; (n, 1, 1) once flat."""
        return self._shape

    @property
    def is_open(self) -> bool:
        """Whether a weighted sum waits for its rectifier."""
        return self._sum is not None

    @property
    def begun(self) -> bool:
        """Whether there is anything but the input."""
        return bool(self._layers or self._waiting)

    def dense(self, weights: NDArray[np.float32], bias: NDArray[Any], name: str, tap: str) -> None:
        """weights: (n_out, n_in), of a flattened image channels first; bias: (n_out,)."""
        self._rectified_before(name)
        _check_arrays(weights, bias, 2, name)
        if self._shape[1:] != (1, 1):
            raise TeacherError(f"{name}: takes a vector, but gets {_text(self._shape)}: put a Flatten before it")
        if self._shape[0] != weights.shape[1]:
            raise TeacherError(f"{name}: takes {weights.shape[1]} inputs, but gets {self._shape[0]}")
        self.flatten(name)
        image = self._image or self._shape
        units = Dense(units=len(bias))
        if not self._waiting:
            rows = _rows(weights.reshape(-1, *image))
        else:
            whole = weights.astype(np.float64)
            if self._affine is not None:
                whole, bias = self._affine.before_dense(whole, bias, self._shape)
            whole = whole.reshape(-1, *image)
            if self._pool is not None:
                below = self._before_flatten if self._image else self._below
                _check_size(len(bias) * int(np.prod(below)), name)
                whole = folding.spread(whole, self._pool, below)
            rows = _rows(whole)
        self._synapses(units, (rows, bias), name, tap)
        self._sum = name

    def convolution(
        self,
        kernels: NDArray[Any],
        bias: NDArray[Any],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        name: str,
        tap: str,
    ) -> None:
        """kernels: (channels out, channels in, height, width); stride: (down, right); padding: one to four sides."""
        self._rectified_before(name)
        self._takes_an_image(name)
        _check_arrays(kernels, bias, 4, name)
        if self._shape[0] != kernels.shape[1]:
            raise TeacherError(f"{name}: takes {kernels.shape[1]} channels, but gets {_text(self._shape)}")
        layer = _made(Convolution, name, channels=len(bias), kernel=kernels.shape[2:], stride=stride, padding=padding)
        if self._waiting:
            sweep = KernelSweep(kernels.astype(np.float64), layer.stride, layer.padding)
            if self._affine is not None:
                sweep, bias = self._affine.before_convolution(sweep, bias, self._shape, self._waiting[-1], name)
            if self._pool is not None:
                sweep = self._joined(self._pool, sweep, self._below, name)
            layer, kernels = _convolution(sweep, name), sweep.kernels
        self._synapses(layer, (kernel_rows(kernels), bias), name, tap)
        self._sum = name

    def pool(self, kernel: tuple[int, ...], stride: tuple[int, ...], name: str, tap: str) -> None:
        """Means of whole windows: neurons of their own, or after a weighted sum without its rectifier a part of it."""
        self._takes_an_image(name)
        layer = _made(AveragePool, name, kernel=kernel, stride=stride)
        if self._sum is not None or self._pool is not None:
            self.linear_pool(kernel, stride, _NO_PADDING, 1 / int(np.prod(layer.kernel)), name, tap)
            return
        mean = folding.pool(layer.kernel, layer.stride, _NO_PADDING, 1)
        below = self._affine and self._affine.behind_pool(mean, 1, self._shape, name)
        waiting, self._affine, self._waiting = self._waiting, None, []
        self._synapses(layer, None, name, tap)
        self._affine, self._waiting = below, waiting

    def global_pool(self, name: str, tap: str) -> None:
        self.pool(self._shape[1:], self._shape[1:], name, tap)

    def linear_pool(
        self, kernel: tuple[int, ...], stride: tuple[int, ...], padding: Four, weight: float, name: str, tap: str
    ) -> None:
        """Sums of windows times `weight`, by no neurons: part of the weighted sum before, if it is open, or behind."""
        self._takes_an_image(name)
        sweep = folding.pool(kernel, stride, padding, weight)
        if min(*kernel, *stride) < 1 or min(padding) < 0:
            raise TeacherError(f"{name}: has a kernel {kernel}, strides {stride} and padding {padding}")
        places = [sweep.places(axis, self._shape[1 + axis]) for axis in (0, 1)]
        if min(places) < 1 or any(pad >= side for pad, side in zip(padding, sweep.sides * 2, strict=True)):
            raise TeacherError(f"{name}: its kernel {kernel} with padding {padding} does not fit {_text(self._shape)}")
        if self._sum is not None:
            self._pool_the_sum(sweep, name, tap)
            return
        if self._affine is not None:
            self._affine = self._affine.behind_pool(sweep, weight * int(np.prod(kernel)), self._shape, name)
        self._pool = sweep if self._pool is None else self._joined(self._pool, sweep, self._below, name)
        self._shape = (self._shape[0], places[0], places[1])
        self._waiting.append(name)

    def flatten(self, name: str, channels: Literal["first", "last"] = "first") -> None:
        """channels: how the values of a position follow each other in the row."""
        if self._shape[1:] == (1, 1) and self._below[1:] == (1, 1):
            return
        self._rectified_before(name)
        if self._affine is not None:
            self._affine = self._affine.flat(self._shape, channels)
        if channels == "first":  # channels last is the chip's own order
            self._image = self._shape
        self._before_flatten = self._below
        self._shape, self._below = ((int(np.prod(shape)), 1, 1) for shape in (self._shape, self._below))
        self._layers.append(Flatten())

    def affine(self, gain: ArrayLike, shift: ArrayLike, name: str, tap: str) -> None:
        """gain x + shift; both as numbers or arrays that fit channels, height, width (`shape`)."""
        step = Affine.of(gain, shift, self._shape, name)
        if self._sum is not None:
            columns = step.per_column(self._shape, name)
            self._replace(scaled(self._crossbar(), *columns), name, tap)
            return
        self._affine = step if self._affine is None else self._affine.then(step)
        self._affine_tap = tap
        self._waiting.append(name)

    def batch_norm(self, statistics: dict[str, NDArray[np.float32]], epsilon: float, name: str, tap: str) -> None:
        """statistics: scale, shift, mean and variance, (channels,) each."""
        for what, values in statistics.items():
            if values.shape != self._shape[:1]:
                raise TeacherError(f"{name}: its {what} is of {values.size} channels, not {self._shape[0]}")
        if not (statistics["variance"] + epsilon > 0).all():
            raise TeacherError(f"{name}: holds a variance that is not above zero: train the network again")
        exact = {what: values.astype(np.float64)[:, None, None] for what, values in statistics.items()}
        gain = exact["scale"] / np.sqrt(exact["variance"] + epsilon)
        self.affine(gain, exact["shift"] - exact["mean"] * gain, name, tap)

    def gain(self, gain: NDArray[np.float64], name: str, tap: str) -> None:
        """Of neurons, for each column of the weighted sum before them; a pool there becomes one of fixed kernels."""
        if self._sum is None and self._pool is not None and self._image is None:
            channels = self._shape[0]
            _check_size(channels * channels * self._pool.kernels.size, name)
            sweep, bias = folding.each_channel(self._pool, channels), np.zeros(channels, np.float32)
            pools = ", ".join(map(_short, self._waiting))
            self._synapses(_convolution(sweep, name), (kernel_rows(sweep.kernels), bias), pools, tap)
            self._sum = name
        if self._sum is None:
            raise TeacherError(f"{name}: can only follow {self._words[1]} directly: neurons have no other input")
        self._replace(scaled(self._crossbar(), gain, np.zeros(len(gain))), name, tap)

    def rectifier(self, name: str, tap: str) -> None:
        """After anything but a weighted sum it changes nothing, unless values are negative there."""
        if self._sum is not None:
            self.taps[-1] = tap
            self._sum = None
        elif self._affine is not None and self._affine.may_be_negative:
            raise TeacherError(
                f"{name}: rectifies what {_short(self._waiting[-1])} shifts or turns round, with no neurons there: put"
                f" {self._words[1]} between them"
            )

    def clip(self, ceiling: float, name: str, tap: str) -> None:
        """A rectifier with a ceiling, which may be infinite."""
        if self._sum is None:
            raise TeacherError(f"{name}: clips what is no weighted sum: move it right after {self._words[1]}")
        self.rectifier(name, tap)
        self._ceilings[-1] = ceiling if np.isfinite(ceiling) else None

    def two_classes(self, source: str) -> None:
        """Of a last sum z with a single output, outputs -z and z: who is above 0 is of the second class."""
        if not self.is_open or self._shape != (1, 1, 1) or not isinstance(self._layers[-1], Dense):
            raise TeacherError(f"{source}: takes a single score for two classes, but has {_text(self._shape)}")
        weights, bias = self._crossbar()
        self._weights[-1] = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
        self._layers[-1] = Dense(units=2)
        self._shape = self._below = (2, 1, 1)

    def finished(self, source: str) -> Network:
        """The network. Raises TeacherError if its last layer is not fully connected, and cannot be made so."""
        last = self._layers[-1] if self._layers else None
        if isinstance(last, Convolution | AveragePool) and self._below[1:] == (1, 1):
            self._last_made_dense(source)
        elif not isinstance(last, Dense):
            kind = last.kind.replace("_", " ") if last else "no layer"
            raise TeacherError(
                f"{source}: ends with {kind}: the last layer must be fully connected, with one output per class, or"
                " leave a single place of the image, as a global average does"
            )
        if self._waiting:
            raise TeacherError(
                f"{self._waiting[-1]}: no layer follows that could take it in: move it before the rectifier, or leave"
                " it out"
            )
        return Network(self._input_shape, tuple(self._layers), self._weights, tuple(self._ceilings))

    def _last_made_dense(self, source: str) -> None:
        """A convolution or a pool that leaves a single place of its image meets all that it sees at once."""
        shape = shapes_of(self._input_shape, self._layers)[-1]
        layer = shape.layer
        self._layers.pop()
        name = f"{source}: the last layer"
        _check_size(shape.n_in * shape.columns, name)
        if isinstance(layer, AveragePool):
            mean = folding.pool(layer.kernel, layer.stride or layer.kernel, _NO_PADDING, 1 / int(np.prod(layer.kernel)))
            sweep, bias = folding.each_channel(mean, shape.columns), np.zeros(shape.columns, np.float32)
        else:
            weights, bias = self._crossbar()
            kernels = to_image(weights.T, (shape.input[0], *shape.kernel)).astype(np.float64)
            sweep = KernelSweep(kernels, shape.stride, shape.padding)
        rows = _rows(folding.whole_image(sweep, shape.input))
        if self._affine is not None and isinstance(layer, AveragePool):
            rows, bias = scaled((rows, bias), *self._affine.per_column((shape.columns, 1, 1), name))
            self._affine, self._waiting, self.taps[-1] = None, [], self._affine_tap
        if shape.input[1:] != (1, 1):
            self._layers.append(Flatten())
        self._layers.append(Dense(units=shape.columns))
        self._weights[-1] = _float32(rows), _float32(bias)
        self.notes.append("the last layer sees a whole image: fully connected here")

    def _pool_the_sum(self, sweep: KernelSweep, name: str, tap: str) -> None:
        """The open weighted sum becomes that of the pooled values: a larger kernel."""
        layer, image = self._layers[-1], shapes_of(self._input_shape, self._layers)[-1].input
        if not isinstance(layer, Convolution):
            raise TeacherError(f"{name}: averages over an image, but gets {_text(self._shape)}")
        weights, bias = self._crossbar()
        if any(sweep.padding):
            raise TeacherError(
                f"{name}: pads the sums of {_short(self._sum)} with zeros before their rectifier: leave out the"
                " padding, or rectify first"
            )
        kernels = to_image(weights.T, (image[0], *layer.kernel)).astype(np.float64)
        joined = self._joined(KernelSweep(kernels, layer.stride, layer.padding), sweep, image, name)
        self._layers[-1] = _convolution(joined, name)
        self._shape = self._below = shapes_of(self._input_shape, self._layers)[-1].output
        gain = np.full(len(bias), sweep.kernels.sum())
        self.notes.append(f"{_short(name)}: folded into {_short(self._sum)}")
        self._replace((_float32(kernel_rows(joined.kernels)), _float32(bias * gain)), name, tap)

    def _joined(self, first: KernelSweep, second: KernelSweep, image: ImageShape, name: str) -> KernelSweep:
        size = first.kernels.size * second.kernels.size
        _check_size(size // min(first.kernels[:, :, 0, 0].size, second.kernels[:, :, 0, 0].size), name)
        joined = folding.one_sweep(first, second, image)
        if joined is None:
            raise TeacherError(
                f"{name}: the padding between it and the pool has no place in one kernel, which would see the image"
                " there: let the pool's windows tile the image, or leave out the padding"
            )
        return joined

    def _synapses(self, layer: Any, crossbar: tuple[NDArray[Any], NDArray[Any]] | None, name: str, tap: str) -> None:
        if crossbar is not None:
            if not all(np.isfinite(array).all() for array in crossbar):
                raise TeacherError(f"{name}: its weights hold NaN or infinity: train the network again")
            crossbar = _float32(crossbar[0]), _float32(crossbar[1])
            if not all(np.isfinite(array).all() for array in crossbar):
                raise TeacherError(f"{name}: its weights are beyond 32-bit floats: scale the network down")
        try:
            [shape] = shapes_of(self._below, [layer])
        except ValueError as error:
            raise TeacherError(f"{name}: {str(error).partition(': ')[2]}") from None
        if max(shape.n_in, shape.n_out) > _MOST_NEURONS:
            raise TeacherError(f"{name}: has {max(shape.n_in, shape.n_out):,} values; at most {_MOST_NEURONS:,} fit")
        if self._waiting:
            self.notes.append(f"{', '.join(map(_short, self._waiting))}: folded into {_short(name)}")
        self._pool, self._affine, self._waiting, self._image = None, None, [], None
        self._shape = self._below = shape.output
        self._layers.append(layer)
        self._weights.append(crossbar)
        self._ceilings.append(None)
        self.taps.append(tap)

    def _replace(self, crossbar: Crossbar, name: str, tap: str) -> None:
        if not all(np.isfinite(array).all() for array in crossbar):
            raise TeacherError(f"{name}: holds NaN or infinity: train the network again")
        self._weights[-1], self.taps[-1], self._sum = crossbar, tap, name

    def _takes_an_image(self, name: str) -> None:
        if self._image is not None:
            raise TeacherError(f"{name}: takes an image, but gets {_text(self._shape)} in a row: leave out the Flatten")

    def _rectified_before(self, name: str) -> None:
        if self._sum is not None:
            raise TeacherError(
                f"{name}: follows {self._sum} with no rectifier between them, but every neuron of a chip rectifies: put"
                f" {self._words[0]} right after {self._sum}, or make one weighted sum of both"
            )

    def _crossbar(self) -> Crossbar:
        crossbar = self._weights[-1]
        assert crossbar is not None, "only pools have none, and they are no open sums"
        return crossbar


def _made(kind: Any, name: str, **settings: Any) -> Any:
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        what = first["loc"][0]
        raise TeacherError(f"{name}: {what} {settings[str(what)]}: {first['msg'].lower()}") from None


def _convolution(sweep: KernelSweep, name: str) -> Any:
    made = {"channels": len(sweep.kernels), "kernel": sweep.sides, "stride": sweep.stride, "padding": sweep.padding}
    return _made(Convolution, name, **made)


def _check_size(weights: int, name: str) -> None:
    if weights > _MOST_WEIGHTS:
        raise TeacherError(f"{name}: would become {weights:,} weights; at most {_MOST_WEIGHTS:,} are made of a pool")


def _rows(weights: NDArray[Any]) -> NDArray[Any]:
    """(units, channels, height, width) as (rows, columns)."""
    return np.ascontiguousarray(from_image(weights).T)


def _float32(values: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, np.float32)


def _check_arrays(weights: NDArray[np.float32], bias: NDArray[np.float32], dimensions: int, name: str) -> None:
    if weights.ndim != dimensions or weights.size == 0 or bias.shape != weights.shape[:1]:
        raise TeacherError(
            f"{name}: has weights {weights.shape} and biases {bias.shape}; weights have {dimensions} dimensions,"
            " outputs first, and there is a bias for each output"
        )


def _short(name: str | None) -> str:
    """Without the file."""
    return str(name).rpartition(": ")[2]


def _text(shape: ImageShape) -> str:
    return f"{shape[0]} values" if shape[1:] == (1, 1) else f"{shape[0]} channels of {shape[1]}x{shape[2]}"
