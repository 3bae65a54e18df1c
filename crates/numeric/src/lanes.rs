//! Lanes: the same number of many circuits side by side in SIMD registers.
//!
//! [`Row`] is the form in memory, [`Lanes`] that in registers: `G` vectors of eight. Each operation is done for all `G`
//! vectors before the next, which hides the latency of arithmetic. Only +, -, x, division, square root, fused
//! multiply-add, comparison and selection are used, so that every SIMD level gives the same bits.

use super::instructions;
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, mask64x8};
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

#[doc(hidden)]
pub use fearless_simd::Level;
pub use fearless_simd::{Simd, SimdBase};

/// Lanes in one vector.
pub const WIDTH: usize = 8;

/// One number for each of `8 G` lanes, in memory.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<const G: usize>(pub [[f64; WIDTH]; G]);

impl<const G: usize> Row<G> {
    /// How many lanes there are.
    pub const LANES: usize = WIDTH * G;
    /// All of them, as bits.
    pub const ALL: u64 = u64::MAX >> (64 - Self::LANES);
    /// Zero in every lane.
    pub const ZERO: Self = Self([[0.0; WIDTH]; G]);

    /// The same number in every lane.
    pub const fn splat(value: f64) -> Self {
        Self([[value; WIDTH]; G])
    }

    /// The number that `value` gives for each lane.
    pub fn from_fn(mut value: impl FnMut(usize) -> f64) -> Self {
        Self(std::array::from_fn(|group| std::array::from_fn(|lane| value(group * WIDTH + lane))))
    }

    /// The number of one lane.
    pub fn get(&self, lane: usize) -> f64 {
        self.0[lane / WIDTH][lane % WIDTH]
    }

    /// Changes the number of one lane.
    pub fn set(&mut self, lane: usize, value: f64) {
        self.0[lane / WIDTH][lane % WIDTH] = value;
    }
}

/// Puts `next` in the place of `now` in the lanes of the bits.
pub fn replace<const G: usize>(now: &mut [Row<G>], next: &[Row<G>], bits: u64) {
    for (now, next) in now.iter_mut().zip(next) {
        *now = Row::from_fn(|lane| if bits >> lane & 1 == 1 { next.get(lane) } else { now.get(lane) });
    }
}

/// One number for each of `8 G` lanes, in registers.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<S: Simd, const G: usize>(pub [f64x8<S>; G]);

/// A truth for each of `8 G` lanes.
#[derive(Clone, Copy, Debug)]
pub struct Mask<S: Simd, const G: usize>(pub [mask64x8<S>; G]);

/// Whether a level of x86 is too old for a fused multiply-add (those with it have vectors of four and more).
pub(super) const fn lacks_fused_multiply_add<S: Simd>() -> bool {
    cfg!(target_arch = "x86_64") && size_of::<S::f64s>() < 32
}

/// The same bits, without the instruction. Not inlined: in vectors, the emulation would fill the program.
#[inline(never)]
fn fused_one_by_one<S: Simd>(simd: S, one: [f64; WIDTH], factor: [f64; WIDTH], term: [f64; WIDTH]) -> f64x8<S> {
    let fused: [f64; WIDTH] = std::array::from_fn(|lane| libm::fma(one[lane], factor[lane], term[lane]));
    f64x8::from_slice(simd, &fused)
}

impl<S: Simd, const G: usize> Lanes<S, G> {
    /// The same number in every lane.
    #[inline(always)]
    pub fn splat(simd: S, value: f64) -> Self {
        Self([f64x8::splat(simd, value); G])
    }

    /// The numbers of a row.
    #[inline(always)]
    pub fn load(simd: S, row: &Row<G>) -> Self {
        let mut lanes = [f64x8::splat(simd, 0.0); G];
        for (vector, group) in lanes.iter_mut().zip(&row.0) {
            *vector = f64x8::from_slice(simd, group);
        }
        Self(lanes)
    }

