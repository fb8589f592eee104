"""Whose voice it is: CAM++ speaker embeddings in plain torch (Wang et al. 2023, arXiv 2303.00332; 3D-Speaker's model).

`convert` has folded each batch norm into the layer before it, where there is one.
"""

import kaldi_native_fbank
import numpy as np
import torch
from torch.nn import functional

from coach.audio import RATE

SIZE = 192
SEGMENT = 100  # frames whose mean is a layer's near context
BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation


def fbank(sound: np.ndarray) -> np.ndarray:
    """80 log mel bands each 10 ms, as Kaldi computes them; float32 (frames, 80). `sound` is at 16 kHz, -1 to 1."""
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.samp_freq = RATE
    options.mel_opts.num_bins = 80
    computer = kaldi_native_fbank.OnlineFbank(options)
    computer.accept_waveform(RATE, sound)
    computer.input_finished()
    frames = [computer.get_frame(i) for i in range(computer.num_frames_ready)]
    return np.stack(frames) if frames else np.zeros((0, 80), np.float32)


class Embedding:
    """A voice as 192 numbers, read from `fbank` features of it (frames, 80)."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        self.weights = weights

    @torch.inference_mode()
    def read(self, features: torch.Tensor) -> torch.Tensor:
        """What is heard of the voice each 20 ms: (512, frames / 2)."""
        x = self._head((features - features.mean(dim=0)).T[None, None])
        x = functional.conv1d(x, *self._of("tdnn"), stride=2, padding=2).relu()
        for block, (layers, dilation) in enumerate(BLOCKS, start=1):
            for layer in range(layers):
                x = torch.cat([x, self._dense(x, f"block{block}.{layer}", dilation)], dim=1)
            x = functional.conv1d(self._normal(x, f"transit{block}"), *self._of(f"transit{block}.linear"))
        return x[0].relu()

    @torch.inference_mode()
    def voice(self, read: torch.Tensor) -> torch.Tensor:
        """The embedding (192) of all or a part of what was `read`, two frames at least."""
        return functional.linear(torch.cat([read.mean(dim=1), read.std(dim=1)]), *self._of("dense"))

    def _head(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.conv2d(x, *self._of("head.conv1"), padding=1).relu()
        for layer in ("head.layer1", "head.layer2"):
            x = self._residual(self._residual(x, f"{layer}.0", 2), f"{layer}.1", 1)
        return functional.conv2d(x, *self._of("head.conv2"), stride=(2, 1), padding=1).relu().flatten(1, 2)

    def _residual(self, x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        y = functional.conv2d(x, *self._of(f"{name}.conv1"), stride=(stride, 1), padding=1).relu()
        y = functional.conv2d(y, *self._of(f"{name}.conv2"), padding=1)
        past = x if stride == 1 else functional.conv2d(x, *self._of(f"{name}.shortcut"), stride=(stride, 1))
        return (y + past).relu()

    def _dense(self, x: torch.Tensor, name: str, dilation: int) -> torch.Tensor:
        x = functional.conv1d(self._normal(x, name), *self._of(f"{name}.linear")).relu()
        near = functional.avg_pool1d(x, SEGMENT, ceil_mode=True).repeat_interleave(SEGMENT, dim=2)[..., : x.shape[2]]
        context = functional.conv1d(x.mean(2, keepdim=True) + near, *self._of(f"{name}.context1")).relu()
        mask = functional.conv1d(context, *self._of(f"{name}.context2")).sigmoid()
        return functional.conv1d(x, self.weights[f"{name}.local.weight"], padding=dilation, dilation=dilation) * mask

    def _normal(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return torch.addcmul(self.weights[f"{name}.bias"], x, self.weights[f"{name}.scale"]).relu()

    def _of(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
