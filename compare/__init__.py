"""Runs backends side by side and judges them: computes, never prints."""
