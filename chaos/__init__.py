"""Kills, stops, floods and fills a whole installation under load, and then counts what is left. See docs/chaos.md."""
