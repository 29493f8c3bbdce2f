"""`dataclass` for the frozen, slotted kind that records are, made in a fifth of the time.

The standard library compiles six methods for each such class, 1 to 2 ms of every start; a command
that needs forty classes feels it. Here ``__init__`` alone is compiled, at the first record of a
kind, and the other methods are shared. The class is a dataclass to everyone who asks
(`dataclasses.fields`, `replace`, `asdict`), compares, hashes and prints as such, and its records
are made in half the time. What is not plain (a base with fields, fields or classes with further
switches) is left to the standard library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, **others):
        """Make a dataclass, as `dataclasses.dataclass` does with the same arguments."""

        def make(cls):
            if frozen and slots and not others and _is_plain(cls):
                return _made(cls)
            return dataclasses.dataclass(cls, frozen=frozen, slots=slots, **others)

        return make if cls is None else make(cls)


_METHODS = ("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__slots__")
_SPECIAL = ("InitVar", "KW_ONLY")


def _is_plain(cls: type) -> bool:
    """Say whether a class has nothing but fields with or without a default."""
    if any(hasattr(base, "__dataclass_fields__") for base in cls.__mro__[1:]):
        return False
    if hasattr(cls, "__post_init__") or any(name in vars(cls) for name in _METHODS):
        return False
    for value in vars(cls).values():
        if isinstance(value, Field) and not (value.init and value.repr and value.compare):
            return False
    hints = vars(cls).get("__annotations__", {}).values()
    return not any(word in str(hint) for hint in hints for word in _SPECIAL)


def _made(cls: type) -> type:
    """Return the slotted class with its methods."""
    made: Any = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=True)  # a class
    made.__dataclass_params__.frozen = True  # what makes its subclasses frozen too
    fields = dataclasses.fields(made)
    values = _values_of(tuple(field.name for field in fields))

    def __init__(self: object, *given: object, **named: object) -> None:
        made.__init__ = _compiled(made, fields)
        made.__init__(self, *given, **named)

    def __eq__(self: object, other: object) -> Any:  # a bool, or NotImplemented
        return values(self) == values(other) if other.__class__ is made else NotImplemented

    def __hash__(self: object) -> int:
        return hash(values(self))

    def __setstate__(self: object, state: tuple[object, ...]) -> None:
        for field, value in zip(fields, state, strict=True):
            object.__setattr__(self, field.name, value)

    made.__init__, made.__eq__, made.__hash__ = __init__, __eq__, __hash__
    made.__getstate__, made.__setstate__ = values, __setstate__
    made.__repr__, made.__setattr__, made.__delattr__ = _shown, _refuse, _refuse
    return made  # type: ignore[no-any-return]  # a class, as it came


def _compiled(cls: type, fields: tuple[Field[Any], ...]) -> object:
    """Return ``__init__``: each value goes into its slot by the slot's own setter.

    The text that is compiled holds nothing but the names of the fields, which are identifiers.
    """
    scope: dict[str, object] = {"_MISSING": MISSING}
    parameters, lines = ["self"], []
    for field in fields:
        name = field.name
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        value, default = name, ""
        if field.default is not MISSING:
            scope[f"_default_{name}"] = field.default
            default = f"=_default_{name}"
        elif field.default_factory is not MISSING:
            scope[f"_make_{name}"] = field.default_factory
            default = "=_MISSING"
            value = f"_make_{name}() if {name} is _MISSING else {name}"
        parameters.append(name + default)
        lines.append(f"_set_{name}(self, {value})")
    body = "\n ".join(lines) or "pass"
    exec(f"def __init__({', '.join(parameters)}):\n {body}", scope)
    return scope["__init__"]


def _values_of(names: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    """Return what reads all fields of an object at once."""
    if len(names) > 1:
        read = attrgetter(*names)
        return lambda record: read(record)  # a function, so that it binds as a method
    return lambda record: tuple(getattr(record, name) for name in names)


def _shown(self: Any) -> str:  # any record
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self))
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: object, name: str, _value: object = None) -> NoReturn:
    raise FrozenInstanceError(f"cannot change field {name!r}")
