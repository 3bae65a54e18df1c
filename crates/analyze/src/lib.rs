//! What a circuit can do: [`analyze`] finds its fixed points, their stability, and where they change; [`sweep`] runs many
//! circuits and fits what comes out.

pub mod analyze;
pub mod sweep;

use disinhibit_engine::{circuit, equilibrium, experiment, readouts, simulate};
use disinhibit_model::{scenario, units};
use disinhibit_numeric as numeric;
