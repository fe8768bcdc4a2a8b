#![doc = include_str!("../README.md")]

pub mod dagster;
mod families;
pub mod github;
mod level;
pub mod metrics;
pub mod openlineage;
pub mod otlp;
pub mod slack;
mod text;

pub use level::Level;
