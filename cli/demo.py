"""`plyr-appview demo`: the whole system on a simulated network, for those with none at hand."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.options import with_settings
from cli.process import end_in_peace
from cli.up import run_tree
from runtime import observe
from runtime.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(demo))


def demo(
    settings: Settings,
    *,
    seed: Annotated[int, typer.Option(help="Of the simulated world")] = 1,
    rate: Annotated[float, typer.Option(help="Writes of the simulated people [writes/s]", min=0.1, max=200)] = 5.0,
) -> None:
    """Run everything against a simulated network that lives, offline; what it indexed is thrown away at the end."""
    observe.configure_logging(settings.log_format, settings.log_level, "demo")
    data_dir = Path(tempfile.mkdtemp(prefix="plyr-demo-"))
    try:
        asyncio.run(_demo(settings, data_dir, seed, rate))
        end_in_peace()
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


async def _demo(settings: Settings, data_dir: Path, seed: int, rate: float) -> None:
    from simulator import Network, World  # noqa: PLC0415 - the other commands need not wait for it

    async with Network(World(seed)) as network:
        simulated = settings.model_copy(
            update={
                "data_dir": data_dir,
                "database_url": None,
                "relay_urls": (network.relay_url,),
                "directory_url": None,
                "plc_url": network.plc_url,
                "handle_resolver": network.handle_resolver_url,
                "trust_loopback": True,
            }
        )
        living = asyncio.create_task(network.run(rate))
        try:
            await run_tree(simulated)
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
