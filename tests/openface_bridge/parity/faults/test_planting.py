"""Substitutions reach every name of a function, and leave no trace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from openface_bridge.parity.faults.planting import planting


def original() -> str:
    return "original"


@dataclass(frozen=True)
class Row:
    name: str
    function: Callable[[], str]


Row.__module__ = "pyclnf.of_a_test"


class Owner:
    def method(self) -> str:
        return "original"

    @classmethod
    def build(cls) -> str:
        return f"original {cls.__name__}"


class Heir(Owner):
    pass


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of pyclnf that knows a function in every way there is."""
    made = ModuleType("pyclnf.of_a_test")
    made.by_name = original  # type: ignore[attr-defined]
    made.by_key = {"key": original}  # type: ignore[attr-defined]
    made.in_list = [original]  # type: ignore[attr-defined]
    made.rows = (Row("a", original), Row("b", len))  # type: ignore[attr-defined, arg-type]
    made.builder = Owner.build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyclnf.of_a_test", made)
    return made


def known(module: Any) -> list[Callable[[], str]]:
    return [module.by_name, module.by_key["key"], module.in_list[0], module.rows[0].function]


def faulty_function() -> Callable[[], str]:
    return lambda: "faulty"


def test_functions_are_replaced_wherever_they_are_known(module: ModuleType):
    faulty = faulty_function()
    with planting() as substitutions:
        substitutions.function(original, faulty)
        assert known(module) == [faulty] * 4
        assert module.rows[1].function is len
    assert known(module) == [original] * 4


def test_everything_is_restored_after_an_error(module: ModuleType):
    def fail() -> None:
        with planting() as substitutions:
            substitutions.function(original, faulty_function())
            substitutions.method(Owner, "method", lambda self: "faulty")
            assert Owner().method() == "faulty"
            raise ZeroDivisionError

    before = vars(Owner)["method"]
    with pytest.raises(ZeroDivisionError):
        fail()
    assert known(module) == [original] * 4
    assert vars(Owner)["method"] is before


def test_class_methods_keep_their_kind(module: Any):
    before = vars(Owner)["build"]
    with planting() as substitutions:
        substitutions.method(Owner, "build", classmethod(lambda cls: f"faulty {cls.__name__}"))
        assert Owner.build() == Owner().build() == module.builder() == "faulty Owner"
        assert Heir.build() == "faulty Heir"
    assert vars(Owner)["build"] is before
    assert module.builder() == "original Owner"


def test_modules_imported_meanwhile_forget_what_was_planted(module: ModuleType):
    late: Any = ModuleType("openface_bridge.late")
    with pytest.MonkeyPatch.context() as patch:
        with planting() as substitutions:
            substitutions.function(original, faulty_function())
            late.by_name = module.by_name
            patch.setitem(sys.modules, "openface_bridge.late", late)
        assert late.by_name is original


def test_substitutions_within_each_other(module: Any):
    with planting() as outer:
        outer.function(original, first := faulty_function())
        with planting() as inner:
            inner.function(first, lambda: first() + "!")
            assert module.by_name() == "faulty!"
        assert module.by_name is first
    assert module.by_name is original


def test_other_packages_are_left_alone(monkeypatch: pytest.MonkeyPatch, module: ModuleType):
    other: Any = ModuleType("pyclnf_of_another")
    other.by_name = original
    monkeypatch.setitem(sys.modules, "pyclnf_of_another", other)
    with planting() as substitutions:
        substitutions.function(original, faulty_function())
        assert other.by_name is original


def test_what_nobody_knows(module: ModuleType):
    with planting() as substitutions, pytest.raises(LookupError, match="is called"):
        substitutions.function(lambda: "unknown", faulty_function())


def test_methods_there_are_not():
    with planting() as substitutions, pytest.raises(LookupError, match="Heir has no 'method'"):
        substitutions.method(Heir, "method", lambda self: "faulty")


def test_functions_in_a_tuple_cannot_be_replaced(module: Any):
    """Half a substitution would be worse than none."""
    module.in_tuple = (original,)
    with pytest.raises(LookupError, match="in a tuple"), planting() as substitutions:
        substitutions.function(original, faulty_function())
    del module.in_tuple
    assert known(module) == [original] * 4


@pytest.fixture(autouse=True)
def nothing_is_left(module: ModuleType) -> Iterator[None]:
    yield
    assert known(module) == [original] * 4
