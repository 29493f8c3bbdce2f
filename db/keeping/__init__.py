"""Keeping a store safe: backups and their restoration."""
