"""The connection to Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerarchitect.environment import SettingsError

if TYPE_CHECKING:
    from redis import Redis

_TIMEOUT_SECONDS = 2.0


def connect(url: str) -> Redis:
    """Return a client that connects on first use and never waits longer than 2 seconds.

    Raises SettingsError for a malformed URL.
    """
    # Imported here because installations without Redis should not pay for it at the start.
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        client: Redis = redis.Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            # One repeat covers a pooled connection that a Redis restart has closed; a timeout is
            # not repeated, or every request would wait twice as long.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
    except ValueError:
        raise SettingsError("REDIS_URL is not a valid Redis URL.") from None
    return client
