"""Many recordings into the store, unattended."""

from coach.batch.night import Batch, default_workers
from coach.batch.outcome import Event, Outcome, ingest
from coach.batch.recordings import Recording, recordings

__all__ = ["Batch", "Event", "Outcome", "Recording", "default_workers", "ingest", "recordings"]
