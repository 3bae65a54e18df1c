"""Times `disinhibit sweep grid.toml` and scripts that simulate the same, in turn, by CPU time.

    python compare.py PROGRAM [SCRIPT ...]

PROGRAM is the path of `disinhibit`; the scripts are those of this folder where none is named. Each prints a line
`RESULT {"ns_ps_user": ...}`. The program is timed as a whole process, from its start to the drawn figures; a script only
in its loop.
"""
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
POINTS, STEPS, ROUNDS = 64 * 64, 20_000, 3


def program(path):
    out = tempfile.mkdtemp()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([path, "sweep", FOLDER / "grid.toml", "--out", f"{out}/grid"], check=True, capture_output=True)
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    shutil.rmtree(out)
    return cpu / (POINTS * STEPS) * 1e9


def script(path):
    environment = {**os.environ, "REPS": "1"}
    text = subprocess.run([sys.executable, path], check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(text[text.rindex("RESULT ") + 7 :].splitlines()[0])["ns_ps_user"]


def main():
    names = sys.argv[2:] or [str(FOLDER / "numpy_grid.py"), str(FOLDER / "numba_grid.py")]
    times = {"disinhibit": []} | {name: [] for name in names}
    for _ in range(ROUNDS):
        times["disinhibit"].append(program(sys.argv[1]))
        for name in names:
            times[name].append(script(name))
    ours = statistics.median(times["disinhibit"])
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"{pathlib.Path(name).stem:<20}{middle:>8.1f} ns per point and step{middle / ours:>8.1f} x")


if __name__ == "__main__":
    main()
