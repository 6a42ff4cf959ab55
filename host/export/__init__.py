"""What of a chip leaves for other tools: `spice`, a neuron and its synapses as a deck for ngspice."""
