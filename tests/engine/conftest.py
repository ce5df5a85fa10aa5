"""What the engine's tests have in common."""

import pytest

from recommendations.engine.compiling import compile_all


@pytest.fixture(scope="session", autouse=True)
def _machine_code() -> None:
    """Tests that put plain functions in a module's place would else have others compiled from them."""
    compile_all()