    /// Writes the numbers to a row.
    #[inline(always)]
    pub fn store(self, row: &mut Row<G>) {
        for (vector, group) in self.0.iter().zip(&mut row.0) {
            vector.store_slice(group);
        }
    }

    #[inline(always)]
    fn map(mut self, operation: impl Fn(f64x8<S>) -> f64x8<S>) -> Self {
        for vector in &mut self.0 {
            *vector = operation(*vector);
        }
        self
    }

    #[inline(always)]
    fn zip(mut self, other: Self, operation: impl Fn(f64x8<S>, f64x8<S>) -> f64x8<S>) -> Self {
        for (vector, other) in self.0.iter_mut().zip(other.0) {
            *vector = operation(*vector, other);
        }
        self
    }

    #[inline(always)]
    fn compare(self, other: Self, operation: impl Fn(f64x8<S>, f64x8<S>) -> mask64x8<S>) -> Mask<S, G> {
        Mask(std::array::from_fn(
            #[inline(always)]
            |group| operation(self.0[group], other.0[group]),
        ))
    }

    /// `self * factor + term`, rounded once.
    #[inline(always)]
    pub fn mul_add(mut self, factor: Self, term: Self) -> Self {
        for ((vector, factor), term) in self.0.iter_mut().zip(factor.0).zip(term.0) {
            *vector = if const { lacks_fused_multiply_add::<S>() } {
                fused_one_by_one(vector.simd, (*vector).into(), factor.into(), term.into())
            } else {
                vector.mul_add_precise(factor, term)
            };
        }
        self
    }

    /// The square root, correctly rounded.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        self.map(
            #[inline(always)]
            |vector| vector.sqrt(),
        )
    }

    /// Without sign.
    #[inline(always)]
    pub fn abs(self) -> Self {
        self.map(
            #[inline(always)]
            |vector| vector.abs(),
        )
    }

    /// The number within +-`bound` that is nearest; where `self` is NaN, any number there. Cheaper than [`Self::max`] and
    /// [`Self::min`].
    #[inline(always)]
    pub fn within(self, bound: f64) -> Self {
        self.map(
            #[inline(always)]
            |vector| instructions::within(vector, bound),
        )
    }

    /// The larger number; `self` where either is NaN, so that a NaN in `self` stays.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        other.gt(self).select(other, self)
    }

    /// The smaller number; `self` where either is NaN, so that a NaN in `self` stays.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        other.lt(self).select(other, self)
    }

    /// Less than.
    #[inline(always)]
    pub fn lt(self, other: Self) -> Mask<S, G> {
        self.compare(
            other,
            #[inline(always)]
            |one, other| one.simd_lt(other),
        )
    }

    /// Less than or equal.
    #[inline(always)]
    pub fn le(self, other: Self) -> Mask<S, G> {
        self.compare(
            other,
            #[inline(always)]
            |one, other| one.simd_le(other),
        )
    }

    /// Greater than.
    #[inline(always)]
    pub fn gt(self, other: Self) -> Mask<S, G> {
        other.lt(self)
    }

    /// Equal.
    #[inline(always)]
    pub fn eq(self, other: Self) -> Mask<S, G> {
        self.compare(
            other,
            #[inline(always)]
            |one, other| one.simd_eq(other),
        )
    }

    /// Neither infinite nor NaN.
    #[inline(always)]
    pub fn is_finite(self) -> Mask<S, G> {
        Mask(std::array::from_fn(
            #[inline(always)]
            |group| self.0[group].is_finite(),
        ))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<S: Simd, const G: usize> $trait for Lanes<S, G> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(
                    other,
                    #[inline(always)]
                    |one, other| $trait::$method(one, other),
                )
            }
        }

        impl<S: Simd, const G: usize> $trait<f64> for Lanes<S, G> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self.map(
                    #[inline(always)]
                    |vector| $trait::$method(vector, other),
                )
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<S: Simd, const G: usize> Neg for Lanes<S, G> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.map(
            #[inline(always)]
            |vector| -vector,
        )
    }
}

