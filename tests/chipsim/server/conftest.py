"""Fixtures of the tests of host and chip as two processes."""

import pytest
from servers import serving


@pytest.fixture
def server():
    with serving() as running:
        yield running
