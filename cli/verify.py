"""`plyr-appview verify`: compare repos with the index, and mend what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.options import a_did, with_settings
from cli.process import run_once
from cli.progress import Bar
from cli.tables import json_line, plain, table
from protocol.syntax import Did
from runtime import db
from runtime.db import Pool
from runtime.settings import Settings

if TYPE_CHECKING:
    from indexer.audit import Report, Subject
    from indexer.verify import VerifyLimits
    from protocol.fetch import Fetcher

DIFFERS = 1
UNCHECKED = 3
# Of repos that could not be compared so many are named.
UNCHECKED_SHOWN = 20

WORDS: Final = {
    "missing": "not in the index",
    "different": "another version",
    "extra": "not in the repo",
    "corrupt": "bytes are not its CID's",
    "head": "another head",
    "refused": "does not verify",
    "status": "the host has it no more",
}


class Choice(NamedTuple):
    """Whose repos: one of the three."""

    dids: list[Did]
    sample: int
    everybody: bool


@dataclass
class Outcome:
    """What one round found; reports of repos that differ have their findings as far as they are shown."""

    equal: int = 0
    set_aside: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    differing: list[Report] = field(default_factory=list["Report"])
    unchecked: int = 0
    reasons: list[str] = field(default_factory=list[str])
    shown: int = 0

    @property
    def compared(self) -> int:
        return self.equal + len(self.differing)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_settings(verify))


def verify(  # noqa: PLR0913 - its options
    settings: Settings,
    *,
    dids: Annotated[list[str] | None, typer.Argument(metavar="DID...", help="Whose repos", show_default=False)] = None,
    sample: Annotated[int, typer.Option(metavar="N", help="So many repos, by chance", min=0, show_default=False)] = 0,
    everybody: Annotated[bool, typer.Option("--all", help="Every repo")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Fetch again what differs, and compare again")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each repo, for scripts")] = False,
) -> None:
    """Fetch repos from their hosts and compare them with the index, record by record.

    Ends with 0 when all are equal, with 1 when any differs (still, after a repair), with 3 when some could not be
    compared.
    """
    choice = Choice([a_did(did) for did in dids or ()], sample, everybody)
    if sum(map(bool, choice)) != 1:
        raise typer.BadParameter("give DIDs, or --sample N, or --all")
    code = run_once("verify", settings, lambda dsn: _verify(settings, dsn, choice, repair=repair, as_json=as_json))
    raise typer.Exit(code)


async def _verify(settings: Settings, dsn: str, choice: Choice, *, repair: bool, as_json: bool) -> int:
    from indexer import audit, outbound  # noqa: PLC0415 - `--help` need not wait for them
    from indexer.instance import claim  # noqa: PLC0415
    from indexer.limits import verify_limits  # noqa: PLC0415
    from indexer.namespaces import wire_names  # noqa: PLC0415
    from indexer.repair import is_indexed  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        pool = await db.writer_pool(
            dsn, size=settings.db_pool_size, connect_timeout=settings.db_connect_timeout, name="plyr-appview verify"
        )
        stack.push_async_callback(pool.close)
        async with pool.acquire() as connection:
            await claim(connection, settings.namespace)
            indexed = await is_indexed(connection)
        fetcher = await stack.enter_async_context(outbound.fetcher(settings))
        rounds = Rounds(
            settings,
            pool,
            fetcher,
            verify_limits(settings, wire_names(settings.collections, settings.namespace)),
            indexed,
        )
        if choice.everybody:
            subjects, total = audit.everybody(pool), await audit.count_everybody(pool)
        elif choice.sample:
            subjects, total = audit.some(pool, choice.sample), choice.sample
        else:
            subjects, total = audit.named(pool, choice.dids), len(choice.dids)
        return await rounds.run(subjects, total, repair=repair, as_json=as_json)


class Rounds:
    """Compare; and, to repair, have what differs fetched again, and compare that."""

    def __init__(self, settings: Settings, pool: Pool, fetcher: Fetcher, limits: VerifyLimits, indexed: bool) -> None:
        self._settings = settings
        self._pool = pool
        self._fetcher = fetcher
        self._limits = limits
        self._indexed = indexed

    async def run(self, subjects: AsyncIterator[Subject], total: int, *, repair: bool, as_json: bool) -> int:
        """The exit code."""
        from indexer.audit import named  # noqa: PLC0415

        first = last = await self._compare(subjects, total, as_json=as_json)
        if not as_json:
            _say(first, "")
        if repair and first.differing:
            left = await self._repair(first.differing)
            if left:
                typer.echo(f"{left:,} repos were not fetched in time: their turn will come", err=True)
            dids = [report.subject.did for report in first.differing]
            last = await self._compare(named(self._pool, dids), len(dids), as_json=as_json, repaired=True)
            if not as_json:
                _say(last, "after the repair: ")
        if last.differing:
            return DIFFERS
        return UNCHECKED if first.unchecked or last.unchecked else 0

    async def _compare(
        self, subjects: AsyncIterator[Subject], total: int, *, as_json: bool, repaired: bool = False
    ) -> Outcome:
        from indexer.audit import Auditor  # noqa: PLC0415

        tries = self._settings.verify_tries if self._indexed else 1
        auditor = Auditor(self._settings, self._pool, self._fetcher, self._limits, tries)
        outcome, done = Outcome(), 0
        with Bar("repos") as bar:

            def note(report: Report) -> None:
                nonlocal done
                done += 1
                if as_json:
                    typer.echo(_line(report, repaired=repaired))
                _count(outcome, report, 0 if as_json else self._settings.verify_findings)
                bar.show(done, total)

            await auditor.run(subjects, note)
        return outcome

    async def _repair(self, reports: list[Report]) -> int:
        """How many could not be waited for."""
        from indexer import repair  # noqa: PLC0415

        ordered = await repair.order(self._pool, reports)
        with Bar("repos") as bar:

            def show(left: int) -> None:
                bar.show(len(ordered) - left, len(ordered), "repairing")

            if self._indexed:
                return await repair.wait(self._pool, ordered, self._settings.repair_patience, show)
            return await repair.work_until(self._settings, self._pool, self._fetcher, self._limits, ordered, show)


def _count(outcome: Outcome, report: Report, most: int) -> None:
    outcome.set_aside += report.set_aside
    if report.unchecked:
        outcome.unchecked += 1
        if len(outcome.reasons) < UNCHECKED_SHOWN:
            outcome.reasons.append(f"{report.subject.did}: {report.unchecked}")
    elif report.differs:
        outcome.counts += report.counts
        outcome.differing.append(report)
        report.findings = report.findings[: max(0, most - outcome.shown)]
        outcome.shown += len(report.findings)
    else:
        outcome.equal += 1


def _line(report: Report, *, repaired: bool) -> str:
    """One repo, for scripts."""
    shown = {
        "did": report.subject.did,
        "result": "unchecked" if report.unchecked else "different" if report.differs else "equal",
        "reason": report.unchecked,
        "host": report.origin,
        "state": report.state,
        "repaired": repaired,
        "set_aside": report.set_aside,
        "counts": report.counts,
        "differences": [finding._asdict() for finding in report.findings],
    }
    return json_line(shown)


def _say(outcome: Outcome, prefix: str) -> None:
    console = Console()
    if outcome.differing:
        console.print(_table(outcome))
    hidden = sum(outcome.counts.values()) - outcome.shown
    if hidden:
        console.print(f"... and {hidden:,} more")
    for reason in outcome.reasons:
        console.print(Text(f"not compared: {plain(reason)}"))
    what = ", ".join(f"{count:,} {WORDS[kind]}" for kind, count in outcome.counts.most_common())
    console.print(
        f"{prefix}{outcome.compared:,} {_repos(outcome.compared)} compared, {outcome.equal:,} equal,"
        f" {len(outcome.differing):,} differ"
        + (f" ({what})" if what else "")
        + (f"; {outcome.unchecked:,} could not be compared" if outcome.unchecked else "")
        + (f"; {outcome.set_aside:,} records are set aside, knowingly" if outcome.set_aside else "")
    )


def _table(outcome: Outcome) -> Table:
    return table(
        ("repo", "path", "difference", "in the index", "at the host"),
        (
            (report.subject.did, finding.path, WORDS[finding.kind], finding.stored, finding.held)
            for report in outcome.differing
            for finding in report.findings
        ),
    )


def _repos(number: int) -> str:
    return "repo" if number == 1 else "repos"
