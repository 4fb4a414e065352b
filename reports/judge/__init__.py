"""A judgement of somebody's function, in words."""
