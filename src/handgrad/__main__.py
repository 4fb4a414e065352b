"""`python -m handgrad`, and the `handgrad` command."""

from __future__ import annotations

from handgrad.cli import main

if __name__ == "__main__":
    main()
