"""Ways to bring a network onto a die: one per file, listed in `names`, found by `registry.find`.

`METHODS.md` beside this file has their equations; `method.Method` is what each of them gives.
"""
