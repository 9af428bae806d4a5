"""Power cuts: nothing that was taken, recorded or acknowledged is lost, and nothing is recorded twice.

    python -m tests.faults.power_cut [--states 8] [--seed 0] [--seeds 1] [--kills 1-40] [--share 1]

Every change that the real daemon and its commands make on a filesystem is recorded (tests/support/power). For many
moments the disk is then put together as a power cut may leave it behind: with everything that was synced, and any part
of the rest. The daemon is started again on each, and the result is judged. Scenes in which the daemon is killed first
ask what it relies on that was not synced. The models only pretend (tests/support/stand_in.py).
Exits with 1 if anything promised did not hold.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from rich.console import Console
from rich.table import Table

from tests.support.power.lane import Lane, Order, Outcome
from tests.support.power.scenes import SCENES, killed


def orders(options: argparse.Namespace) -> Iterator[Order]:
    """Yield what is to be done: each scene with each seed, then the kills."""
    every = options.every
    for seed in range(options.seed, options.seed + options.seeds):
        for name, scene in SCENES.items():
            if not options.scenes or name in options.scenes:
                yield Order(name, scene, seed, options.states, options.share, every=every and seed == options.seed)
        for number in options.kills:
            yield Order(f"killed after {number} names", killed(number), seed, options.states, options.share)


def carry_out(all_orders: Sequence[Order], lanes: int) -> list[Outcome]:
    """Do what orders say, in so many processes at the same time."""
    free = SimpleQueue[Lane]()
    started = [Lane() for _ in range(lanes)]
    for lane in started:
        free.put(lane)

    def do(order: Order) -> Outcome:
        lane = free.get()
        try:
            outcome = lane.run(order)
        finally:
            free.put(lane)
        print(f"{order.name}, seed {order.seed}: {outcome.skipped or f'{outcome.states} states'}", flush=True)
        for problem in outcome.problems:
            print(problem, flush=True)
        return outcome

    with ThreadPoolExecutor(lanes) as pool:
        outcomes = list(pool.map(do, all_orders))
    for lane in started:
        lane.close()
    return outcomes


def report(outcomes: Sequence[Outcome], minutes: float) -> Table:
    """Return the table of figures; kills are one line."""
    table = Table("scene", "entries of the journal", "moments", "states", "lost", "twice", "other faults")
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault("killed before" if outcome.name.startswith("killed") else outcome.name, []).append(outcome)
    kinds["all"] = list(outcomes)
    for name, some in kinds.items():
        broken = sum(len(one.problems) for one in some)
        lost, twice = sum(one.lost for one in some), sum(one.twice for one in some)
        figures = [sum(getattr(one, what) for one in some) for what in ("entries", "prefixes", "states")]
        skipped = next((one.skipped for one in some if one.skipped), "")
        table.add_row(name, *map(str, (*figures, lost, twice, broken)), *([skipped] if skipped else []))
    table.title = f"power cuts, {minutes:.1f} minutes"
    return table


def numbers(text: str) -> range:
    """Return the numbers that a text such as ``3`` or ``1-40`` means; none for 0."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1) if int(first) else range(0)


def main() -> None:
    """Parse arguments, run, exit with 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0] if __doc__ else None, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--states", type=int, default=8, help="at most, per moment before a barrier")
    parser.add_argument("--seeds", type=int, default=1, help="samples of states; each is recorded anew")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--kills", type=numbers, default="1-40", help="the daemon is killed after so many changes of names; 0: never"
    )
    parser.add_argument("--share", type=float, default=1.0, help="of the moments before a barrier")
    parser.add_argument("--lanes", type=int, default=2, help="processes at the same time")
    parser.add_argument("--scenes", nargs="*", choices=SCENES, help="only these; default: all")
    parser.add_argument(
        "--every", action=argparse.BooleanOptionalAction, default=True, help="also cut after every single change"
    )
    options = parser.parse_args()
    begun = time.monotonic()
    outcomes = carry_out(list(orders(options)), options.lanes)
    Console().print(report(outcomes, (time.monotonic() - begun) / 60))
    if any(outcome.problems for outcome in outcomes):
        sys.exit("a promise was not kept")
    if not any(outcome.states for outcome in outcomes):
        sys.exit("nothing was tried: " + "; ".join({outcome.skipped for outcome in outcomes}))


if __name__ == "__main__":
    main()
