"""How surely does a model reproduce each finding, given that its numbers are known only roughly?

Draws numbers by Latin hypercube, lays each draw over the default model or over a hypothesis, and runs `disinhibit findings`
on all of them. Needs Python 3.11 and nothing else:

    python3 docs/robustness/how_surely.py --ranges near --draws 200                      # the default model
    python3 docs/robustness/how_surely.py --ranges near --draws 50 --hypotheses all      # and every hypothesis

Prints the share of draws that reproduce each finding, a column per model, and how many findings a draw reproduces. Draws
whose circuit has no stable rest are counted apart and left out.
"""

import argparse, json, pathlib, random, re, statistics, subprocess, tempfile, tomllib

# Paths and the factors between which each number is drawn, uniformly, relative to its value in the model that is drawn from.
# near: a tenth to either side of every number that is fitted, free or from memory. literature: the ranges that sources give,
# over the default value; numbers without a range keep a fifth to either side.
WEIGHTS = ["onto.Pyr.Pyr", "onto.Pyr.PV", "onto.Pyr.SST", "onto.PV.Pyr", "onto.PV.PV", "onto.PV.SST", "onto.SST.Pyr",
           "onto.SST.VIP", "onto.VIP.Pyr", "onto.VIP.PV", "onto.VIP.SST"]
DRUGS = {
    "receptors.MOR.on.SST.fraction": (0.4 / 0.55, 0.7 / 0.55),           # prior 0.4-0.7
    "receptors.MOR.on.SST.effects.0.drive": (4.3 / 11.2, 11.4 / 11.2),   # -3 to -8 mV at an activation of 0.7
    "receptors.MOR.on.SST.effects.1.output": (0.3 / 0.43, 0.6 / 0.43),   # release falls by 30-60 %
    "receptors.MOR.binds.beta-endorphin.K": (1 / 1.5, 2 / 1.5),          # 1-2 nM
    "receptors.MOR.binds.beta-endorphin.efficacy": (0.8, 1.2),
    "receptors.MOR.desensitisation.onset": (1.0, 10 / 2.65),             # 3-10 min; the default lies below
    "receptors.MOR.desensitisation.recovery": (0.8, 1.2),
    "receptors.MOR.on.SST.desensitisation_gate.activation.NMDA.SST": (0.8, 1.0),
    "receptors.NMDA.on.SST.effects.0.drive": (0.8, 1.2),
    "receptors.NMDA.on.PV.effects.0.drive": (0.8, 1.2),
    "receptors.NMDA.on.Pyr.effects.0.drive": (0.8, 1.2),
    "receptors.NMDA.blocked_by.ketamine.IC50.SST": (1.18 / 1.55, 2.95 / 1.55),   # 2C to 2D
    "ligands.ketamine.kinetics.mouse.elimination_half_life": (1.0, 25 / 13),     # 13-25 min
    "ligands.ketamine.kinetics.mouse.peak.concentration": (0.8, 2.0),            # 2-5 uM
    "ligands.beta-endorphin.tone": (0.8, 1.2),
    "ligands.beta-endorphin.release.EC50": (0.8, 1.2),
    "ligands.beta-endorphin.release.maximum": (0.8, 1.2),
    "stress.phenotypes.sst-hyperactive.effects.0.drive": (0.8, 1.2),
    "stress.phenotypes.sst-hyperactive.effects.1.output": (0.8, 1.2),
    "stress.phenotypes.sst-hyperactive.effects.2.weight": (0.8, 1.2),
}


def lookup(tree, path):
    """The value at a path, and its unit if it has one; entries of lists may be named by their ligand."""
    keys, node = path.split("."), tree
    while keys:
        if isinstance(node, list):
            step = keys.pop(0)
            node = node[int(step)] if step.isdigit() else next(entry for entry in node if entry["ligand"] == step)
            continue
        if isinstance(node, dict):
            length = next((n for n in range(len(keys), 0, -1) if ".".join(keys[:n]) in node), None)
            if length is None:
                return None
            node, keys = node[".".join(keys[:length])], keys[length:]
            continue
        return None
    if isinstance(node, dict):
        node = node.get("value")
    if isinstance(node, str):
        number, _, unit = node.partition(" ")
        return float(number), unit
    return None if node is None or isinstance(node, bool) else (float(node), "")


def merge(below, above):
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        below[key] = merge(below[key], value) if both and "value" not in value else value
    return below


