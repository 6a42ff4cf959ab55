"""A set of vectors as files: two of words, what they are, and the sizes of the array that they are for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from host.export.vectors.program import VectorProgram, fnv1a

FORMAT = "chipsim vectors 1"


def set_files(program: VectorProgram, about: str) -> dict[str, str]:
    """File name -> text. about: one line on where they come from."""
    words = {"stimulus": program.stimulus, "expected": program.expected}
    files = {f"{name}.hex": hex_text(each) for name, each in words.items()}
    layer = program.layer
    files["set.svh"] = (
        "// The array that these vectors are for.\n"
        f"`define SET_LAYER {layer.number}\n"
        f"`define SET_ROWS {layer.rows}\n"
        f"`define SET_COLUMNS {layer.columns}\n"
        f"`define SET_CODE_BITS {layer.code_bits}\n"
    )
    files["manifest.json"] = _manifest(program, about, words, files)
    return files


def hex_text(words: Sequence[int]) -> str:
    return "".join(f"{word:08x}\n" for word in words)


def _manifest(program: VectorProgram, about: str, words: dict[str, list[int]], files: dict[str, str]) -> str:
    """JSON; the lines of both files are such as the bench reads them."""
    facts = {
        "format": FORMAT,
        "about": about,
        "spec_hash": program.parameters.hash,
        "layer": asdict(program.layer),
        "circuit": asdict(program.parameters.circuit),
        "windows": program.windows,
        "steps": program.steps,
        "cases": program.cases,
        "word_bits": 32,
    }
    lines = [f" {json.dumps(name)}: {json.dumps(value)}," for name, value in facts.items()]
    for name, each in words.items():
        digest = hashlib.sha256(files[f"{name}.hex"].encode()).hexdigest()
        lines.append(f' "{name}": {{ "words": {len(each)}, "fnv1a": "{fnv1a(each):08x}", "sha256": "{digest}" }},')
    lines[-1] = lines[-1].removesuffix(",")
    return "{\n" + "\n".join(lines) + "\n}\n"
