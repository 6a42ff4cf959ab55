"""Gradients through time, computed on the host, for the methods that learn there.

    surrogates     what stands in for the derivative of a spike
    backward       the way back through one step of a layer's neurons, for all of the following
    torch_windows  the way forward of networks with layers on images, by PyTorch, for autograd to go back
    local/         within each layer, towards its own targets (Local Tandem Learning, offline)
    all_layers/    through all layers of a network, from what it showed
    in_the_loop/   the same from spikes and membranes that a die showed
    through_time/  the same on the host's own twin, leaks and thresholds learned, too

Each has its equations in its files. May know: what its rooms say. Never a method, a run or a folder.
"""
