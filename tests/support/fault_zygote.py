"""A process that has all of chipsim in memory and forks: each child runs one command while something fails.

Reads jobs as lines of JSON on its standard input, answers `started` and `ended` (see `faults.py`). A worker that a
child spawns imports this file, too, so only what is light stands at its head.
"""

import contextlib
import ctypes
import gc
import io
import json
import os
import select
import sys
import warnings

_STANDARD = range(3)
NAMES = {"files": 1, "python": 2, "numpy": 3}
NEVER = 1 << 62


def warm_up(commands):
    """Run commands in this process, so that children find modules, kernels and fonts where they need them."""
    from host.cli import main

    for command in commands:
        kept = sys.stdout, sys.stderr, sys.unraisablehook, warnings.showwarning, os.getcwd()
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        sys.argv = ["chipsim", *command["arguments"]]
        os.chdir(command["folder"])
        try:
            main()
        except SystemExit as ending:
            status, said = ending.code, sys.stderr.getvalue()
        sys.stdout, sys.stderr, sys.unraisablehook, warnings.showwarning, folder = kept
        os.chdir(folder)
        if status:
            raise RuntimeError(said)


def next_job():
    """In a child: its job. The parent stays here until nobody has more jobs, and then ends."""
    running, buffer = set(), b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.002 if running else None)
        if ready:
            content = os.read(0, 1 << 20)
            if not content:
                os._exit(0)
            buffer += content
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            job = json.loads(line)
            if (pid := os.fork()) == 0:
                return job
            running.add(pid)
            answer({"started": pid})
        for pid in list(running):
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                running.discard(pid)
                answer({"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def answer(message):
    os.write(1, json.dumps(message).encode() + b"\n")


def place_of_numpy():
    """Where NumPy's machine code stands."""
    with open("/proc/self/maps") as maps:
        places = [line.split()[0].split("-") for line in maps if "_multiarray_umath" in line and " r-xp " in line]
    return int(places[0][0], 16), int(places[-1][1], 16)


def arm(fault, told):
    shim = ctypes.CDLL(None)
    shim.fault_arm.argtypes = [
        *(ctypes.c_int, ctypes.c_long, ctypes.c_long, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int),
        *(ctypes.c_void_p, ctypes.c_void_p),
    ]
    first = fault["n"] or NEVER
    last = NEVER if fault["lasting"] else first
    folders = "".join(f"{folder}:" for folder in fault["folders"]).encode()
    number, least = fault["number"], fault["least"]
    begins, ends = place_of_numpy() if fault["kind"] == "numpy" else (0, 0)
    shim.fault_arm(NAMES[fault["kind"]], first, last, number, least, folders, told, begins, ends)


def worker(text):
    """A call that does a worker's task and prints its result as JSON."""
    from host import sweep

    task = sweep.Task(**json.loads(text))
    sleep = ctypes.CDLL(None).fault_sleep  # looked up now, which takes memory

    def call():
        result, _ = sweep.run_task(task)
        sleep()
        sys.stdout.write(json.dumps(result._asdict(), default=str))

    return call


def main():
    begin = json.loads(os.read(0, 1 << 20))
    sys.path[:0] = begin["path"]
    warm_up(begin["warm"])
    for name in begin["modules"]:
        __import__(name)
    gc.collect()
    gc.freeze()  # children need not look through what they share
    answer({"ready": True})
    job = next_job()
    for number in _STANDARD:
        os.dup2(os.open(job["streams"][number], os.O_RDWR | os.O_CREAT, 0o644), number)
    told = os.open(job["told"], os.O_RDWR | os.O_CREAT, 0o644)
    os.closerange(told + 1, 64)
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    sys.argv = ["chipsim", *job["arguments"]]
    if job["arguments"][0] == "task":
        call = worker(job["arguments"][1])
    else:
        from host.cli import main as call
    fault = job["fault"]
    if fault is None:
        call()
        return
    shim = ctypes.CDLL(None)
    sleep, calls = shim.fault_sleep, shim.fault_calls
    try:
        with contextlib.suppress(MemoryError):  # the first allocation may be that of the answer
            arm(fault, told)
        call()
    finally:
        sleep()  # how Python takes itself down without memory is its own affair
        if not fault["n"]:
            os.write(told, str(calls()).encode())


if __name__ == "__main__":
    main()
