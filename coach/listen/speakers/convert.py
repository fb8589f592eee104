"""The published weights as safetensors: no code in them, half the size, nothing to compute at load time.

    python -m coach.listen.speakers.convert FOLDER [OUT]

FOLDER holds pyannote's `pytorch_model.bin` (segmentation-3.0) and 3D-Speaker's `campplus_cn_en_common.pt`. Then put the
new SHA-256 into `coach/listen/speakers/__init__.py`.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.torch_version import TorchVersion

from coach.listen.speakers.embedding import BLOCKS
from coach.weights import MODELS

State = dict[str, torch.Tensor]
LOWEST, NARROWEST = 50.0, 50.0  # Hz: of SincNet's filters, as pyannote trained them


def segmentation(state: State) -> State:
    """The filters as they are convolved with, in place of their edges; the rest as it is."""
    bank = "sincnet.conv1d.0.filterbank."
    filters = sinc_filters(*(state[bank + name] for name in ("low_hz_", "band_hz_", "n_", "window_")))
    return {name: x for name, x in state.items() if not name.startswith(bank)} | {"sincnet.filters": filters}


def sinc_filters(low: torch.Tensor, band: torch.Tensor, times: torch.Tensor, window: torch.Tensor) -> torch.Tensor:
    """Band-pass filters, cosine then sine, (80, 1, 251) (Ravanelli and Bengio 2018; asteroid's ParamSincFB)."""
    low = LOWEST + low.abs()
    high = (low + NARROWEST + band.abs()).clamp(LOWEST, 8000)
    width = high - low
    even = ((high @ times).sin() - (low @ times).sin()) / (times / 2) * window
    odd = ((low @ times).cos() - (high @ times).cos()) / (times / 2) * window
    cosine = torch.cat([even, 2 * width, even.flip(1)], dim=1)
    sine = torch.cat([odd, 0 * width, -odd.flip(1)], dim=1)
    return (torch.cat([cosine, sine]) / torch.cat([2 * width, 2 * width]))[:, None]


def embedding(state: State) -> State:
    """Batch norms become a scale and a shift, and part of the layer before them where there is one."""
    out: State = {}
    for i in ("1", "2"):
        out |= _folded(state, f"head.conv{i}", f"head.bn{i}", f"head.conv{i}")
    for part in ("head.layer1.0", "head.layer1.1", "head.layer2.0", "head.layer2.1"):
        for i in ("1", "2"):
            out |= _folded(state, f"{part}.conv{i}", f"{part}.bn{i}", f"{part}.conv{i}")
        if f"{part}.shortcut.0.weight" in state:
            out |= _folded(state, f"{part}.shortcut.0", f"{part}.shortcut.1", f"{part}.shortcut")
    out |= _folded(state, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", "tdnn")
    for block, (layers, _) in enumerate(BLOCKS, start=1):
        for layer in range(layers):
            out |= _dense(state, f"xvector.block{block}.tdnnd{layer + 1}", f"block{block}.{layer}")
        out |= _normal(state, f"xvector.transit{block}.nonlinear.batchnorm", f"transit{block}")
        out |= {f"transit{block}.linear.weight": state[f"xvector.transit{block}.linear.weight"]}
        out |= {f"transit{block}.linear.bias": torch.zeros(len(state[f"xvector.transit{block}.linear.weight"]))}
    out |= _folded(state, "xvector.transit3.linear", "xvector.out_nonlinear.batchnorm", "transit3.linear")
    out |= _folded(state, "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm", "dense")
    return out | {"dense.weight": out["dense.weight"][..., 0]}


def _dense(state: State, name: str, to: str) -> State:
    out = _normal(state, f"{name}.nonlinear1.batchnorm", to)
    out |= _folded(state, f"{name}.linear1", f"{name}.nonlinear2.batchnorm", f"{to}.linear")
    out |= {f"{to}.local.weight": state[f"{name}.cam_layer.linear_local.weight"]}
    parts = [(i, kind) for i in ("1", "2") for kind in ("weight", "bias")]
    return out | {f"{to}.context{i}.{kind}": state[f"{name}.cam_layer.linear{i}.{kind}"] for i, kind in parts}


def _scale_and_shift(state: State, norm: str) -> tuple[torch.Tensor, torch.Tensor]:
    mean, variance = (state[f"{norm}.running_{name}"].double() for name in ("mean", "var"))
    scale = state.get(f"{norm}.weight", torch.ones(1)) / (variance + 1e-5).sqrt()
    return scale, state.get(f"{norm}.bias", torch.zeros(1)) - mean * scale


def _normal(state: State, norm: str, to: str) -> State:
    scale, shift = _scale_and_shift(state, norm)
    return {f"{to}.scale": scale[:, None].float(), f"{to}.bias": shift[:, None].float()}


def _folded(state: State, layer: str, norm: str, to: str) -> State:
    scale, shift = _scale_and_shift(state, norm)
    weight = state[f"{layer}.weight"]
    wide = scale.reshape(-1, *[1] * (weight.ndim - 1))
    return {f"{to}.weight": (weight * wide).float(), f"{to}.bias": shift.float()}


def read_pyannote(path: Path) -> State:
    """The state dict of a Lightning checkpoint; what else is pickled in it is read without its code."""
    names = ("Specifications", "Problem", "Resolution")
    known = [(type(name, (_Ignored,), {}), f"pyannote.audio.core.task.{name}") for name in names]
    with torch.serialization.safe_globals([TorchVersion, *known]):
        return torch.load(path, weights_only=True)["state_dict"]


class _Ignored:
    def __init__(self, *_) -> None: ...

    def __setstate__(self, _) -> None: ...


def main(folder: str, out: str = str(MODELS / "speakers")) -> None:
    published = Path(folder)
    voices = torch.load(published / "campplus_cn_en_common.pt", weights_only=True)
    found = {
        "segmentation.safetensors": segmentation(read_pyannote(published / "pytorch_model.bin")),
        "embedding.safetensors": embedding(voices),
    }
    for name, state in found.items():
        save_file({key: x.detach().half().contiguous() for key, x in state.items()}, Path(out) / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