impl<S: Simd, const G: usize> Mask<S, G> {
    /// The truths of the bits, lane 0 lowest.
    #[inline(always)]
    pub fn from_bits(simd: S, bits: u64) -> Self {
        Self(std::array::from_fn(
            #[inline(always)]
            |group| mask64x8::from_bitmask(simd, bits >> (group * WIDTH)),
        ))
    }

    /// One bit per lane, lane 0 lowest.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        let mut bits = 0;
        for (group, mask) in self.0.iter().enumerate() {
            bits |= mask.to_bitmask() << (group * WIDTH);
        }
        bits
    }

    /// `if_true` where true, else `if_false`.
    #[inline(always)]
    pub fn select(self, if_true: Lanes<S, G>, if_false: Lanes<S, G>) -> Lanes<S, G> {
        let mut chosen = if_false;
        for ((chosen, mask), if_true) in chosen.0.iter_mut().zip(self.0).zip(if_true.0) {
            *chosen = mask.select(if_true, *chosen);
        }
        chosen
    }

    /// True in both.
    #[inline(always)]
    pub fn and(mut self, other: Self) -> Self {
        for (mask, other) in self.0.iter_mut().zip(other.0) {
            *mask &= other;
        }
        self
    }

    /// True in either.
    #[inline(always)]
    pub fn or(mut self, other: Self) -> Self {
        for (mask, other) in self.0.iter_mut().zip(other.0) {
            *mask |= other;
        }
        self
    }

    /// True where false.
    #[inline(always)]
    pub fn not(mut self) -> Self {
        for mask in &mut self.0 {
            *mask = !*mask;
        }
        self
    }

    /// Whether any lane is true.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.0.iter().any(
            #[inline(always)]
            |mask| mask.any_true(),
        )
    }

    /// Whether every lane is true.
    #[inline(always)]
    pub fn all(self) -> bool {
        self.0.iter().all(
            #[inline(always)]
            |mask| mask.all_true(),
        )
    }
}

/// Runs an expression with the best SIMD instructions of this machine (or those of a level); `$simd` is their token there.
///
/// On x86-64 there are three copies of what it runs: AVX-512, AVX2, and SSE2, which every such machine has. A program that is
/// built for machines with AVX-512 alone (`-C target-cpu=native` on one of them) has one copy, and is built sooner. So has
/// one that is built for AVX2 with `--cfg disable_dispatch_avx512`, which is the fastest build to develop with.
///
/// Where `[G]` says how many vectors go side by side, SSE2, which is there for machines of before 2013, has a copy for one
/// alone: see [`is_wide`].
#[macro_export]
macro_rules! dispatch {
    ($simd:ident => $run:expr) => {
        $crate::lanes::dispatch!($crate::lanes::chosen(), 1, $simd => $run)
    };
    ([$vectors:expr] $simd:ident => $run:expr) => {
        $crate::lanes::dispatch!($crate::lanes::chosen(), $vectors, $simd => $run)
    };
    ($level:expr, $simd:ident => $run:expr) => {
        $crate::lanes::dispatch!($level, 1, $simd => $run)
    };
    ($level:expr, $vectors:expr, $simd:ident => $run:expr) => {{
        let level: $crate::lanes::Level = $level;
        #[cfg(all(target_arch = "x86_64", target_feature = "avx512f"))]
        {
            use $crate::lanes::Simd as _;
            let Some($simd) = level.as_avx512() else { unreachable!("the program is built for AVX-512") };
            $simd.vectorize(
                #[inline(always)]
                || $run,
            )
        }
        #[cfg(all(target_arch = "x86_64", target_feature = "avx2", disable_dispatch_avx512))]
        {
            use $crate::lanes::Simd as _;
            let Some($simd) = level.as_avx2() else { unreachable!("the program is built for AVX2") };
            $simd.vectorize(
                #[inline(always)]
                || $run,
            )
        }
        #[cfg(all(
            target_arch = "x86_64",
            not(target_feature = "avx512f"),
            not(all(target_feature = "avx2", disable_dispatch_avx512))
        ))]
        {
            use $crate::lanes::Simd as _;
            if let Some($simd) = level.as_avx512() {
                $simd.vectorize(
                    #[inline(always)]
                    || $run,
                )
            } else if let Some($simd) = level.as_avx2() {
                $simd.vectorize(
                    #[inline(always)]
                    || $run,
                )
            } else if const { $vectors == 1 } {
                let Some($simd) = level.as_sse2() else { unreachable!("SSE2 is part of x86-64") };
                $simd.vectorize(
                    #[inline(always)]
                    || $run,
                )
            } else {
                unreachable!("with SSE2 no more than one vector goes side by side")
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            $crate::lanes::simd_crate::dispatch!(level, $simd => $run)
        }
    }};
}
pub use dispatch;
#[cfg(not(target_arch = "x86_64"))]
#[doc(hidden)]
pub use fearless_simd as simd_crate;

