"""Kernels that several processes have compiled live side by side in another one."""

import itertools
import multiprocessing
import subprocess
import sys

import pytest
from numba.core.bytecode import FunctionIdentity

_NUMBER = "import chipsim.simd; from numba.core.bytecode import FunctionIdentity as f; print(next(f._unique_ids))"


def test_no_two_processes_give_their_functions_the_same_numbers():
    numbers = [int(subprocess.check_output([sys.executable, "-c", _NUMBER])) for _ in range(2)]
    assert abs(numbers[0] - numbers[1]) > 1_000_000, "else one kernel's symbols would stand for another's"


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no process can be forked here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_nor_do_processes_that_were_forked():
    fork = multiprocessing.get_context("fork")
    reader, writer = fork.Pipe(duplex=False)
    child = fork.Process(target=lambda: writer.send(next(FunctionIdentity._unique_ids)))
    child.start()
    number = reader.recv()
    child.join()
    here = next(FunctionIdentity._unique_ids)
    assert abs(number - here) > 1_000_000
    assert isinstance(FunctionIdentity._unique_ids, itertools.count)
