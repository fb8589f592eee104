"""Who gets in, and what the admins decide."""
