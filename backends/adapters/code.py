"""What code of somebody else is, and where it stands: so much goes to a process that is to run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: A Python file that is run; a pickled object; a shared library; a program of any language.
How = Literal["file", "object", "library", "command"]


@dataclass(frozen=True)
class BackendCode:
    """Code that is run as a backend.

    Attributes:
        how: What `where` is.
        where: A file's path, a pickle in Base64, or a command line.
        name: The function, the class or the symbol in it; empty where it is found by what is asked for.
        loss: The loss of which it gives the gradient, "mse" for (1/n) Σ r²; empty where nobody has said so. See
            `handgrad.backends.adapters.losses`.
        paths: Folders to import from, after all others.
        digest: Of the code, as far as it is known: another run of the same digest may go on with its measurements.
    """

    how: How
    where: str
    name: str = ""
    loss: str = ""
    paths: tuple[str, ...] = ()
    digest: str = ""
