"""What team leads see: what is shared with them, coaching, agreement."""
