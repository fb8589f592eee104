"""Stored calls as files for other programs. What is not for the viewer's eyes is in none of them."""

from coach.export.files import FORMATS, export

__all__ = ["FORMATS", "export"]
