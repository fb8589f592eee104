from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Labelled calls and real recordings that are not part of the project."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared, which is not part of the project")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "samples" / "calls"


@pytest.fixture(scope="session")
def labelled() -> Path:
    """The labelled calls that the tone model is trained on: `train.jsonl` and `dev.jsonl`."""
    return ROOT / "data" / "service_calls"
