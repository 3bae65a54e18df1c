"""Numba: a compiled loop for each point, with NumPy's ziggurat normals."""
import numba
from model import *


@numba.njit
def point(random, drive, weight, steps, decay, kick):
    rates, noise, target, sums = np.zeros(4), np.zeros(4), np.zeros(4), np.zeros(4)
    for step in range(steps):
        for i in range(4):
            total = drive[i] + noise[i]
            for j in range(4):
                total += weight[i, j] * rates[j]
            target[i] = MAXIMUM[i] / (1.0 + np.exp(-SLOPE * (total - THRESHOLD[i])))
        for i in range(4):
            rates[i] += STEP / TAU[i] * (target[i] - rates[i])
            noise[i] = decay * noise[i] + kick * random.standard_normal()
            if step >= steps // 2:
                sums[i] += rates[i]
    return sums / (steps // 2)


def run(steps=STEPS):
    decay = np.exp(-STEP / TAU_NOISE)
    kick = SIGMA * np.sqrt(1.0 - decay**2)
    columns = []
    for row, of_sst in enumerate(DRIVES_OF_SST):
        for column, to_pyr in enumerate(WEIGHTS_SST_TO_PYR):
            drive, weight = DRIVE.copy(), WEIGHT.copy()
            drive[2], weight[0, 2] = of_sst, to_pyr
            columns.append(point(np.random.default_rng([row, column]), drive, weight, steps, decay, kick))
    return np.array(columns).T


if __name__ == "__main__":
    point(np.random.default_rng(0), DRIVE, WEIGHT, 2, 0.9, 0.1)  # compiled before the clock starts
    report(run)
