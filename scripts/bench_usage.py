"""How fast and in how much memory is a 1 GB file of usage read, beside pandas merely reading it?

Run it as `python scripts/bench_usage.py`; the file is made in a temporary folder and deleted. Each
reading is a process of its own, so that its memory is its own as well.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

GIGABYTE = 1_000_000_000
COLUMNS = "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,messages"
PROMPT = "words " * 30


def make(path: Path, size: int) -> None:
    """Write a spend log of LiteLLM's columns, a request each two seconds or so, with prompts."""
    with path.open("w") as file:
        file.write(COLUMNS + "\n")
        number = 0
        while file.tell() < size:
            lines = []
            for _ in range(20_000):
                number += 1
                sent, made = 500 + number * 7919 % 1500, 50 + number * 104_729 % 500
                at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_775_000_000 + number * 3))
                lines.append(
                    f"req-{number:09},acompletion,sk-1,{sent * 3e-6:.6f},{sent + made},{sent},{made},"
                    f"{at}.123Z,{at}.923Z,gpt-5,{PROMPT}\n"
                )
            file.write("".join(lines))


def read_plainly(path: Path) -> int:
    """Read the same columns with pandas in chunks, and do nothing with them."""
    import pandas as pd

    from decisions.usage import layouts

    known = layouts.layout("litellm")
    columns = known.mapping.columns if known else []
    return sum(len(c) for c in pd.read_csv(path, usecols=columns, chunksize=50_000))


def read_whole(path: Path) -> int:
    """Read the file as the product does."""
    from decisions.usage import files, findings, layouts, tally

    columns, mark = files.header(path)
    known = layouts.recognised(columns)
    if known is None:
        raise SystemExit("the layout is not recognised")
    return findings.find(tally.read(path, known.mapping, mark=mark)).rows


def measured(what: str, path: Path) -> tuple[float, float]:
    """Return the seconds and the megabytes that a reading took in its own process."""
    command = [sys.executable, __file__, what, str(path)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE)
    seconds, megabytes = map(float, answer.stdout.split())
    return seconds, megabytes


def main() -> None:
    """Print two lines of a table."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else GIGABYTE
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usage.csv"
        make(path, size)
        rounds = [[measured(what, path) for what in ("plain", "whole")] for _ in range(2)]
    plain, whole = (min(times) for times in zip(*rounds, strict=True))
    print(
        f"| pandas reading the columns of {size / 1e9:.1f} GB | {plain[0]:.1f} s, {plain[1]:.0f} MB | |"
    )
    ratio = whole[0] / plain[0]
    print(
        f"| a usage file of {size / 1e9:.1f} GB | {whole[0]:.1f} s = {ratio:.2f}×, {whole[1]:.0f} MB | ≤ 2×, ≤ 500 MB |"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        reading = {"plain": read_plainly, "whole": read_whole}[sys.argv[1]]
        begun = time.perf_counter()
        reading(Path(sys.argv[2]))
        taken = time.perf_counter() - begun
        print(taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()
