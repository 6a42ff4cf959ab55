"""The host computer: data, encoders, teachers, learning on the chip, run folders, plots, command line.

As a library, begin with ``host.run.resolve`` and ``host.run.run`` (see examples/library_use.py). Nothing is imported
here, so that ``chipsim --help`` answers at once.

Its rooms from top to bottom; each may import those below it as far as its page says, and none above it:

    cli         the commands, a file each; `cli/text`: what they print
    bench       how fast all this is, against the machine's own limit
    report      HTML pages of a sweep or a run
    compare     training methods side by side
    studies     questions about many dies: yield, limits, sensitivity
    sweep       grids of settings and dies, workers, a database
    plots       pictures of a run, a trace, a timeline
    trace       signals of chosen neurons as waveforms
    run         one run from settings to result, and its folder
    methods     ways to bring a network onto a die
    gradients   gradients through time: within a layer, and through all of them
    training    the loop that shows samples, checks, and keeps the best state
    teachers    the network to follow, from wherever it comes
    data        samples, and how they become input events
    link        what crosses the wire to a chip, and a chip at its other end
    terminal    what a person sees while something goes on
    settings    everything that can be set: data alone, no work

Below them lie `errors.py`, `near.py`, `stored_arrays.py` and `files.py`, and the whole of `chipsim`; every room may use
the faces of `nonideality` and `learning_circuit`. What a run asks of its die it asks through `chipsim.ChipInterface`,
so that the die may be behind a wire; ideal chips and twins are always in this process. Who needs the inside of
`chipsim` says so on its page.
"""
