"""Kernels that several processes have compiled live side by side in another one."""

import subprocess
import sys

_NUMBER = "import chipsim.simd; from numba.core.bytecode import FunctionIdentity as f; print(next(f._unique_ids))"


def test_no_two_processes_give_their_functions_the_same_numbers():
    numbers = [int(subprocess.check_output([sys.executable, "-c", _NUMBER])) for _ in range(2)]
    assert abs(numbers[0] - numbers[1]) > 1_000_000, "else one kernel's symbols would stand for another's"
