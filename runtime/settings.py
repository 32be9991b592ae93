"""Every address and every limit of the system, in one table: name, default, unit, help.

A setting `relay_urls` is read from the environment variable `PLYR_RELAY_URLS`, or given as an option of the same
name on the command line, which wins. An unknown `PLYR_*` variable is an error, so that a typing mistake cannot
silently leave a default in force. Units stand in the help text in square brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "PLYR_"

RECORD_COLLECTIONS = (
    "fm.plyr.track",
    "fm.plyr.like",
    "fm.plyr.comment",
    "fm.plyr.list",
    "fm.plyr.actor.profile",
    "fm.teal.feed.play",
    "fm.teal.actor.profile",
    "fm.teal.actor.status",
    "fm.teal.actor.profileStatus",
    "fm.teal.alpha.feed.play",
    "fm.teal.alpha.actor.profile",
    "fm.teal.alpha.actor.status",
    "fm.teal.alpha.actor.profileStatus",
    "app.bsky.actor.profile",
)


class SettingsInvalid(ValueError):
    """A setting is unknown or has a value that cannot be used; the message names it and says what it takes."""


CommaSeparated = Annotated[tuple[str, ...], NoDecode]


def _field(default: Any, help_text: str, **bounds: Any) -> Any:
    return Field(default=default, description=help_text, **bounds)


class Settings(BaseSettings):
    """What is in force in this process. Frozen; made once, at the start, by the command line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", case_sensitive=False)

    # Where things are
    database_url: SecretStr | None = _field(None, "Postgres 15+ to use; unset: the embedded server under data_dir")
    read_database_url: SecretStr | None = _field(
        None, "Postgres for the read side; unset: database_url with the reader's role"
    )
    data_dir: Path = _field(Path("./data"), "folder for the embedded server, its socket and the metrics")
    relay_urls: CommaSeparated = _field(
        ("wss://relay1.us-east.bsky.network", "wss://relay1.us-west.bsky.network"),
        "relays (or single PDSes) to subscribe to, origins in order of preference, comma-separated",
    )
    jetstream_urls: CommaSeparated = _field(
        (), "Jetstreams (v2) to read in place of the relays, origins in order of preference, comma-separated; unsigned"
    )
    directory_url: str | None = _field(
        None, "collection directory for discovery (listReposByCollection); unset: the relay's host"
    )
    plc_url: str = _field("https://plc.directory", "PLC directory")
    handle_resolver: str | None = _field(
        None, "origin whose com.atproto.identity.resolveHandle is trusted; unset: DNS and HTTPS by ourselves"
    )
    listen: str = _field("127.0.0.1:3000", "address of the read API")
    admin_listen: str = _field("127.0.0.1:3001", "address of the operator's metrics")
    service_url: str | None = _field(
        None, "public URL of the read API; its host makes our did:web; unset: http://localhost:PORT of listen"
    )
    collections: CommaSeparated = _field(RECORD_COLLECTIONS, "collections to index, comma-separated")
    namespace: str = _field(
        "fm.plyr", "namespace read as fm.plyr (fm.plyr.stg on a staging instance); never mixes with others"
    )
    workers: int = _field(1, "server processes [processes]", ge=1, le=64)
    trust_loopback: bool = _field(
        False, "allow http and loopback for PDSes, PLC, relay and handles: tests and demo only"
    )
    log_format: Literal["text", "json"] = _field("text", "log lines for people or for machines")
    log_level: Literal["debug", "info", "warning", "error"] = _field("info", "least severe level that is logged")

    # Database
    db_pool_size: int = _field(8, "connections of the indexer's pool [connections]", ge=2, le=100)
    read_pool_size: int = _field(8, "connections of each server process's pool [connections]", ge=1, le=100)
    statement_timeout: float = _field(5.0, "longest that one read statement may run [s]", gt=0, le=300)
    db_connect_timeout: float = _field(10.0, "longest wait for a database connection [s]", gt=0, le=300)

    # Firehose
    frame_queue: int = _field(4_000, "frames held between socket and writer [frames]", ge=100, le=100_000)
    frame_queue_bytes: int = _field(64_000_000, "bytes held between socket and writer [bytes]", ge=6_000_000)
    frame_max_bytes: int = _field(5_500_000, "largest frame that is read [bytes]", ge=1_000_000)
    silence_timeout: float = _field(60.0, "a stream without a frame for this long is reconnected [s]", gt=0)
    reconnect_min: float = _field(0.5, "first pause before a reconnect [s]", gt=0)
    reconnect_max: float = _field(30.0, "longest pause before a reconnect [s]", gt=0)
    relay_retention: float = _field(
        259_200.0,
        "what relays and Jetstreams keep: after a longer absence every repo is compared with its host [s]",
        gt=0,
    )
    relay_jump: float = _field(
        300.0, "first frame so much later, or earlier, than the cursor: every repo is compared with its host [s]", gt=0
    )
    relay_return: float = _field(
        600.0, "a preferred relay that was silent or blind is tried again while another is read, after [s]", gt=0
    )
    batch_events: int = _field(500, "events written in one transaction at most [events]", ge=1, le=10_000)
    batch_delay: float = _field(0.05, "longest time of judging the events of one transaction [s]", ge=0, le=5)
    batch_delay_behind: float = _field(
        0.4, "the same, and the longest wait for a batch to fill, while the stream is two seconds ahead [s]", ge=0, le=5
    )
    cursor_interval: float = _field(1.0, "the cursor is stored at least this often while nothing is ours [s]", gt=0)
    status_interval: float = _field(5.0, "how often repos are counted, and accounts added elsewhere are seen [s]", gt=0)
    future_rev_tolerance: float = _field(300.0, "a rev further ahead of our clock is refused [s]", ge=0)

    # Verification bounds
    commit_max_blocks: int = _field(20_000, "blocks of a commit's CAR [blocks]", ge=100)
    commit_max_bytes: int = _field(5_000_000, "bytes of a commit's CAR [bytes]", ge=2_000_000)
    commit_max_ops: int = _field(1_000, "ops of one commit [ops]", ge=200)
    tree_max_depth: int = _field(64, "layers of a repo's tree [layers]", ge=16, le=128)
    repo_max_bytes: int = _field(1_000_000_000, "largest repo that is fetched [bytes]", ge=1_000_000)
    repo_max_records: int = _field(5_000_000, "records of one repo [records]", ge=1_000)
    record_max_bytes: int = _field(1_048_576, "largest record that is kept [bytes]", ge=100_000)

    # Sync queue
    sync_workers: int = _field(16, "repos being synced at once [repos]", ge=1, le=500)
    sync_processes: int = _field(1, "processes that verify what is fetched [processes]", ge=1, le=64)
    sync_lease: float = _field(15.0, "a repo whose worker died is free again after [s]", gt=1)
    sync_retry_min: float = _field(60.0, "first pause after a failed sync [s]", gt=0)
    sync_retry_max: float = _field(3_600.0, "longest pause after a failed sync [s]", gt=0)
    sync_poll: float = _field(1.0, "how often the queue is looked at when nothing wakes it [s]", gt=0)
    sync_chunk: int = _field(1_000, "records written in one transaction of a sync [records]", ge=100)
    resyncs_per_hour: int = _field(6, "resyncs that one repo may cause in an hour [syncs]", ge=1)
    buffered_events_per_repo: int = _field(1_000, "live events kept for one repo while it syncs [events]", ge=10)
    buffered_bytes_per_repo: int = _field(
        20_000_000, "bytes of live events kept for one repo while it syncs [bytes]", ge=6_000_000
    )
    buffered_bytes: int = _field(
        4_000_000_000,
        "bytes of live events kept for all repos that are to be fetched or identified [bytes]",
        ge=20_000_000,
    )
    confirm_interval: float = _field(
        21_600.0, "what a Jetstream told of a repo is confirmed by its host after [s]", gt=0
    )
    confirm_rate: float = _field(5.0, "repos fetched to confirm what a Jetstream told [repos/s]", gt=0, le=1_000)
    host_concurrency: int = _field(4, "requests at once to one PDS host [requests]", ge=1)
    host_rate: float = _field(10.0, "requests to one PDS host [requests/s]", gt=0)
    host_memory: int = _field(10_000, "hosts whose limits are remembered [hosts]", ge=100)
    discovery_interval: float = _field(3_600.0, "pause between two discoveries [s]", gt=0)
    discovery_page: int = _field(500, "repos asked for on one page of discovery [repos]", ge=1, le=2_000)
    dead_letter_max: int = _field(100_000, "records set aside at most [records]", ge=100)

    # Reindex
    reindex_chunk: int = _field(2_000, "raw records made anew in one transaction [records]", ge=1, le=100_000)
    reindex_writer_wait: float = _field(5.0, "longest that new tables wait for writers to finish, at a time [s]", gt=0)
    reindex_reader_wait: float = _field(0.5, "longest that new tables make readers wait, at a time [s]", gt=0, le=10)
    reindex_patience: float = _field(600.0, "how long new tables try to take the places of the old ones [s]", gt=0)

    # Verify
    verify_tries: int = _field(3, "looks at a repo that differs while it is being indexed [looks]", ge=1, le=100)
    verify_pause: float = _field(2.0, "pause between two looks at a repo that differs [s]", gt=0)
    verify_findings: int = _field(1_000, "differences listed at most; all are counted [differences]", ge=1)
    repair_patience: float = _field(600.0, "how long repos to be repaired are waited for [s]", gt=0)

    # Gaps
    compare_hosts: int = _field(8, "hosts whose repos are compared at once after a gap [hosts]", ge=1, le=100)
    compare_listing: int = _field(200, "a host with so many repos to compare is listed first [repos]", ge=20)
    compare_page: int = _field(500, "repos asked for on one page of a host's listing [repos]", ge=1, le=1_000)
    compare_grace: float = _field(10.0, "what a host has may still come through the stream for [s]", ge=0)
    compare_identities: int = _field(50, "identities resolved anew at once after a gap [identities]", ge=1)
    sample_rate: float = _field(6.0, "repos whose hosts are asked whether the relay misses something [repos/min]", gt=0)
    sample_delay: float = _field(120.0, "a commit that has not come for so long after it was made is missed [s]", gt=0)
    sample_blind: int = _field(
        5, "missed commits in a row, of several hosts, after which another relay is read [samples]", ge=1
    )

    # Identity
    identity_cache: int = _field(50_000, "DID documents held in memory [documents]", ge=100)
    identity_ttl: float = _field(3_600.0, "a DID document of somebody who signs in is good for [s]", gt=0)
    identity_negative_ttl: float = _field(60.0, "a failed resolution is remembered for [s]", gt=0)
    identity_refresh_min: float = _field(10.0, "least time between two forced refreshes of one DID [s]", ge=0)
    plc_rate: float = _field(50.0, "requests to the PLC directory [requests/s]", gt=0)
    plc_concurrency: int = _field(16, "requests at once to the PLC directory [requests]", ge=1)
    handle_recheck: float = _field(300.0, "a handle that did not resolve is asked for again after [s]", gt=0)

    # Outbound requests
    connect_timeout: float = _field(10.0, "outbound connection [s]", gt=0)
    first_byte_timeout: float = _field(30.0, "outbound: first byte of an answer [s]", gt=0)
    request_timeout: float = _field(30.0, "outbound: a whole small request [s]", gt=0)
    repo_speed_min: float = _field(
        10_000.0, "outbound: a repo that comes slower, after the time of a first byte, is given up [bytes/s]", ge=0
    )
    repo_timeout: float = _field(600.0, "outbound: a whole repo [s]", gt=0)
    small_body_max: int = _field(1_000_000, "outbound: largest small answer [bytes]", ge=10_000)
    redirects_max: int = _field(3, "outbound: redirects followed [redirects]", ge=0, le=10)

    # Read API
    requests_max: int = _field(1_000, "requests that one server process answers at once [requests]", ge=1)
    read_pool_wait: float = _field(5.0, "longest wait for a free connection of the read pool [s]", gt=0, le=60)
    cursor_max_bytes: int = _field(4_096, "longest cursor that is read [bytes]", ge=4_096)
    url_max_bytes: int = _field(16_384, "longest request line [bytes]", ge=1_024)
    answer_max_age: int = _field(2, "an answer that is the same for everybody may be kept for [s]", ge=0, le=60)
    answer_hold: float = _field(
        2.0, "an answer that is the same for everybody is held until what it shows changes, at most [s]", ge=0, le=2
    )
    answers_held: int = _field(10_000, "answers held by one server process, and views of single things [each]", ge=1)
    answers_held_bytes: int = _field(
        64_000_000, "... and their bytes, their shorter forms for HTTP included [bytes]", ge=1_000_000
    )
    rate_limit: int = _field(
        3_000, "requests of one client in a minute, to one process; 0: any number [requests]", ge=0
    )
    rate_clients: int = _field(50_000, "clients whose requests are counted [clients]", ge=100)
    trusted_proxies: CommaSeparated = _field(
        (), "addresses and networks of proxies whose X-Forwarded-For names the client, comma-separated"
    )
    viewer_wait: float = _field(5.0, "longest wait for the DID document of somebody who signs in [s]", gt=0, le=60)
    viewer_fetches: int = _field(32, "DID documents fetched at once for those who sign in [documents]", ge=1)
    viewer_documents: int = _field(5_000, "DID documents held of those who sign in [documents]", ge=100)
    viewer_tokens: int = _field(100_000, "service tokens remembered, so that each serves once [tokens]", ge=1_000)
    shutdown_grace: float = _field(
        9.0, "what is told to stop is ended by force after, Postgres included [s]", gt=0, le=60
    )
    restart_min: float = _field(0.5, "first pause before a part that died is started again [s]", gt=0)
    restart_max: float = _field(30.0, "longest pause before a part is started again [s]", gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then nothing: `load` passes the environment in, so that only the command line reads it."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @field_validator("relay_urls", "jetstream_urls", "collections", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ip_network(text)) for text in value)

    @field_validator("relay_urls")
    @classmethod
    def _relays_are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("names no relay")
        return tuple(_origin(url, ("wss", "ws")) for url in value)

    @field_validator("jetstream_urls")
    @classmethod
    def _jetstreams_are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(url, ("wss", "ws")) for url in value)

    @field_validator("directory_url", "plc_url", "handle_resolver", "service_url")
    @classmethod
    def _urls_are_origins(cls, value: str | None) -> str | None:
        return None if value is None else _origin(value, ("https", "http"))

    @field_validator("listen", "admin_listen")
    @classmethod
    def _listen_is_host_and_port(cls, value: str) -> str:
        if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}", value) or int(value.rsplit(":", 1)[1]) > 65_535:
            raise ValueError("must be HOST:PORT, like 127.0.0.1:3000")
        return value

    @model_validator(mode="after")
    def _plain_transport_needs_trust(self) -> Self:
        urls = (*self.relay_urls, *self.jetstream_urls, self.plc_url)
        plain = [url for url in urls if url.startswith(("ws://", "http://"))]
        if plain and not self.trust_loopback:
            raise ValueError(f"{plain[0]} is not encrypted; allowed only with PLYR_TRUST_LOOPBACK=true")
        return self

    @classmethod
    def load(cls, environ: Mapping[str, str], **overrides: Any) -> Self:
        """Settings from the variables of `environ` that begin with PLYR_ and from `overrides` that are not None.

        Raises SettingsInvalid, with one line per fault, for an unknown name or a bad value.
        """
        given: dict[str, Any] = {
            name[len(PREFIX) :].lower(): value for name, value in environ.items() if name.startswith(PREFIX)
        }
        unknown = sorted(set(given) - set(cls.model_fields))
        if unknown:
            names = ", ".join(PREFIX + name.upper() for name in unknown)
            raise SettingsInvalid(f"unknown setting: {names} (`plyr-appview settings` lists all)")
        given.update({name: value for name, value in overrides.items() if value is not None})
        try:
            return cls(**given)
        except ValidationError as fault:
            raise SettingsInvalid("\n".join(_explain(error) for error in fault.errors())) from None

    @property
    def public_url(self) -> str:
        """Origin under which clients reach the read API."""
        return self.service_url or f"http://localhost:{self.listen.rsplit(':', 1)[1]}"

    @property
    def service_did(self) -> str:
        """Our did:web, made of the public URL's host; a port, for localhost only, is written %3A."""
        parts = urlsplit(self.public_url)
        port = f"%3A{parts.port}" if parts.port and parts.hostname == "localhost" else ""
        return f"did:web:{parts.hostname}{port}"

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these settings (those that differ from the defaults)."""
        variables: dict[str, str] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value != field.default:
                variables[PREFIX + name.upper()] = _as_text(value)
        return variables

    def rows(self) -> list[tuple[str, str, str]]:
        """(variable, value, help) of every setting, secrets masked, in the order of the table."""
        return [
            (
                PREFIX + name.upper(),
                "********" if isinstance(value := getattr(self, name), SecretStr) else _as_text(value),
                field.description or "",
            )
            for name, field in type(self).model_fields.items()
        ]


def _origin(url: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"{url!r} must be an origin, like {schemes[0]}://example.com, without a path")
    return url.rstrip("/")


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return str(value)


def _explain(error: Mapping[str, Any]) -> str:
    name = PREFIX + str(error["loc"][0]).upper() + ": " if error["loc"] else ""
    return f"{name}{error['msg'].removeprefix('Value error, ')}"
