"""Cross-talk: the other side heard faintly on a channel (an echo, a loud earpiece). It must not count as speech there.

What leaks is the other channel's own sound: later by a fixed lag, weaker, and correlated with it. People who talk at
the same time are not correlated, however faint one of them is.
"""

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import resample_poly

RATE = 8_000  # telephone band is enough
SPAN = 2048  # samples compared at a time: 256 ms
EARLIEST, LATEST = -400, 4000  # lags searched: from 50 ms before the other channel to 500 ms after it
FAINTER = 0.5  # at least 6 dB below the other channel
ALIKE = 0.35  # normalised correlation, where voices of two people stay under 0.2 at one fixed lag
EVERY = 3  # frames: spans overlap, so that not each needs a look
NEAR = 13  # frames around a sure leak that fall with it


def leaks(block: np.ndarray, before: np.ndarray | None, speech: np.ndarray, frame: int) -> np.ndarray:
    """Which frames of each channel hold only the other side.

    Parameters
    ----------
    block, before
        This block and the one before it, float32 (channels, samples) at 16 kHz.
    speech
        Bool (channels, frames): where speech is heard at all.
    frame
        Samples in a frame, at 16 kHz.
    """
    found = np.zeros_like(speech)
    if len(block) != 2:
        return found
    context = np.zeros((2, 2 * LATEST)) if before is None else before[:, -2 * LATEST :]
    context = np.pad(context, ((0, 0), (2 * LATEST - context.shape[1], 0)))
    after = np.zeros((2, 2 * SPAN + frame - 2 * EARLIEST))
    sound = resample_poly(np.concatenate([context, block, after], axis=1), 1, 2, axis=1)
    for here in (0, 1):
        found[here] = _leaks_into(sound[here], sound[1 - here], speech[here], frame // 2)
    return found


def _leaks_into(here: np.ndarray, there: np.ndarray, speech: np.ndarray, frame: int) -> np.ndarray:
    """`here` and `there` begin LATEST samples before the first frame."""
    starts = LATEST + np.arange(len(speech)) * frame + frame // 2 - SPAN // 2
    loud_here, loud_there = _level(here)[starts + SPAN // 2], _level(there)
    loud_there = maximum_filter1d(loud_there[:: frame // 2], 2 * LATEST // frame + 1)[
        (starts + SPAN // 2) // (frame // 2)
    ]
    faint = loud_here < FAINTER * loud_there
    at = np.flatnonzero(faint & speech & (np.arange(len(speech)) % EVERY == 0))
    if not at.size:
        return np.zeros_like(speech)
    likeness, gain = _likeness(here, there, starts[at])
    lag = int(np.abs(likeness).mean(axis=0).argmax())
    near = slice(max(0, lag - 8), lag + 9)
    sure = np.zeros(len(speech))
    sure[at] = (np.abs(likeness[:, near]).max(axis=1) > ALIKE) & (gain[:, lag] < FAINTER)
    return faint & (maximum_filter1d(sure, NEAR) > 0)


def _level(sound: np.ndarray) -> np.ndarray:
    return np.sqrt(uniform_filter1d(sound**2, SPAN) + 1e-12)


def _likeness(here: np.ndarray, there: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normalised cross-correlation (spans, lags) with the other channel, and how loud `here` is beside it."""
    here, there = np.diff(here, prepend=0), np.diff(there, prepend=0)  # else the pitch alone looks alike
    lags = LATEST - EARLIEST + 1
    span = here[starts[:, None] + np.arange(SPAN)]
    other = there[np.maximum(starts[:, None] - LATEST + np.arange(SPAN + lags - 1), 0)]
    size = 1 << int(SPAN + lags - 1).bit_length()
    spectrum = np.fft.rfft(other, size) * np.fft.rfft(span, size).conj()
    product = np.fft.irfft(spectrum, size)[:, :lags][:, ::-1]
    energy = np.cumsum(np.pad(other**2, ((0, 0), (1, 0))), axis=1)
    energy = (energy[:, SPAN:] - energy[:, :-SPAN])[:, :lags][:, ::-1]
    own = (span**2).sum(axis=1, keepdims=True)
    return product / np.sqrt(own * energy + 1e-12), np.sqrt(own / (energy + 1e-12))
