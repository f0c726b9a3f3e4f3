"""The rows of an image by weight: each layer with what is wasted in it, what it hides elsewhere, and its secrets.

A secret may be in a step that makes no layer (ARG, ENV): then that step is a row of its own, where it stood.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import Secret, SecretPlace, StepWeight, WastedFile, Weight

_SHOWN = 3  # so many reasons for waste in a row
_SECRETS = 4
_INSTRUCTIONS = {SecretPlace.ARGUMENT: "ARG ", SecretPlace.VARIABLE: "ENV "}
Pair = tuple[int, int]  # the places of two layers: of the one that hides, and of the one that stores


@dataclass(frozen=True, kw_only=True, slots=True)
class Waste:
    """Files of one layer that one other hid for one reason: bytes, how many, and the largest."""

    pair: Pair
    size: int
    files: int
    first: WastedFile


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightRow:
    """One row; `step` is None for a step without a layer.

    `place` counts the layers of a base image from 1, where it has several. `waste` is what is wasted in it, the most
    first, `other_waste` the bytes of what is not told; `hides` are pairs, with the number of the lower step and the
    bytes.
    """

    key: str
    number: int
    step: StepWeight | None
    place: int = 0
    waste: tuple[Waste, ...] = ()
    other_waste: int = 0
    hides: tuple[tuple[Pair, int, int], ...] = ()
    secrets: tuple[Secret, ...] = ()


def weight_rows(view: Weight) -> list[WeightRow]:
    """All rows from the top down to the base."""
    wastes = _wastes(view)
    told = {at: [one for one in wastes if one.pair[1] == at][:_SHOWN] for at in range(len(view.steps))}
    numbers = {step.number for step in view.steps}
    many = sum(not step.number for step in view.steps) > 1
    rows = [
        WeightRow(
            key=f"weight-{at}",
            number=step.number,
            step=step,
            place=at + 1 if not step.number and many else 0,
            waste=tuple(told[at]),
            other_waste=sum(one.size for one in wastes if one.pair[1] == at) - sum(one.size for one in told[at]),
            hides=tuple(_hides(at, told.values())),
            secrets=_secrets(view, step.number),
        )
        for at, step in enumerate(view.steps)
    ]
    for number in dict.fromkeys(one.step for one in view.secrets if one.step not in numbers):
        row = WeightRow(key=f"secret-{number}", number=number, step=None, secrets=_secrets(view, number))
        rows.insert(next((at for at, one in enumerate(rows) if one.number > number), len(rows)), row)
    return rows[::-1]


def title(row: WeightRow, speech: Speech) -> str:
    """The instruction of a row; of a step without a layer, what is known of it."""
    if row.step is None:
        first = row.secrets[0]
        return f"{_INSTRUCTIONS.get(first.place, '')}{clean(first.name)}"
    if row.number:
        return clean(" ".join(row.step.text.split()))
    return speech.say("weight-base-layer", number=row.place) if row.place else speech.say("key-base")


def _secrets(view: Weight, number: int) -> tuple[Secret, ...]:
    return tuple(one for one in view.secrets if one.step == number and number)[:_SECRETS]


def _wastes(view: Weight) -> list[Waste]:
    """Files by the two layers and the reason, the most bytes first."""
    groups: dict[tuple[int, int, str], list[WastedFile]] = {}
    for file in view.wasted:
        groups.setdefault((file.hidden_layer, file.written_layer, file.reason), []).append(file)
    found = [
        Waste(
            pair=(hidden, written),
            size=sum(file.size for file in files),
            files=len(files),
            first=max(files, key=lambda file: file.size),
        )
        for (hidden, written, _), files in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.size, one.pair))


def _hides(at: int, told: Iterable[list[Waste]]) -> Iterator[tuple[Pair, int, int]]:
    sizes: Counter[Pair] = Counter()
    numbers: dict[Pair, int] = {}
    for wastes in told:
        for one in wastes:
            if one.pair[0] == at:
                sizes[one.pair] += one.size
                numbers[one.pair] = one.first.written
    yield from ((pair, numbers[pair], size) for pair, size in sizes.most_common())
