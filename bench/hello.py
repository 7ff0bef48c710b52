"""The least that an answer over HTTP costs: Flask behind waitress, with no work of its own.

python -m bench.hello PORT
"""

from __future__ import annotations

import sys

import waitress
from flask import Flask


def create_app() -> Flask:
    """Return the application."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: {"hello": "world"})
    return app


if __name__ == "__main__":
    waitress.serve(create_app(), listen=f"127.0.0.1:{sys.argv[1]}", threads=4, _quiet=True)
