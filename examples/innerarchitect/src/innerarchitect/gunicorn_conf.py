"""How gunicorn serves the application; loaded as `--config python:innerarchitect.gunicorn_conf`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from innerarchitect.access_log import SafeLogger
from innerarchitect.metrics import REQUESTS, free_slot
from innerarchitect.settings import load

# The first process of a container ignores signals it has no handler for: without this, a stop
# that comes before gunicorn installs its own handlers would run into the kill timeout.
signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))

_STOP = (signal.SIGTERM,)


def _end_when_told() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)


# A new worker has gunicorn's handler of its parent until it installs its own, and that handler only
# writes the signal down: a worker that is told to end meanwhile would be killed after the grace. It
# has no request yet, so it may end at once.
os.register_at_fork(
    before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _STOP),
    after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP),
    after_in_child=_end_when_told,
)

_settings = load(os.environ)

bind = f"0.0.0.0:{_settings.port}"
workers = _settings.web_workers
worker_class = "gthread"
threads = _settings.web_threads
# Loaded once and forked: half the processor time at the start, and workers share its memory.
preload_app = True
graceful_timeout = 25
# Longer than a proxy keeps idle connections, so that the proxy closes first and no request is
# sent into a connection that is just being closed here.
keepalive = 75
# The heartbeat files must be in memory, and the root file system may be read-only.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True
# Path without query string; no cookies, bodies, addresses or agents.
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'
accesslog = "-"
logger_class = SafeLogger


def on_starting(server: Any) -> None:
    """Migrate before any worker starts, when the settings say so."""
    if not _settings.auto_migrate:
        return
    from innerarchitect.database import Database
    from innerarchitect.migrate import MigrationError, upgrade

    engine = Database(_settings).engine
    try:
        before, after = upgrade(engine)
    except MigrationError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    finally:
        # Workers must not inherit an open connection.
        engine.dispose()
    server.log.info("Schema: %s -> %s", before.revision, after.revision)


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker a counter slot that no living worker uses."""
    worker.counter_slot = free_slot({other.counter_slot for other in server.WORKERS.values()})


def post_fork(server: Any, worker: Any) -> None:
    """Count into the worker's own slot."""
    REQUESTS.use_slot(worker.counter_slot)
