"""The circuit of four_populations.toml as arrays, and how a script reports."""
import json
import resource
import sys

import numpy as np

TAU = np.array([20.0, 10.0, 20.0, 15.0])  # ms
MAXIMUM = np.array([60.0, 120.0, 80.0, 80.0])  # Hz
THRESHOLD = np.array([12.0, 14.0, 10.0, 10.0])
SLOPE = 0.25
WEIGHT = np.array([[0.5, -0.35, -0.3, 0.0], [0.45, -0.3, -0.2, 0.0], [0.4, 0.0, 0.0, -0.3], [0.35, 0.0, -0.25, 0.0]])
DRIVE = np.array([9.0, 7.0, 6.0, 6.0])
SIGMA, TAU_NOISE, STEP, STEPS = 1.0, 5.0, 0.1, 20_000
DRIVES_OF_SST = np.linspace(0.0, 12.0, 64)
WEIGHTS_SST_TO_PYR = np.linspace(-0.6, 0.0, 64)
POINTS = len(DRIVES_OF_SST) * len(WEIGHTS_SST_TO_PYR)


def report(run):
    """Runs once and prints CPU nanoseconds per point and step, and the mean rates over all points."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    rates = run()
    cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    result = {"ns_ps_user": cpu / (POINTS * STEPS) * 1e9, "mean": [round(float(rate), 3) for rate in rates.mean(axis=1)]}
    print("RESULT " + json.dumps(result))
    sys.stdout.flush()
