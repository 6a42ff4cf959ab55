"""Gradients through time, computed on the host, for the methods that learn there.

    local/         within each layer, towards its own targets (Local Tandem Learning, offline)
    in_the_loop/   through all layers, from spikes and membranes that a die showed

Each has its equations in its files. May know: what its rooms say. Never a method, a run or a folder.
"""
