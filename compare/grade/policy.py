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

from handgrad.compare.results.grades.graded import Policy


class PolicyError(ValueError):
    """A policy file that cannot be followed; the message names the file and what is expected."""


def read_policy(path: Path) -> Policy:
    """The policy of a TOML file; what it leaves out is as in `Policy`.

    Raises:
        PolicyError: If it is no such file, holds names that a policy does not have, or shares outside of 0 to 1.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = sorted(set(values) - set(Policy.__dataclass_fields__))
        if unknown:
            raise ValueError(f"expected {', '.join(Policy.__dataclass_fields__)}; got {unknown[0]}")
        policy = msgspec.convert(values, Policy)
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:  # those of TOML, UTF-8 and msgspec among them
        raise PolicyError(f"{path}: {error}") from None
    _check(path, policy)
    return policy


def _check(path: Path, policy: Policy) -> None:
    for name, share in {"named": policy.named, "unknown": policy.unknown, **policy.mistakes}.items():
        if not 0 <= share <= 1:
            raise PolicyError(f"{path}: {name}: expected a share from 0 to 1, got {share:g}")
    for name, points in {"points": policy.points, **policy.functions}.items():
        if not 0 < points < 1e6:
            raise PolicyError(f"{path}: {name}: expected points above 0, got {points:g}")