def model(configs, hypothesis):
    """The hypothesis with the numbers that it starts from."""
    tree = {}
    stated = tomllib.loads(hypothesis.read_text()) if hypothesis else {}
    files = ["pharmacology/default.toml", "circuits/mpfc.toml"]
    overlays = [(hypothesis.parent / file).resolve() for file in stated.get("pharmacology", [])] if hypothesis else []
    for file in [configs / file for file in files] + overlays:
        merge(tree, tomllib.loads(file.read_text()))
    return tree, stated, overlays


def latin_hypercube(draws, dimensions, seed):
    numbers = random.Random(seed)
    columns = []
    for _ in range(dimensions):
        strata = list(range(draws))
        numbers.shuffle(strata)
        columns.append([(stratum + numbers.random()) / draws for stratum in strata])
    return list(zip(*columns))


def files_of(configs, hypothesis, ranges, draws, seed):
    tree, stated, overlays = model(configs, hypothesis)
    factors = {path: (0.9, 1.1) for path in [*WEIGHTS, *DRUGS]}
    if ranges == "literature":
        factors = {path: (0.8, 1.2) for path in WEIGHTS} | DRUGS
    for point in latin_hypercube(draws, len(factors), seed):
        put = dict(stated.get("set", {}))
        for share, (path, (low, high)) in zip(point, factors.items()):
            own = put.get(path)
            base = (float(str(own).split()[0]), " ".join(str(own).split()[1:])) if own is not None else lookup(tree, path)
            if base is None or (base[0] == 0 and own is not None):
                continue
            number = base[0] * (low + share * (high - low))
            if path.endswith("desensitisation_gate.activation.NMDA.SST"):
                number = min(number, 1.0)
            put[path] = f"{number:.9g} {base[1]}" if base[1] else number
        text = 'name = "draw"\nclaim = "one draw"\nbasis = "docs/robustness/how_surely.py"\n'
        if overlays:
            text += f"pharmacology = {json.dumps([str(file) for file in overlays])}\n"
        yield text + "\n[set]\n" + "".join(f"{json.dumps(path)} = {json.dumps(value)}\n" for path, value in put.items())


def run(program, configs, texts):
    """Verdicts of every text; halves are tried apart where one of them is refused."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "h").mkdir()
        for index, text in enumerate(texts):
            (folder / "h" / f"{index:04}.toml").write_text(f"number = {index + 1}\n{text}")
        command = [program, "findings", str(configs / "findings"), "--hypotheses", str(folder / "h"), "--quiet"]
        try:
            done = subprocess.run([*command, "--out", str(folder / "out")], capture_output=True, text=True, timeout=300)
            refused = done.returncode != 0
        except subprocess.TimeoutExpired:
            refused = True
        if refused and len(texts) > 1:
            half = len(texts) // 2
            return run(program, configs, texts[:half]) + run(program, configs, texts[half:])
        if refused:
            return []
        models = json.loads((folder / "out" / "hypotheses.json").read_text())[1:]
    return [{finding["number"]: finding["verdict"] for finding in entry["findings"]} for entry in models]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", default="disinhibit")
    arguments.add_argument("--configs", default="configs", type=pathlib.Path)
    arguments.add_argument("--ranges", choices=["near", "literature"], default="near")
    arguments.add_argument("--draws", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--hypotheses", choices=["none", "all"], default="none")
    chosen = arguments.parse_args()
    configs = chosen.configs.resolve()
    models = [None]
    if chosen.hypotheses == "all":
        models += sorted((configs / "hypotheses").glob("*.toml"), key=lambda file: int(re.match(r"\d+", file.name)[0]))
    columns = {}
    for hypothesis in models:
        texts = list(files_of(configs, hypothesis, chosen.ranges, chosen.draws, chosen.seed))
        verdicts = [one for start in range(0, len(texts), 10) for one in run(chosen.program, configs, texts[start:start + 10])]
        name = tomllib.loads(hypothesis.read_text())["name"] if hypothesis else "default model"
        columns[name] = verdicts
        print(f"# {name}: {len(verdicts)} of {len(texts)} draws have a stable rest", flush=True)
    print("| # | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for number in range(1, 21):
        shares = [100 * sum(one[number] == "reproduced" for one in column) / max(len(column), 1) for column in columns.values()]
        print(f"| {number} | " + " | ".join(f"{share:.0f} %" for share in shares) + " |")
    spread = []
    for column in columns.values():
        counts = sorted(sum(verdict == "reproduced" for verdict in one.values()) for one in column) or [0]
        spread.append(f"{statistics.median(counts):.0f} ({counts[len(counts) // 10]}-{counts[-1 - len(counts) // 10]})")
    print("| reproduced: median (10th to 90th percentile) | " + " | ".join(spread) + " |")


if __name__ == "__main__":
    main()
