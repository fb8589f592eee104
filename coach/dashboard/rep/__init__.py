"""What reps see: their moments, calls, progress, notes."""
