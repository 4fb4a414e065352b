"""`handgrad backends`: what is there, with versions, and how to get what is not."""

from __future__ import annotations

import typer

from handgrad.commands.shared.options import Json
from handgrad.commands.shared.output import print_json


def backends(json_output: Json = False) -> None:
    """List the backends. With versions, and how to get those that are not installed."""
    from handgrad.backends.catalogue import catalogue

    rows = [
        {
            "name": entry.name,
            "gradient": entry.kind,
            "summary": entry.summary,
            "available": entry.reason() is None,
            "version": entry.version(),
            "reason": entry.reason(),
            "compared_by_default": entry.by_default,
        }
        for entry in catalogue().values()
    ]
    if json_output:
        print_json(rows)
        return
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        state = row["version"] or "built in" if row["available"] else "not installed"
        typer.echo(f"{row['name']:<{width}}  {row['gradient']:<8}  {state:<13}  {row['summary']}")
        if not row["available"]:
            typer.echo(f"{'':<{width}}  {str(row['reason']).partition(': ')[2]}")
