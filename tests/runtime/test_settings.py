"""Settings: one table, and nothing unknown."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from runtime.settings import Settings, SettingsInvalid


def test_an_unknown_variable_is_named() -> None:
    with pytest.raises(SettingsInvalid, match="unknown setting: PLYR_RELAY_URL "):
        Settings.load({"PLYR_RELAY_URL": "wss://relay.example"})


def test_variables_of_others_are_no_business_of_ours() -> None:
    assert Settings.load({"HOME": "/home/somebody"}) == Settings.load({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLYR_LISTEN", "3000"),
        ("PLYR_LISTEN", "127.0.0.1:99999"),
        ("PLYR_RELAY_URLS", "https://relay.example"),
        ("PLYR_RELAY_URLS", "wss://relay.example/xrpc"),
        ("PLYR_RELAY_URLS", ""),
        ("PLYR_PLC_URL", "plc.directory"),
        ("PLYR_BATCH_EVENTS", "many"),
        ("PLYR_BATCH_EVENTS", "0"),
    ],
)
def test_a_bad_value_is_an_error_that_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        Settings.load({name: value})


def test_plain_transport_needs_trust_in_loopback() -> None:
    given = {"PLYR_RELAY_URLS": "ws://127.0.0.1:2584"}
    with pytest.raises(SettingsInvalid, match="PLYR_TRUST_LOOPBACK"):
        Settings.load(given)
    assert Settings.load({**given, "PLYR_TRUST_LOOPBACK": "true"}).relay_urls == ("ws://127.0.0.1:2584",)


def test_an_option_wins_over_the_environment() -> None:
    assert Settings.load({"PLYR_WORKERS": "2"}, workers="3", listen=None).workers == 3


def test_secrets_are_masked_where_settings_are_shown_and_whole_where_they_are_handed_on() -> None:
    settings = Settings.load({"PLYR_DATABASE_URL": "postgresql://u:secret@h/d"})
    assert "secret" not in str(settings.rows())
    assert "secret" not in repr(settings)
    assert settings.environment()["PLYR_DATABASE_URL"] == "postgresql://u:secret@h/d"


def test_a_child_process_gets_the_same_settings() -> None:
    settings = Settings.load(
        {
            "PLYR_RELAY_URLS": "ws://localhost:1,ws://localhost:2",
            "PLYR_TRUST_LOOPBACK": "true",
            "PLYR_BATCH_DELAY": "0.01",
            "PLYR_LISTEN": "[::1]:4000",
        }
    )
    assert Settings.load(settings.environment()) == settings


@pytest.mark.parametrize(
    ("given", "did"),
    [
        ({}, "did:web:localhost%3A3000"),
        ({"service_url": "https://appview.example"}, "did:web:appview.example"),
        ({"listen": "127.0.0.1:4100"}, "did:web:localhost%3A4100"),
    ],
)
def test_the_public_host_makes_our_did(given: dict[str, str], did: str) -> None:
    assert Settings.load({}, **given).service_did == did


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings.load({}).workers = 2  # pyright: ignore[reportAttributeAccessIssue]
