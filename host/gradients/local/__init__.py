"""Local Tandem Learning through time on the host (Yang et al. 2022, arXiv 2210.04532, Eqs. 4 to 8).

Read `gradient` (one block of columns forward and backward), `adam`, then `twin` (all layers, learning batch by batch).
"""
