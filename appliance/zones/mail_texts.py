"""Texts of TXT records that receivers of mail read: SPF, DKIM and DMARC.

Sources: RFC 7208 section 4.5, RFC 6376 section 3.6.1, RFC 7489 section 6.3.
"""

from __future__ import annotations

import re

_VERSION = re.compile(r'"?v=(spf|dkim|dmarc)1(?=[ ;"]|$)', re.IGNORECASE)


def kind_of(value: str) -> str | None:
    """Return SPF, DKIM or DMARC if that is what the text of a TXT record begins as, else None."""
    found = _VERSION.match(value)
    return found[1].upper() if found else None
