"""The application as gunicorn loads it."""

from __future__ import annotations

import logging
import os
import sys

from innerarchitect.app import create_app
from innerarchitect.environment import SettingsError
from innerarchitect.settings import load

logging.basicConfig(format="[%(asctime)s] [%(process)d] [%(levelname)s] %(name)s: %(message)s")

try:
    app = create_app(load(os.environ))
except SettingsError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
