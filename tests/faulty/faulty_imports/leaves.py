"""Ends the program."""

import sys

sys.exit("good bye")
