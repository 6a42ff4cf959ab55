"""How training stands, which snapshot stays, and how the rate follows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from chipsim import Snapshot
from chipsim.design import short_repr

CHECKS = 20  # validations, and checkpoints, in a run


_BACK_OFF = 0.5  # the rate's factor after a check that came out clearly worse than the best, which is then restored


_CLEARLY = 3.0  # standard errors of the validation accuracy


# Standard errors within which a later snapshot is as good as the best: the one-standard-error rule (Breiman, Friedman,
# Olshen and Stone 1984, section 3.4.3), "later" in the place of "simpler". The start has no privilege: a few hundred
# validation samples prove no repair of a mildly bad die, which would then stay worse than one that is bad enough.
_AS_GOOD = 1.0


_Count = Annotated[int, Field(ge=0, lt=2**63)]


@dataclass(frozen=True)
class Check:
    """One row of metrics.csv."""

    presentations: int
    epoch: float
    learning_rate: float
    validation_accuracy: float
    repaired: int  # validation samples that were wrong at the start and are correct now
    broken: int  # and the other way round
    weight_updates: int
    synaptic_events: int


class _Facts(TypedDict):
    """What `Progress.facts` says, as others may have changed it."""

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)  # type: ignore[misc]
    n_valid: Annotated[int, Field(ge=1, lt=2**63)]
    presentations: _Count
    rate_factor: Annotated[float, Field(gt=0, le=1)]
    checks: list[Check]
    activity: dict[str, list[_Count]]
    host_macs: Annotated[int, Field(ge=0)]


_FACTS: TypeAdapter[Any] = TypeAdapter(_Facts)


@dataclass
class Progress:
    """All that decides how training goes on, besides the spec: what a checkpoint holds."""

    __repr__ = short_repr

    n_valid: int  # validation samples, which set how exact a check is
    presentations: int = 0
    rate_factor: float = 1.0
    checks: list[Check] = field(default_factory=list)
    activity: dict[str, list[int]] = field(
        default_factory=dict
    )  # CHIP_EVENTS name -> per layer, the die's while learning
    host_macs: int = 0  # multiply-accumulates of the host for what has been learned
    current: Snapshot = field(default_factory=dict)
    candidates: dict[int, Snapshot] = field(default_factory=dict)  # check number -> snapshot that may yet be kept
    right_at_start: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))  # (n_valid,)

    def facts(self) -> dict[str, Any]:
        """Everything but the arrays, for JSON."""
        return {
            "n_valid": self.n_valid,
            "presentations": self.presentations,
            "rate_factor": self.rate_factor,
            "checks": [dict(vars(check)) for check in self.checks],
            "activity": self.activity,
            "host_macs": self.host_macs,
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        named: dict[str, NDArray[Any]] = {f"current/{name}": array for name, array in self.current.items()}
        named["right_at_start"] = self.right_at_start
        for number, snapshot in self.candidates.items():
            named |= {f"{number}/{name}": array for name, array in snapshot.items()}
        return named

    @staticmethod
    def load(arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> Progress:
        """From what `facts` and `arrays` gave. Raises KeyError, ValueError of one line, if it is no such thing."""
        try:
            checked = _FACTS.validate_json(json.dumps(facts), strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        progress = Progress(**checked, right_at_start=arrays.pop("right_at_start"))
        for name, array in arrays.items():
            owner, _, key = name.partition("/")
            target = progress.current if owner == "current" else progress.candidates.setdefault(int(owner), {})
            target[key] = array
        progress._check()
        return progress

    def _check(self) -> None:
        """Raises ValueError if its parts do not belong together."""
        right = self.right_at_start
        if right.shape not in ((0,), (self.n_valid,)) or right.dtype != np.bool_:
            raise ValueError(f"right_at_start is not of {self.n_valid} samples")
        if not all(0 <= check.validation_accuracy <= 1 for check in self.checks):
            raise ValueError("a validation accuracy is no number from 0 to 1")
        if len({len(counts) for counts in self.activity.values()}) > 1:
            raise ValueError("activity is not of the same layers throughout")
        if not self.candidates.keys() <= set(range(len(self.checks))):
            raise ValueError("a snapshot is of a check that there was not")
        if self.checks and self.kept() not in self.candidates:
            raise ValueError(f"the snapshot of check {self.kept()} is missing")

    def adopt(self, other: Progress) -> None:
        """Stand where `other` stands."""
        vars(self).update(vars(other))

    def standard_error(self) -> float:
        """Of the best validation accuracy so far, a binomial fraction."""
        best = max(check.validation_accuracy for check in self.checks)
        return float(np.sqrt(max(best * (1 - best), 1 / self.n_valid) / self.n_valid))

    def kept(self) -> int:
        """Number of the check whose snapshot stays: the latest one as good as the best, the start among them."""
        enough = self._enough()
        return max(number for number, check in enumerate(self.checks) if check.validation_accuracy >= enough)

    def _enough(self) -> float:
        """The validation accuracy from which a snapshot is as good as the best."""
        return max(check.validation_accuracy for check in self.checks) - _AS_GOOD * self.standard_error()

    def add(self, check: Check) -> None:
        """Record a check of the current snapshot, steer the rate, drop snapshots that can never be kept."""
        self.checks.append(check)
        self.candidates[len(self.checks) - 1] = self.current
        accuracies, enough = [each.validation_accuracy for each in self.checks], self._enough()
        # Out of the race: not as good as the best, or a later one is at least its equal.
        self.candidates = {
            number: snapshot
            for number, snapshot in self.candidates.items()
            if accuracies[number] >= enough and accuracies[number] > max(accuracies[number + 1 :], default=-1.0)
        }
        if check.validation_accuracy < max(accuracies) - _CLEARLY * self.standard_error():
            # The rate was too high: back to the best (the latest of equals), and on with smaller steps.
            self.rate_factor *= _BACK_OFF
            best = max(range(len(accuracies)), key=lambda number: (accuracies[number], number))
            self.current = self.candidates[best]
