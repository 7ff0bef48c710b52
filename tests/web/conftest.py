"""The fixtures of the API tests."""

from tests.api.conftest import application, me, other

__all__ = ["application", "me", "other"]
