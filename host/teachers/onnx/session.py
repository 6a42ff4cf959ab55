"""Runs an ONNX model on the host with onnxruntime and reads any of its values.

One thread and one sample at a time: a sample's bits then cannot depend on how many cores there are or on who else is
in the chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host.errors import TeacherError
from host.teachers.packages import optional


def data_inputs(model: Any) -> list[Any]:
    """The graph's inputs; files of old list constants there, too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


class Session:
    """A model from which the values named in `outputs` are read."""

    def __init__(self, model: Any, outputs: Sequence[str], source: str) -> None:
        """model: an onnx.ModelProto that gives them. Raises TeacherError if onnxruntime refuses it."""
        runtime = optional("onnxruntime", "a teacher from an ONNX file")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what goes wrong is raised
        self._outputs = list(outputs)
        self._input = data_inputs(model)[0].name
        self._source = source
        try:
            self._session = runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's classes share no base of their own
            raise TeacherError(f"{source}: onnxruntime refuses it: {_brief(error)}; export it again") from None

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs of each sample, (S, ...); values: (S, ...) as the model takes them, S above 0."""
        samples = [self._one(values[number : number + 1]) for number in range(len(values))]
        return [np.concatenate(each) for each in zip(*samples, strict=True)]

    def _one(self, sample: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        try:
            return list(self._session.run(self._outputs, {self._input: sample}))
        except Exception as error:
            raise TeacherError(f"{self._source}: onnxruntime cannot run it: {_brief(error)}; export it again") from None


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:200]}..."
