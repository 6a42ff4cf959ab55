"""How training stands, which snapshot stays, and how the rate follows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsim import Snapshot

CHECKS = 20  # validations, and checkpoints, in a run


_BACK_OFF = 0.5  # the rate's factor after a check that came out clearly worse than the best, which is then restored


_CLEARLY = 3.0  # standard errors of the validation accuracy


_FIXED = 1.5  # standard errors of the paired difference to the start that prove a fix


_AS_GOOD = 0.5  # standard errors within which a later snapshot is preferred to the best


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


@dataclass
class Progress:
    """All that decides how training goes on, besides the spec: what a checkpoint holds."""

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
    keeps_start: bool = True  # whether the start stays where no repair is proven, as on a die; else it is one of many

    def facts(self) -> dict[str, Any]:
        """Everything but the arrays, for JSON."""
        facts = {} if self.keeps_start else {"keeps_start": False}
        return {
            **facts,
            "n_valid": self.n_valid,
            "presentations": self.presentations,
            "rate_factor": self.rate_factor,
            "checks": [asdict(check) for check in self.checks],
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
        checks = [Check(**check) for check in facts["checks"]]
        progress = Progress(**{**facts, "checks": checks, "right_at_start": arrays.pop("right_at_start")})
        for name, array in arrays.items():
            owner, _, key = name.partition("/")
            target = progress.current if owner == "current" else progress.candidates.setdefault(int(owner), {})
            target[key] = array
        return progress

    def adopt(self, other: Progress) -> None:
        """Stand where `other` stands."""
        vars(self).update(vars(other))

    def standard_error(self) -> float:
        """Of the best validation accuracy so far, a binomial fraction."""
        best = max(check.validation_accuracy for check in self.checks)
        return float(np.sqrt(max(best * (1 - best), 1 / self.n_valid) / self.n_valid))

    def kept(self) -> int:
        """Number of the check whose snapshot stays: the latest one as good as the best.

        The start stays, though, if no later one is better by more than _FIXED standard errors of the paired
        difference: what is not known to be broken is not fixed.
        """
        if self.keeps_start and not any(
            c.repaired - c.broken > _FIXED * np.sqrt(c.repaired + c.broken) for c in self.checks
        ):
            return 0
        accuracies = [check.validation_accuracy for check in self.checks]
        enough = max(accuracies) - _AS_GOOD * self.standard_error()
        return max(number for number, accuracy in enumerate(accuracies) if accuracy >= enough)

    def add(self, check: Check) -> None:
        """Record a check of the current snapshot, steer the rate, drop snapshots that can never be kept."""
        self.checks.append(check)
        self.candidates[len(self.checks) - 1] = self.current
        accuracies = [each.validation_accuracy for each in self.checks]
        enough = max(accuracies) - _AS_GOOD * self.standard_error()
        # Out of the race, the start excepted: not as good as the best, or a later one is at least its equal.
        self.candidates = {
            number: snapshot
            for number, snapshot in self.candidates.items()
            if number == 0
            or (accuracies[number] >= enough and accuracies[number] > max(accuracies[number + 1 :], default=-1.0))
        }
        if check.validation_accuracy < max(accuracies) - _CLEARLY * self.standard_error():
            # The rate was too high: back to the best (the latest of equals), and on with smaller steps.
            self.rate_factor *= _BACK_OFF
            best = max(range(len(accuracies)), key=lambda number: (accuracies[number], number))
            self.current = self.candidates[best]
