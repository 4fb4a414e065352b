"""Published runs beside ours: the exact answer, and what every backend gives, digit by digit."""
