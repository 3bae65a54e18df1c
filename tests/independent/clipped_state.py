"""Frequencies of two adapting populations that inhibit each other, their states held at 0: plain Python, no library.

    python3 tests/independent/clipped_state.py

prints weight, strength of adaptation and frequency in Hz at two steps; tests/published_hertag_sprekeler.rs holds the last.
"""

TAU, TAU_ADAPTATION, DRIVE = 0.01, 0.05, 25.0


def frequency(step, weight, strength, seconds=8.0):
    def slope(one, other, adapted_one, adapted_other):
        return (
            (-one + DRIVE + weight * other + adapted_one) / TAU,
            (-other + DRIVE + weight * one + adapted_other) / TAU,
            (-adapted_one - strength * one) / TAU_ADAPTATION,
            (-adapted_other - strength * other) / TAU_ADAPTATION,
        )

    def moved(state, slopes, length):
        moved = [value + length * slope for value, slope in zip(state, slopes)]
        return max(moved[0], 0.0), max(moved[1], 0.0), moved[2], moved[3]

    state = (12.0, 8.0, -strength * 12.0, -strength * 8.0)
    crossings, before = [], -1.0
    for count in range(int(seconds / step)):
        first = slope(*state)
        second = slope(*moved(state, first, step / 2))
        third = slope(*moved(state, second, step / 2))
        fourth = slope(*moved(state, third, step))
        mean = [(a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(first, second, third, fourth)]
        state = moved(state, mean, step)
        difference = state[0] - state[1]
        if before < 0 <= difference and count * step > seconds / 2:
            crossings.append((count - before / (difference - before)) * step)
        before = difference
    return (len(crossings) - 1) / (crossings[-1] - crossings[0])


if __name__ == "__main__":
    for weight, strength in [(-1.3, 0.35), (-1.3, 0.7), (-1.4, 0.7), (-1.4, 0.5), (-1.4, 1.0), (-1.4, 1.5), (-1.4, 2.0)]:
        print(weight, strength, frequency(4e-5, weight, strength), frequency(2e-5, weight, strength))
