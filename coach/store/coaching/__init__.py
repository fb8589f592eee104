"""Coaching sessions, and what a lead sees of a team."""
