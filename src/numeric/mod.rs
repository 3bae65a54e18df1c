//! Numerics without neuroscience: lanes and their functions, counter-based noise, small linear algebra.

pub mod expression;
pub mod functions;
mod hessenberg;
mod instructions;
pub mod lanes;
pub mod linear;
pub mod monotone;
pub mod normal;
pub mod philox;
pub mod quantile;
pub mod spectrum;
