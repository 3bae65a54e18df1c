//! A scenario as equations, and their solution. Data flows one way: [`circuit`], [`signals`], [`pharmacology`],
//! [`modulation`], [`experiment`], [`equilibrium`], [`simulate`], [`readouts`]; a module uses only those before it.

pub mod circuit;
pub mod equilibrium;
pub mod experiment;
pub mod modulation;
pub mod pharmacology;
pub mod readouts;
pub mod signals;
pub mod simulate;

use disinhibit_model::{builder, scenario};
use disinhibit_numeric as numeric;
