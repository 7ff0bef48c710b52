"""Let tests import the package, which needs certbot only in its authenticator."""

import sys

from clients.conftest import ROOT

sys.path.insert(0, str(ROOT / "clients" / "certbot"))
