//! Continuation: what happens to fixed points and limit cycles while a knob is turned.
//!
//! [`Diagram`] follows branches of fixed points of any [`Family`] of equations by pseudo-arclength, through folds, onto
//! the branches that cross, and follows the limit cycles that are born at Hopf points. [`special_curves`] follows folds and
//! Hopf points over two knobs.

mod cycle_branch;
mod diagram;
mod equilibria;
mod family;
mod options;
mod orbit;
mod special;
mod switching;
mod tracer;
mod two_knobs;

pub use cycle_branch::{CycleBranch, CycleEnd, CyclePoint};
pub use diagram::{Diagram, Start};
pub use equilibria::{Branch, BranchPoint, End};
pub use family::{Family, KnobSlope, Point};
pub use options::{Options, OptionsError, Settings};
pub use special::{Kind, Special};
pub use two_knobs::{CornerKind, CurvePoint, SpecialCurve, special_curves};
