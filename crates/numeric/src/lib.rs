//! Numerics without neuroscience: lanes and their functions, counter-based noise, small linear algebra.

#[cfg(test)]
mod accuracy;
pub mod error_function;
pub mod expression;
pub mod functions;
mod hessenberg;
mod instructions;
pub mod interval;
pub mod lanes;
pub mod linear;
pub mod monotone;
pub mod normal;
pub mod philox;
pub mod piece;
pub mod quantile;
pub mod spectrum;
pub mod trigonometry;
