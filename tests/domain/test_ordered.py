"""Of any two things in an order it is known which comes first, whatever was moved where."""

from random import Random

import pytest

from mop_tui.domain import ordered
from mop_tui.domain.ordered import Ordered


def agrees(order: Ordered[int], plain: list[int]) -> bool:
    return list(order) == plain and sorted(plain, key=order.label.__getitem__) == plain


@pytest.mark.parametrize("gap", [1 << 128, 4], ids=["wide", "used up all the time"])
@pytest.mark.parametrize("seed", range(20))
def test_the_order_is_that_of_a_plain_list(
    seed: int, gap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordered, "GAP", gap)
    chance, order, plain = Random(seed), Ordered[int](), list[int]()
    for number in range(120):
        deed = chance.choice(["first", "last", "remove", "behind", "before", "behind", "before"])
        if deed == "first" or not plain:
            order.put_first(number)
            plain.insert(0, number)
        elif deed == "last":
            order.put_last(number)
            plain.append(number)
        elif deed == "remove":
            gone = chance.choice(plain)
            order.remove(gone)
            plain.remove(gone)
        else:
            anchor, *moved = chance.sample(plain, chance.randint(1, min(4, len(plain))))
            for item in moved:
                plain.remove(item)
            at = plain.index(anchor) + (deed == "behind")
            plain[at:at] = moved
            if deed == "behind":
                order.move_behind(moved, anchor)
            else:
                order.move_before(moved, anchor)
        assert agrees(order, plain)
