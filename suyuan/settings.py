"""Settings from the environment (``SUYUAN_*``) and from a TOML file.

The file is ``suyuan.toml`` in the working folder, or the one that ``SUYUAN_SETTINGS`` names; the environment wins.
"""

import os
from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from suyuan.errors import ConfigError


def cache_folder() -> Path:
    """Where downloads and snapshots that can be made again are kept."""
    return Path(os.environ.get("SUYUAN_CACHE") or _xdg("XDG_CACHE_HOME", ".cache") / "suyuan")


def data_folder() -> Path:
    """Where what cannot be made again is kept, such as a local server's data."""
    return Path(os.environ.get("SUYUAN_DATA") or _xdg("XDG_DATA_HOME", ".local/share") / "suyuan")


def _xdg(variable: str, below_home: str) -> Path:
    given = os.environ.get(variable)
    return Path(given) if given else Path.home() / below_home


class Settings(BaseSettings):
    """Everything that can be set from outside; the field name in capitals with ``SUYUAN_`` is the variable."""

    model_config = SettingsConfigDict(env_prefix="SUYUAN_", extra="ignore", frozen=True)

    store: str = Field("sqlite:///suyuan.db", description="Store URL.")
    trace_parameters: Path | None = Field(
        None, description="Parameters of traces that name no others: a file as trace fit --out writes it."
    )
    production: bool = Field(False, description="No introspection, no GraphiQL, no field suggestions.")
    require_token: bool = Field(False, description="Ask for a token on loopback as well.")
    allowed_origins: tuple[str, ...] = Field(
        (), description="Web origins that may open subscriptions, besides ours."
    )
    max_depth: int = Field(10, ge=1, description="Deepest nesting of a query.")
    max_aliases: int = Field(15, ge=0, description="Most aliases in a query.")
    max_directives: int = Field(50, ge=0, description="Most directives in a query.")
    max_tokens: int = Field(2000, ge=10, description="Most lexical tokens in a query.")
    max_page: int = Field(100, ge=1, description="Largest page of a connection.")
    max_cost: int = Field(20000, ge=1, description="Most values a query may ask for (list sizes multiplied).")
    max_body_bytes: int = Field(1_000_000, ge=1000, description="Largest request body.")
    max_ingest_bytes: int = Field(16_000_000, ge=1000, description="Largest post of rows.")
    posts_waiting: int = Field(256, ge=1, description="Posts of rows under way before more are put off.")
    posts_per_minute: int = Field(60_000, ge=1, description="Posts of rows a subject may send in a minute.")
    max_subscriptions: int = Field(1000, ge=0, description="Subscriptions a process serves at a time.")
    time_budget_seconds: float = Field(15.0, gt=0, description="Longest time a request may take.")
    requests_per_minute: int = Field(1200, ge=1, description="Requests a subject may make in a minute.")
    slow_request_ms: float = Field(
        1000.0, gt=0, description="Requests slower than this are logged as warnings."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        file = Path(os.environ.get("SUYUAN_SETTINGS", "suyuan.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)


@cache
def settings() -> Settings:
    """The settings of this process.

    Raises
    ------
    ConfigError
        A variable or the file holds something impossible.
    """
    named = os.environ.get("SUYUAN_SETTINGS")
    if named and not Path(named).is_file():
        raise ConfigError(f"SUYUAN_SETTINGS names {named!r}, and there is no such file.")
    try:
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        first = error.errors()[0]
        name = "SUYUAN_" + ".".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"Setting {name} = {first['input']!r} is not possible: {first['msg']}.") from error
    except ValueError as error:
        raise ConfigError(f"The settings file cannot be read: {error}") from error
