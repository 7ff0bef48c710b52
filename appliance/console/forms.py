"""The values of a submitted form, and the error at each field."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

from flask import request
from werkzeug.datastructures import MultiDict

from appliance.errors import InputError


class Form:
    """The values of a form as submitted, and its errors by field; those of no field have the key "".

    with form.collecting_errors():
        ...  # an InputError raised here is added to `errors`, and execution continues after the block
    """

    def __init__(self, values: MultiDict[str, str] | None = None) -> None:
        self.values: MultiDict[str, str] = values if values is not None else MultiDict()
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """Return the value of the field, "" if there is none."""
        return self.values.get(name, "")

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may have several."""
        return self.values.getlist(name)

    def words(self, name: str) -> list[str]:
        """Return the words of the field, separated by spaces or commas."""
        return self[name].replace(",", " ").split()

    def collecting_errors(self) -> _ErrorCollector:
        """Return a context manager that adds an InputError to `errors` and suppresses it."""
        return _ErrorCollector(self)


def as_sentence(message: str, values: Iterable[str] = ()) -> str:
    """Return an error message as a sentence; if it begins with a domain name or a value, that is not capitalized."""
    first = message.split(" ", 1)[0]
    if first.isalpha() and first not in {value.strip().lower().removesuffix(".") for value in values}:
        message = message[:1].upper() + message[1:]
    return f"{message}."


def submitted_form() -> Form:
    """Return the form of this request."""
    return Form(request.form)


class _ErrorCollector:
    def __init__(self, form: Form) -> None:
        self._form = form

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if not isinstance(error, InputError):
            return False
        self._form.errors[error.field or ""] = as_sentence(str(error), self._form.values.values())
        return True
