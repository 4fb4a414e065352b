"""A policy file: how many points there are, and how many a mistake leaves.

points = 10             # for a file that is right
named = 0.5             # the share of a wrong block's points where the mistake has a name
unknown = 0.0           # and where it has none

[mistakes]              # by key, as `handgrad check --json` has them
two-missing = 0.8

[functions]             # what a file must define, with points; in place of `points`
gradient = 6
step = 4
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from handgrad.compare.results.files import read_bytes
from handgrad.compare.results.grades.graded import Policy
from handgrad.data.errors import DataError

#: Bytes that a policy may have.
LARGEST_FILE = 2**20


class PolicyError(ValueError):
    """A policy file that cannot be followed; the message names the file and what is expected."""


def read_policy(path: Path) -> Policy:
    """The policy of a TOML file; what it leaves out is as in `Policy`.

    Raises:
        PolicyError: If it is no such file, holds names that a policy does not have, or shares outside of 0 to 1.
    """
    try:
        values = tomllib.loads(read_bytes(path, LARGEST_FILE).decode())
        unknown = sorted(set(values) - set(Policy.__dataclass_fields__))
        if unknown:
            raise ValueError(f"expected {', '.join(Policy.__dataclass_fields__)}; got {unknown[0]}")
        policy = msgspec.convert(values, Policy)
    except DataError as error:  # of reading the file, which it names
        raise PolicyError(str(error)) from None
    except RecursionError:
        raise PolicyError(f"{path}: it is nested too deep") from None
    except ValueError as error:  # those of TOML, UTF-8 and msgspec among them
        raise PolicyError(f"{path}: {' '.join(str(error).split())[:300]}") from None
    _check(path, policy)
    return policy


def _check(path: Path, policy: Policy) -> None:
    for name, share in {"named": policy.named, "unknown": policy.unknown, **policy.mistakes}.items():
        if not 0 <= share <= 1:
            raise PolicyError(f"{path}: {name}: expected a share from 0 to 1, got {share:g}")
    for name, points in {"points": policy.points, **policy.functions}.items():
        if not 0 < points < 1e6:
            raise PolicyError(f"{path}: {name}: expected points above 0, got {points:g}")
