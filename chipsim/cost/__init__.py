"""What a run costs: counts, link, time, energy and area per sample, from the activity that the accuracy came with.

Read `counts`, `link`, `timing`, `energy`, `area`, then `report`, which puts them together.
"""

from chipsim.cost.counts import Activity
from chipsim.cost.summary import Cost, Phase, area_json, phase_cost

__all__ = ["Activity", "Cost", "Phase", "area_json", "phase_cost"]
