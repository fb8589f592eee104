"""Who speaks when, within ten seconds: pyannote segmentation-3.0, in plain torch.

SincNet filters, four bidirectional LSTM layers and a classifier over the sets of three speakers, two of them at once
(Plaquet and Bredin 2023, arXiv 2310.13025). The speakers of one window are not yet those of the next.
"""

import torch
from torch.nn import functional

WINDOW = 160_000  # samples at 16 kHz
STEP = 270  # samples between frames: 16.9 ms
CENTRE = 495  # samples from a window's start to the middle of what its first frame sees
FRAMES = 589  # of a window
# a window has three speakers at most, two of them at once
POWERSET = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]])


class Segmentation:
    """Log-probabilities of the sets of speakers in POWERSET, (windows, frames, 7), in windows of 10 s (16 kHz)."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        self.weights = weights
        self.memory = torch.nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True)
        self.memory.load_state_dict({k.removeprefix("lstm."): v for k, v in weights.items() if k.startswith("lstm.")})

    @torch.inference_mode()
    def __call__(self, windows: torch.Tensor) -> torch.Tensor:
        states, _ = self.memory(self._sincnet(windows[:, None]).transpose(1, 2))
        for layer in ("linear.0", "linear.1"):
            states = functional.leaky_relu(functional.linear(states, *self._of(layer)))
        return functional.linear(states, *self._of("classifier")).log_softmax(-1)

    def _sincnet(self, sound: torch.Tensor) -> torch.Tensor:
        sound = self._normal(sound, "sincnet.wav_norm1d")
        bands = functional.conv1d(sound, self.weights["sincnet.filters"], stride=10).abs()
        bands = functional.leaky_relu(self._normal(functional.max_pool1d(bands, 3), "sincnet.norm1d.0"))
        for i in (1, 2):
            bands = functional.max_pool1d(functional.conv1d(bands, *self._of(f"sincnet.conv1d.{i}")), 3)
            bands = functional.leaky_relu(self._normal(bands, f"sincnet.norm1d.{i}"))
        return bands

    def _normal(self, x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = self._of(name)
        return functional.instance_norm(x, weight=weight, bias=bias)

    def _of(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
