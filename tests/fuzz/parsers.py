"""All harnesses by name."""

import array_parsers
import frame_parsers
import model_parsers
import run_parsers
import text_parsers

HARNESSES = {
    harness.name: harness
    for room in (frame_parsers, array_parsers, model_parsers, text_parsers, run_parsers)
    for harness in room.HARNESSES
}
