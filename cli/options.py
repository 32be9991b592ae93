"""Every setting as an option of the same name: `PLYR_RELAY_URLS` is `--relay-urls`. Options win.

And what several commands take besides.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from protocol.syntax import Did, SyntaxInvalid
from runtime.settings import PREFIX, Settings


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Turn `command(settings, ...)` into one that takes every setting as an option beside its own options."""
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.name != "settings"
    ]

    @wraps(command)
    def run(**options: Any) -> None:
        given = {name: options.pop(name) for name in Settings.model_fields}
        command(Settings.load(os.environ, **given), **options)

    parameters = own + [_option(name, field.description or "") for name, field in Settings.model_fields.items()]
    run.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportAttributeAccessIssue]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def a_did(text: str) -> Did:
    """The DID that an argument names."""
    try:
        return Did.parse(text)
    except SyntaxInvalid as fault:
        raise typer.BadParameter(f"{text!r} is not a DID") from fault


def _option(name: str, help_text: str) -> inspect.Parameter:
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=f"{help_text} ({PREFIX}{name.upper()})",
        show_default=False,
        rich_help_panel="Settings",
        metavar="VALUE",
    )
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
    )
