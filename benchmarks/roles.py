"""Is the rep told from what is said, on calls by authors whom the shipped model has never seen?

    python benchmarks/roles.py

The calls are those of `data/service_calls` by the authors n to z; the model learned from a to m. Printed is the share
of calls in which the rep is found among the two speakers, and among three where an automatic voice spoke first.
"""

import random
import sys
from pathlib import Path

import click
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from coach.as_json import call_from_dict  # noqa: E402
from coach.listen.roles import MACHINE, _sides, rep_of  # noqa: E402
from coach.tone.agreement import estimate, resampled  # noqa: E402
from coach.tone.examples import labelled_calls  # noqa: E402

DATA = ROOT / "data" / "service_calls"
MACHINE_SAYS = 5  # sentences


@click.command(help=__doc__)
def main() -> None:
    calls = [call for part in ("train", "dev") for call in labelled_calls(DATA / f"{part}.jsonl")]
    sides = [_sides(call_from_dict(call).turns) for call in calls if call["id"][0] > "m"]
    chance = random.Random(0)
    alone = np.array([rep_of([other, rep])[0] == 1 for rep, other in sides])
    machine = [" ".join(chance.sample(MACHINE, MACHINE_SAYS)) for _ in sides]
    after = np.array([rep_of([it, other, rep])[0] == 2 for it, (rep, other) in zip(machine, sides, strict=True)])
    for heard, right in (("two speakers", alone), ("after an automatic voice", after)):
        found = estimate(right.mean(), resampled(len(right)) @ right / len(right))
        print(
            f"{heard}: the rep is found in {found.value:.1%} ({found.low:.1%}-{found.high:.1%}) of {len(right)} calls"
        )


if __name__ == "__main__":
    main()
