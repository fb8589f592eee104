"""Who may sign in, and who has."""
