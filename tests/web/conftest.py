"""The application that the tests of the API use too."""

from tests.api.conftest import application, me, other

__all__ = ["application", "me", "other"]
