"""Keeps the users of a simplejwt-edge gateway equal to those of this Django project."""

__version__ = "0.2.0"
