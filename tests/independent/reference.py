"""The equations of docs/model.md for rich.toml, solved independently with SciPy; prints the rates as JSON.

    python3 reference.py > rich.json
"""

import json

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, fsolve

LN2 = np.log(2)
REPORTS = (0, 20, 60, 150, 250)


def softplus(x):
    return min(0.5 * 8 * np.logaddexp(0, (x - 40) / 8), 90)


def sigmoid(x):
    return 60 / (1 + np.exp(-0.06 * (x - 50)))


# Drives that hold E at 6 Hz (voltage form) and I at 11 Hz (rate form, refractory).
REST_V = brentq(lambda x: softplus(x) - 6, -200, 300)
DRIVE_E = REST_V - (1.5 * 6 - 2 * 11)
DRIVE_I = brentq(lambda x: sigmoid(x) * (1 - 0.005 * 11) - 11, -200, 300) - (2.5 * 6 - 0.5 * 11)

# a: subcutaneous, sized by its volume of distribution; nM per mg/kg, free in the brain.
KA, KE = LN2 / 9, LN2 / 35
PER_DOSE = 1 / 4 * 0.7 / 250 * 1e6 * 0.4 * 1.5
# b: two compartments, sized by the peak of an infusion over 10 min.
ALPHA, BETA = LN2 / 5, LN2 / 60
OFF = LN2 / 25


def concentration_a(t):
    total = 0
    for dose, given in ((0.9, 0), (0.4, 70)):
        if t > given:
            total += dose * PER_DOSE * KA / (KA - KE) * (np.exp(-KE * (t - given)) - np.exp(-KA * (t - given)))
    return total


def accumulated(t):
    return 0 if t <= 0 else 0.6 * (1 - np.exp(-ALPHA * t)) / ALPHA + 0.4 * (1 - np.exp(-BETA * t)) / BETA


def concentration_b(t):
    per_rate = 20 / (accumulated(10) / 10)
    return per_rate * 0.3 / 15 * (accumulated(t - 30) - accumulated(t - 45))


def arm(name):
    treated, stressed = name in ("all", "ko"), name != "control"
    available_c = 0.5 if name == "ko" else 1.0

    def channel(a, m, ic50):
        stimulus = available_c * 3 * 0.8 / 1.8
        x = (a / ic50 + m / 200) ** 1.3
        return stimulus / (1 + stimulus) * (1 - x / (1 + x))

    rest_i, rest_e = channel(0, 2.5, 300), channel(0, 2.5, 900)

    def signals(t, y):
        _, endogenous, desensitised, bound_b = y
        a = concentration_a(t) if treated else 0
        b = concentration_b(t) if treated else 0
        m = 0.5 * endogenous
        x = a / 10 ** (9 - 7.5)
        bound_a = (1 - bound_b) * x / (1 + x)
        available = 0.7 if treated and 100 <= t < 200 else 1.0
        stimulus = available * (1 - desensitised) * 6 * (1 + 0.8 * m / (m + 40)) * bound_a
        activation = stimulus**1.4 / (1 + stimulus**1.4)
        return a, b, bound_a, activation, channel(a, m, 300), channel(a, m, 900)

    def slopes(t, y):
        stress, endogenous, desensitised, bound_b = y
        a, b, bound_a, activation, channel_i, _ = signals(t, y)
        exposed = 1.0 if stressed and -80 <= t < 40 else 0.0
        wanted = 5 * (1 + 10 * a**2 / (a**2 + 150**2))
        gate = 1 - 0.7 * (1 - channel_i / rest_i)
        return [
            (exposed - stress) / (180 if exposed > stress else 300),
            (wanted - endogenous) / (4 if wanted > endogenous else 9),
            (1 - desensitised) * activation * gate / 6 - desensitised / 50,
            OFF * (b / 2 * (1 - bound_b - bound_a) - bound_b),
        ]

    def rates(t, y):
        stress = y[0]
        _, _, _, activation, channel_i, channel_e = signals(t, y)
        onto_i = 0.6 * -20 * activation * max(0, 1 - 0.5 * channel_i)
        onto_i += 6 * (channel_i - rest_i) * (1 + 0.5 * stress) + 8 * stress
        onto_e = 0.7 * 5 * (channel_e - rest_e) + (2 if treated and 10 <= t < 50 else 0)
        gain_i = 1 - 0.6 * 0.2 * activation
        weight_ee = 1.5 * (1 + 0.7 * 0.1 * (channel_e - rest_e))
        output_i = 1 + 0.1 * stress

        def residual(state):
            e, i = softplus(state[0]), state[1]
            return [
                state[0] - (DRIVE_E + onto_e + weight_ee * e - 2 * output_i * i),
                i - gain_i * sigmoid(DRIVE_I + onto_i + 2.5 * e - 0.5 * output_i * i) * (1 - 0.005 * i),
            ]

        state = fsolve(residual, [REST_V, 11], xtol=1e-13)
        return [float(softplus(state[0])), float(state[1])]

    y, now, found = [0.3 if stressed else 0, 5, 0, 0], -100.0, {}
    for stop in sorted({-80, 0, 10, 30, 40, 45, 50, 70, 100, 200, *REPORTS}):
        y = solve_ivp(slopes, (now, stop), y, rtol=1e-10, atol=1e-12, max_step=0.5).y[:, -1]
        now = stop
        if stop in REPORTS:
            found[f"{stop} min"] = rates(stop + 1e-9, y)
    return found


print(json.dumps({name: arm(name) for name in ("control", "stress", "all", "ko")}, indent=1))
