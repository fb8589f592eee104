"""Where somebody speaks, per channel: silero-vad's probabilities, less what is only the other side heard faintly."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch
from scipy.signal import resample_poly
from torch.nn import functional

from coach.audio import RATE
from coach.listen.crosstalk import leaks
from coach.listen.stretches import STEPS, levels, tight

FRAME = 512  # samples at 16 kHz that silero-vad judges at a time: 32 ms
THRESHOLD = 0.35  # kept all speech of telephone calls, in the model's 8 kHz mode
PAD = 0.2  # seconds kept before and after, so that no soft first or last sound is lost
PAUSE = 0.1
SHORTEST = 0.1
LONGEST = 28.0  # a stretch must fit one of Whisper's windows; longer ones are cut at their longest pause


@dataclass(frozen=True, slots=True)
class Speech:
    """`regions[channel]` is padded speech (first, last sample at 16 kHz) to transcribe, with `leaked` frames muted.

    `stretches[channel]` are when speech is heard, to the hundredths of a second: start and end in seconds.
    """

    regions: list[list[tuple[int, int]]]
    leaked: np.ndarray
    stretches: list[list[tuple[float, float]]] = field(default_factory=list)


def find_speech(blocks: Iterable[np.ndarray], progress: Callable[[int], None] = lambda _: None) -> Speech:
    """Listen through a recording once. Blocks hold whole frames, except for the last; 25 bytes a frame are kept."""
    probabilities, leaked, loudness, samples = [], [], [], 0
    detector, before = Detector(), None
    for block in blocks:
        heard = detector(block)
        probabilities.append(heard)
        leaked.append(leaks(block, before, heard > THRESHOLD, FRAME))
        loudness.append(levels(block, FRAME))
        before = block
        samples += block.shape[1]
        progress(samples)
    if not probabilities:
        return Speech([], np.zeros((0, 0), bool))
    leak = np.concatenate(leaked, axis=1)
    speech = np.where(leak, 0.0, np.concatenate(probabilities, axis=1))
    level = np.where(np.repeat(leak, STEPS, axis=1), -100.0, np.concatenate(loudness, axis=1))
    stretches = [tight(channel, heard) for channel, heard in zip(speech, level, strict=True)]
    return Speech([_regions(channel, samples) for channel in speech], leak, stretches)


def _regions(probabilities: np.ndarray, samples: int) -> list[tuple[int, int]]:
    from silero_vad import get_speech_timestamps_from_probs

    found = get_speech_timestamps_from_probs(
        probabilities.tolist(),
        sampling_rate=RATE,
        threshold=THRESHOLD,
        min_speech_duration_ms=int(SHORTEST * 1000),
        max_speech_duration_s=LONGEST,
        min_silence_duration_ms=int(PAUSE * 1000),
        speech_pad_ms=int(PAD * 1000),
        audio_length_samples=samples,
    )
    return [(int(region["start"]), int(region["end"])) for region in found]


class Detector:
    """silero-vad's 8 kHz model over many frames at once: the same numbers as frame by frame, many times faster.

    Channels are judged apart, and what was heard before is kept from call to call.
    """

    CONTEXT, FRAME = 32, FRAME // 2  # samples at 8 kHz

    def __init__(self) -> None:
        self.weights = _weights()
        self.memory = torch.nn.LSTM(128, 128)
        self.memory.load_state_dict(
            {
                f"{name}_l0": self.weights[f"decoder.rnn.{name}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
        )
        self.before: torch.Tensor | None = None
        self.state: tuple[torch.Tensor, torch.Tensor] | None = None

    @torch.inference_mode()
    def __call__(self, block: np.ndarray) -> np.ndarray:
        """P(speech), (channels, frames), of a block at 16 kHz; only the last block may end within a frame."""
        half = torch.from_numpy(resample_poly(block, 1, 2, axis=1).astype(np.float32))
        half = functional.pad(half, (0, -len(half[0]) % self.FRAME))
        before = torch.zeros(len(half), self.CONTEXT) if self.before is None else self.before
        self.before = half[:, -self.CONTEXT :]
        pieces = torch.cat([before, half], dim=1).unfold(1, self.CONTEXT + self.FRAME, self.FRAME)
        features = self._features(pieces.reshape(-1, 1, self.CONTEXT + self.FRAME))
        memory, self.state = self.memory(features.reshape(*pieces.shape[:2], -1).transpose(0, 1), self.state)
        weight, bias = (self.weights[f"decoder.decoder.2.{name}"] for name in ("weight", "bias"))
        return torch.sigmoid(memory.relu() @ weight[0] + bias)[..., 0].T.numpy()

    def _features(self, pieces: torch.Tensor) -> torch.Tensor:
        spectrum = functional.conv1d(
            functional.pad(pieces, (0, self.CONTEXT), mode="reflect"),
            self.weights["stft.forward_basis_buffer"],
            stride=2 * self.CONTEXT,
        )
        real, imaginary = spectrum.chunk(2, dim=1)
        features = torch.hypot(real, imaginary)
        for layer, stride in enumerate((1, 2, 2, 1)):
            weight, bias = (self.weights[f"encoder.{layer}.reparam_conv.{name}"] for name in ("weight", "bias"))
            features = functional.conv1d(features, weight, bias, stride=stride, padding=1).relu()
        return features


@cache
def _weights() -> dict[str, torch.Tensor]:
    threads = torch.get_num_threads()
    from silero_vad import load_silero_vad

    torch.set_num_threads(threads)  # silero-vad sets it to 1 on import
    return load_silero_vad()._model_8k.state_dict()
