"""A simulated server, step by step, against the capacity formula: L = arrivals × W(L).

The simulation knows nothing of Little's law. Requests arrive at random, a step gives one token to
each that runs, and prompts that came in since the last step are read first. Tolerances: 10 % for the
mean number in flight. L + 2.33 √L, the number that 99 moments in 100 stay below, takes arrivals alone
for random; a busy server also slows down when many are in it, so the simulation spreads wider: up to
25 % higher at half load, and 40 % at 70 %. The headroom that sizing keeps is there for that.
"""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
import simpy

from decisions.catalogue import gpu, model, quantization
from decisions.formulas.capacity import P99, mean_concurrency, replica
from decisions.formulas.throughput import prefill_seconds, step_seconds

MEAN_TOLERANCE = 0.10
OUTPUT_TOKENS = 100
WARM_UP_SECONDS = 30
SECONDS = 300


@dataclass
class Server:
    """One replica whose engine works in steps."""

    env: simpy.Environment
    load: object
    waiting: list[int] = field(default_factory=list)
    running: list[int] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)

    def arrivals(self, per_second, random_of):
        while True:
            yield self.env.timeout(random_of.expovariate(per_second))
            self.waiting.append(OUTPUT_TOKENS)

    def steps(self):
        while True:
            admitted, self.waiting = self.waiting, []
            self.running += admitted
            if not self.running:
                yield self.env.timeout(0.001)
                continue
            took = step_seconds(self.load, len(self.running))
            took += len(admitted) * prefill_seconds(self.load)
            yield self.env.timeout(took)
            if self.env.now > WARM_UP_SECONDS:
                self.seen.append((took, len(self.running) + len(self.waiting)))
            self.running = [left - 1 for left in self.running if left > 1]


@pytest.mark.parametrize(("busy", "wider"), [(0.2, 1.25), (0.5, 1.25), (0.7, 1.4)])
def test_the_number_in_flight_follows_littles_law(busy, wider):
    one = replica(
        model=model("Llama-3.1-8B"),
        quantization=quantization("fp8"),
        gpu=gpu("H100"),
        gpus=1,
        mean_input_tokens=500,
        mean_output_tokens=OUTPUT_TOKENS,
        headroom=0.0,
    )
    # The slowdown only scales time; the simulation runs at the bare model's.
    per_second = busy * one.throughput.p50 / OUTPUT_TOKENS * one.slowdown
    env = simpy.Environment()
    server = Server(env, one.load)
    env.process(server.arrivals(per_second, random.Random(7)))
    env.process(server.steps())
    env.run(until=SECONDS)
    took, counts = (np.array(each) for each in zip(*server.seen, strict=True))
    simulated = np.average(counts, weights=took)
    order = np.argsort(counts)
    passed = np.cumsum(took[order]) / took.sum()
    peak = counts[order][np.searchsorted(passed, 0.99)]
    expected = mean_concurrency(one, per_second / one.slowdown)
    assert simulated == pytest.approx(expected, rel=MEAN_TOLERANCE)
    normal = expected + P99 * expected**0.5
    assert normal <= peak <= wider * normal
