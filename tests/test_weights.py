"""Weights are used only if they are what was published."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from coach import weights
from coach.calls import InputError
from coach.listen import whisper_base

PARTS = [weights.package_file(*part) for part in whisper_base.PARTS]


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    small = [tmp_path / "model.part1", tmp_path / "model.part2"]
    for path, content in zip(small, (b"one", b"two"), strict=True):
        path.write_bytes(content)
    return small


ONE_TWO = "25b6746d5172ed6352966a013d93ac846e1110d5a25e8f183b5931f4688842a1"


def test_parts_are_checked_joined(parts: list[Path]) -> None:
    assert weights.verified(ONE_TWO, *parts) == parts[0]
    with pytest.raises(InputError, match="damaged or altered"):
        weights.verified(ONE_TWO, *reversed(parts))


def test_a_flipped_byte_is_refused(parts: list[Path]) -> None:
    parts[1].write_bytes(b"twp")
    with pytest.raises(InputError, match=f"{parts[0]}: damaged or altered"):
        weights.verified(ONE_TWO, *parts)


def test_a_missing_part_is_named(parts: list[Path]) -> None:
    parts[1].unlink()
    with pytest.raises(InputError, match=f"{parts[1]}: this weight file is missing"):
        weights.verified(ONE_TWO, *parts)


def test_a_conversion_is_made_once_and_checked_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONE_COACH_CACHE", str(tmp_path / "cache"))
    made = []

    def convert(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"onetwo")

    path = weights.converted("model.bin", ONE_TWO, convert)
    assert weights.converted("model.bin", ONE_TWO, convert) == path
    assert len(made) == 1
    path.write_bytes(b"oneTwo")
    with pytest.raises(InputError, match="damaged or altered"):
        weights.converted("model.bin", ONE_TWO, convert)


def test_an_altered_whisper_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    altered = bytearray(PARTS[1].read_bytes())
    altered[1000] ^= 1
    (tmp_path / "model.bin.part2").write_bytes(altered)
    files = iter([PARTS[0], tmp_path / "model.bin.part2"])
    monkeypatch.setattr(whisper_base, "package_file", lambda *_: next(files))
    with pytest.raises(InputError, match="damaged or altered"):
        whisper_base._joined()


def test_whisper_base_is_converted_to_the_last_bit() -> None:
    variables = whisper_base.read_ctranslate2(b"".join(part.read_bytes() for part in PARTS))
    state = load_file(whisper_base.checkpoint())
    assert len(state) == 245
    assert torch.equal(state["decoder.token_embedding.weight"], variables["decoder/embeddings/weight"])
    joined = variables["encoder/layer_5/self_attention/linear_0/weight"]
    names = ("query", "key", "value")
    assert torch.equal(torch.cat([state[f"encoder.blocks.5.attn.{name}.weight"] for name in names]), joined)
