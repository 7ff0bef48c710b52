"""The Jinja2 environment for `bind-templates/`. Templates only arrange values that Python code has checked."""

from __future__ import annotations

import jinja2

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("appliance", "bind_templates"),
    undefined=jinja2.StrictUndefined,
    auto_reload=False,  # they are part of the program, so no rendering reads their files again
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - zone files and configuration, not HTML
)
