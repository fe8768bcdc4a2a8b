#![doc = include_str!("../README.md")]

mod answer;
mod check;
mod client;
mod compare;
mod config;
mod encode;
mod error;
mod json;
mod limits;
mod sink;

pub use client::{HttpSettings, HttpTransport, Transport, TransportError};
pub use config::{Host, Settings};
pub use encode::Encoder;
pub use limits::QUOTAS;
pub use sink::ActiveCampaign;
