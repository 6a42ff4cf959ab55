"""Methods side by side on the same dies, data and seeds: accuracy, and what each of them takes.

Read `ask`, `training_cost`, `figures`, then `table`, `verdict` and `picture`.
"""
