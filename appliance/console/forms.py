"""What a form brought, and what is wrong with it at each field."""

from __future__ import annotations

from types import TracebackType

from flask import request
from werkzeug.datastructures import MultiDict

from appliance.errors import InputError


class Form:
    """The values of a form as they were sent; what is refused of them is told at its field, or above them all.

    with form.refusing():
        ...  # an InputError in here becomes `errors`, and what stands after the block is done
    """

    def __init__(self, values: MultiDict[str, str] | None = None) -> None:
        self.values: MultiDict[str, str] = values if values is not None else MultiDict()
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """What was typed, empty when there is no such field."""
        return self.values.get(name, "")

    def all(self, name: str) -> list[str]:
        """Every value of a field that may have several."""
        return self.values.getlist(name)

    def words(self, name: str) -> list[str]:
        """What was typed, parted at blanks and commas."""
        return self[name].replace(",", " ").split()

    def refusing(self) -> _Refusing:
        """A block in which an InputError is kept and not raised."""
        return _Refusing(self)


def sent_form() -> Form:
    """The form that this request brought."""
    return Form(request.form)


class _Refusing:
    def __init__(self, form: Form) -> None:
        self._form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, InputError):
            return False
        text = str(error)
        self._form.errors[error.field or ""] = f"{text[:1].upper()}{text[1:]}."
        return True
