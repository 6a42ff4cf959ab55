"""Gradients through time of spiking networks, from what a chip did rather than from what a model of it would do.

Read `model`, `thresholds`, `backward`, `gradient`, `loss`, in this order; their steps are of
`host.gradients.local.adam`.
"""
