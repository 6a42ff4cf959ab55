"""Networks of norse, whose neurons are reset to zero."""

from collections.abc import Callable
from functools import partial
from typing import Any

import nir
import norse.torch as norse
import torch
from spiking import VECTOR, Spiking, dense, how
from torch import nn


def _norse(parts: Callable[[], list[nn.Module]], x: torch.Tensor, dt: float) -> tuple[nir.NIRGraph, torch.Tensor]:
    module, state, total = norse.SequentialState(*parts()), None, torch.zeros(())
    fires = not isinstance(module[-1], norse.LIBoxCell)
    with torch.no_grad():
        for step in x:
            out, state = module(step, state)
            total = total + out if fires else out
        return norse.to_nir(module, x[0][:1], dt=dt), total


def _box(cell: Any, **parameters: float) -> nn.Module:
    kind = norse.LIFBoxParameters if cell is norse.LIFBoxCell else norse.LIBoxParameters
    tensors = {name: torch.tensor([value]) for name, value in ({"v_leak": 0.0} | parameters).items()}
    return cell(kind(tau_mem_inv=torch.tensor([100.0]), **tensors), dt=1e-3)


NETWORKS = {
    "norse_iaf": Spiking(
        VECTOR,
        how(1.0, "euler", "zero"),
        partial(
            _norse,
            lambda: [dense(20, 16, 3), norse.IAFCell(), dense(16, 6, 4), norse.IAFCell()],
            dt=1.0,
        ),
    ),
    "norse_lif_box": Spiking(
        VECTOR,
        how(1e-6, "euler", "zero"),
        partial(
            _norse,
            lambda: [
                dense(20, 16, 30),
                _box(norse.LIFBoxCell, v_th=1.0),
                dense(16, 6, 40),
                _box(norse.LIFBoxCell, v_th=1.0),
            ],
            dt=1e-3,
        ),
    ),
    "norse_li_at_the_end": Spiking(
        VECTOR,
        how(1e-6, "euler", "zero"),
        partial(
            _norse,
            lambda: [dense(20, 16, 30), _box(norse.LIFBoxCell, v_th=1.0), dense(16, 6, 40), _box(norse.LIBoxCell)],
            dt=1e-3,
        ),
    ),
}
