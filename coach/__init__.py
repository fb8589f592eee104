"""Tone Coach: shows service reps where their tone gives them away."""

import os

__version__ = "0.1.0"

# Without it, torch's small operations wait at barriers on a busy machine and transcription takes four times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
