"""NumPy, vectorised over the points."""
from model import *


def run():
    drives, weights = (grid.ravel() for grid in np.meshgrid(DRIVES_OF_SST, WEIGHTS_SST_TO_PYR, indexing="ij"))
    random = np.random.default_rng(1)
    drive = np.repeat(DRIVE[:, None], POINTS, axis=1)
    drive[2] = drives
    fixed = WEIGHT.copy()
    fixed[0, 2] = 0.0
    rates, noise, sums = (np.zeros((4, POINTS)) for _ in range(3))
    decay = np.exp(-STEP / TAU_NOISE)
    kick = SIGMA * np.sqrt(1.0 - decay**2)
    for step in range(STEPS):
        total = fixed @ rates + drive + noise
        total[0] += weights * rates[2]
        target = MAXIMUM[:, None] / (1.0 + np.exp(-SLOPE * (total - THRESHOLD[:, None])))
        rates += (STEP / TAU)[:, None] * (target - rates)
        noise = decay * noise + kick * random.standard_normal((4, POINTS))
        if step >= STEPS // 2:
            sums += rates
    return sums / (STEPS // 2)


if __name__ == "__main__":
    report(run)
