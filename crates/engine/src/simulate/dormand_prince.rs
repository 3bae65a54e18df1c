//! The Dormand-Prince 5(4) pair (Dormand & Prince 1980, doi:10.1016/0771-050X(80)90013-3) over lanes.

use crate::numeric::lanes::{Lanes, Row, dispatch};

/// Nodes of the Dormand-Prince pair.
pub const NODES: [f64; 7] = [0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0];
/// Its stages; the last is the fifth-order solution.
pub const STAGES: [[f64; 6]; 7] = [
    [0.0; 6],
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
/// Fifth-order minus fourth-order weights.
pub const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339_200.0, 22.0 / 525.0, -1.0 / 40.0];

/// Weights of the slopes in the fourth-order dense output (Hairer, Norsett & Wanner 1993, Solving Ordinary Differential
/// Equations I, doi:10.1007/978-3-540-78862-1, section II.6: their routine contd5), beyond the cubic through both ends.
pub const DENSE: [f64; 7] = [
    -12_715_105_075.0 / 11_282_082_432.0,
    0.0,
    87_487_479_700.0 / 32_700_410_799.0,
    -10_690_763_975.0 / 1_880_347_072.0,
    701_980_252_875.0 / 199_316_789_632.0,
    -1_453_857_185.0 / 822_651_844.0,
    69_997_945.0 / 29_380_423.0,
];

/// `now + length x sum of weighted slopes`, for every slow variable.
pub fn advance<const G: usize>(
    now: &[Row<G>],
    slopes: &[Vec<Row<G>>],
    weights: &[f64],
    length: &Row<G>,
    next: &mut [Row<G>],
) {
    dispatch!([G] simd => {
        let length = Lanes::load(simd, length);
        for (index, (now, next)) in now.iter().zip(next).enumerate() {
            let mut sum = Lanes::splat(simd, 0.0);
            for (weight, slope) in weights.iter().zip(slopes) {
                sum = Lanes::splat(simd, *weight).mul_add(Lanes::load(simd, &slope[index]), sum);
            }
            length.mul_add(sum, Lanes::load(simd, now)).store(next);
        }
    });
}