/// The name of the level that is used: the best that this machine has.
pub const BEST: &str = "best";

/// Which of the levels is used; others than the best only in tests.
static CHOSEN: AtomicUsize = AtomicUsize::new(0);

/// The level that is used.
#[doc(hidden)]
pub fn chosen() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    let best = *LEVEL.get_or_init(Level::new);
    match CHOSEN.load(Ordering::Relaxed) {
        0 => best,
        other => tokens().get(other).map_or(best, |(_, level)| *level),
    }
}

/// Vectors that go side by side where there are many circuits.
pub const WIDE: usize = 4;

/// Whether [`WIDE`] vectors may go side by side with the level that is used; one at a time where not, to the same bits.
pub fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        !matches!(chosen(), Level::Sse2(_))
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        true
    }
}

/// The names of the SIMD levels that this machine can run, for tests of equal bits; the first is [`BEST`].
pub fn levels() -> Vec<&'static str> {
    tokens().into_iter().map(|(name, _)| name).collect()
}

/// What the best level is called.
pub fn level_name() -> &'static str {
    let best = std::mem::discriminant(&Level::new());
    let others = tokens().into_iter().skip(1);
    others.into_iter().find(|(_, known)| std::mem::discriminant(known) == best).map_or("fallback", |(name, _)| name)
}

/// Runs something with one of the [`levels`] in the whole program, for tests of equal bits and for benchmarks: one after the
/// other. What else the program does meanwhile gets the same bits, only at another speed.
pub fn on_level<T>(name: &str, run: impl FnOnce() -> T) -> T {
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            CHOSEN.store(0, Ordering::Relaxed);
        }
    }
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let _back = Back;
    CHOSEN.store(levels().iter().position(|known| *known == name).unwrap_or(0), Ordering::Relaxed);
    run()
}

/// Every SIMD level that this machine can run, by name.
#[doc(hidden)]
pub fn tokens() -> Vec<(&'static str, Level)> {
    let best = Level::new();
    let mut levels = vec![(BEST, best)];
    #[cfg(target_arch = "x86_64")]
    {
        levels.extend(best.as_avx512().map(|token| ("avx512", Level::Avx512(token))));
        if cfg!(not(any(target_feature = "avx512f", all(target_feature = "avx2", disable_dispatch_avx512)))) {
            levels.extend(best.as_avx2().map(|token| ("avx2", Level::Avx2(token))));
            levels.extend(best.as_sse2().map(|token| ("sse2", Level::Sse2(token))));
        }
    }
    #[cfg(target_arch = "aarch64")]
    levels.extend(best.as_neon().map(|token| ("neon", Level::Neon(token))));
    levels
}
