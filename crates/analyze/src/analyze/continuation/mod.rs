//! Continuation: what happens to fixed points and limit cycles while a knob is turned.
//!
//! [`Diagram`] follows branches of fixed points of any [`Family`] of equations by pseudo-arclength, through folds, onto
//! the branches that cross, and follows the limit cycles that are born at Hopf points. [`special_curves`] follows folds and
//! Hopf points over two knobs.

mod corner;
mod cycle_branch;
mod cycle_end;
mod cycle_shape;
mod cycle_steps;
mod diagram;
mod equilibria;
mod family;
mod floquet;
mod follower;
mod notice;
mod options;
mod orbit;
mod orbit_newton;
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
