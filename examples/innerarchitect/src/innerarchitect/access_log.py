"""gunicorn's logger with a path that cannot forge log lines."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from gunicorn.glogging import Logger  # type: ignore[import-untyped, unused-ignore]


class SafeLogger(Logger):  # type: ignore[misc, unused-ignore]
    """Writes the path as it travelled; gunicorn would decode `%0a` into a line break."""

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> Any:
        """Return the fields of the access log."""
        fields = super().atoms(resp, req, environ, request_time)
        # WSGI hands the bytes of the path over as Latin-1.
        fields["U"] = quote(environ.get("PATH_INFO", ""), safe="/:@", encoding="latin-1")
        return fields
