"""What a setting is: a key, a type, a default, and what may be in it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar, cast

from aigc_desktop.core.errors import UserError

T = TypeVar("T")


@dataclass(frozen=True)
class Setting(Generic[T]):
    """One setting: its key in the file, type, default, and what may be in it."""

    key: str
    type: type[T]
    default: T
    description: str
    env: str | None = None
    choices: tuple[T, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def parse(self, value: Any) -> T:
        """Return `value` (from a file, the environment or a form) as this setting's type.

        Raises:
            UserError("setting_invalid"): it does not fit.
        """
        parsed = self._convert(value)
        number: Any = parsed if isinstance(parsed, int | Decimal) else 0
        out_of_range = (self.minimum is not None and number < self.minimum) or (
            self.maximum is not None and number > self.maximum
        )
        if (self.choices and parsed not in self.choices) or out_of_range:
            raise self._refusal(value)
        return parsed

    def _convert(self, value: Any) -> T:
        try:
            if self.type is bool and isinstance(value, str):
                return cast(T, {"true": True, "1": True, "false": False, "0": False}[value.lower()])
            if self.type is Decimal:
                number = Decimal(str(value))
                if not number.is_finite():
                    raise self._refusal(value)
                return cast(T, number)
            if self.type is int and isinstance(value, bool | float):
                raise self._refusal(value)
            return self.type(value)  # type: ignore[call-arg]
        except (ValueError, TypeError, KeyError, InvalidOperation) as error:
            raise self._refusal(value) from error

    def _refusal(self, value: Any) -> UserError:
        allowed = ", ".join(str(choice) for choice in self.choices)
        if not allowed and self.minimum is not None:
            allowed = (
                f"{self.minimum:g} – {self.maximum:g}" if self.maximum else f"≥ {self.minimum:g}"
            )
        return UserError(
            "setting_invalid",
            key=self.key,
            value=str(value)[:80],
            allowed=allowed or self.type.__name__,
        )
