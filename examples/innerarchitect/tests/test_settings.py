"""Settings come from variables or files, and mistakes are told in one sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from innerarchitect import datadir
from innerarchitect.environment import SettingsError
from innerarchitect.settings import load
from tests.support import SECRET_KEY

POSTGRESQL = {"DATABASE_URL": "postgresql://u:hush-hush@db/x", "SECRET_KEY": SECRET_KEY}


def test_defaults_with_a_server_database() -> None:
    settings = load(POSTGRESQL)
    assert settings.database_url == "postgresql+psycopg://u:hush-hush@db/x"
    assert (settings.port, settings.web_workers, settings.app_version) == (8000, 2, "dev")
    assert (settings.auto_migrate, settings.cookie_secure) == (False, True)
    assert settings.session_idle_seconds == 900
    assert settings.notice is None


def test_embedded_defaults_keep_their_secret(tmp_path: Path) -> None:
    first, second = (load({"DATA_DIR": str(tmp_path / "data")}) for _ in range(2))
    assert first == second
    assert first.database_url == f"sqlite:///{tmp_path}/data/innerarchitect.db"
    assert (first.auto_migrate, first.cookie_secure) == (True, False)
    assert len(first.secret_key) == 64
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "data") == ["secret_key"]


def test_without_a_data_volume_a_private_temporary_directory_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datadir, "DEFAULT", tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = load({})
    directory = tmp_path / f"innerarchitect-{os.getuid()}"
    assert settings.database_url == f"sqlite:///{directory}/innerarchitect.db"
    assert settings.notice is not None and "may be lost" in settings.notice
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    directory.chmod(0o777)
    with pytest.raises(SettingsError, match="not a private directory"):
        load({})


def test_a_file_gives_the_value_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET_KEY + "\n")
    (tmp_path / "url").write_text("postgres://u:p@db/x\r\n")
    settings = load(
        {"SECRET_KEY_FILE": str(tmp_path / "key"), "DATABASE_URL_FILE": str(tmp_path / "url")}
    )
    assert settings.secret_key == SECRET_KEY
    assert settings.database_url == "postgresql+psycopg://u:p@db/x"


def test_empty_variables_count_as_not_set(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET_KEY)
    path = str(tmp_path / "key")
    settings = load(POSTGRESQL | {"SECRET_KEY": "", "SECRET_KEY_FILE": path, "PORT": ""})
    assert (settings.secret_key, settings.port) == (SECRET_KEY, 8000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY (or SECRET_KEY_FILE) is required"),
        ({"SECRET_KEY": "hush-hush"}, "SECRET_KEY must have at least 32 characters"),
        ({"SECRET_KEY_FILE": "/x"}, "SECRET_KEY and SECRET_KEY_FILE are both set"),
        ({"REDIS_URL_FILE": "/missing/file"}, "REDIS_URL_FILE: cannot read /missing/file"),
        ({"REDIS_URL_FILE": "/dev/null"}, "REDIS_URL_FILE: /dev/null is empty"),
        ({"REDIS_URL": "http://hush-hush"}, "REDIS_URL must start with"),
        ({"DATABASE_URL": "mysql://u:hush-hush@db/x"}, "DATABASE_URL must start with"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL must start with"),
        ({"PORT": "http"}, "PORT must be a whole number from 1 to 65535, not 'http'"),
        ({"PORT": "0"}, "PORT must be a whole number"),
        ({"PORT": "9" * 5000}, "PORT must be a whole number"),
        ({"WEB_WORKERS": "-1"}, "WEB_WORKERS must be a whole number"),
        ({"AUTO_MIGRATE": "maybe"}, "AUTO_MIGRATE must be true or false, not 'maybe'"),
        ({"DATABASE_URL": "", "DATA_DIR": "/dev/null/x"}, "DATA_DIR: cannot create"),
    ],
)
def test_a_mistake_is_one_sentence_without_secrets(changes: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(POSTGRESQL | changes)
    message = str(caught.value)
    assert words in message
    assert message.endswith(".") and "\n" not in message
    assert "hush" not in message


def test_secrets_stay_out_of_the_representation() -> None:
    shown = repr(load(POSTGRESQL | {"REDIS_URL": "redis://:hush-hush@cache"}))
    assert "hush" not in shown and SECRET_KEY not in shown
