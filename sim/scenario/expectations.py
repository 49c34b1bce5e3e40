"""Expectations: the facts that a file says must hold after its run."""

from typing import Annotated, Literal, cast

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo

from sim.scenario.mapping import Part
from sim.scenario.parts import LARGEST_NUMBER, MOST_ORDERS, Context, WrittenInstant
from sim.scenario.tree import Place

Status = Literal["PENDING", "PROCESSING", "COMPLETE", "ABANDONED", "IDLE", "REMOVED"]


class Expectation(Part):
    """A fact that must hold after the run: of an order, or of a bot; `at` an instant, or at the end."""

    _place: Place = PrivateAttr(Place("text"))

    order: Annotated[int, Field(ge=0, le=LARGEST_NUMBER + MOST_ORDERS - 1)] | None = None
    bot: Annotated[int, Field(ge=1)] | None = None
    at: WrittenInstant | None = None
    status: Status | None = None
    picked_up: WrittenInstant | None = None
    completed: WrittenInstant | None = None
    attempts: Annotated[int, Field(ge=0)] | None = None

    @property
    def place(self) -> Place:
        """Where a file says so."""
        return self._place


def _with_places(entries: list[Expectation], info: ValidationInfo) -> list[Expectation]:
    context = cast(Context, info.context)
    for index, entry in enumerate(entries):
        entry._place = context.root.place_of(("expect", index))  # noqa: SLF001 - known to the list alone, and from here on
    return entries


Expectations = Annotated[list[Expectation], AfterValidator(_with_places)]
