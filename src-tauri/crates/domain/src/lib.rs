//! What Fieldmark talks about, and the rules among those things: no IO, no clock, no async. Every type that crosses to
//! the window is defined here.

pub mod annotation;
pub mod answer;
pub mod audit;
pub mod calendar;
pub mod catalogue;
pub mod checks;
pub mod checkup;
pub mod coco;
pub mod compare;
pub mod connection;
pub mod diagnosis;
pub mod doubt;
pub mod export;
pub mod geometry;
pub mod hooks;
pub mod ids;
pub mod import;
pub mod layers;
pub mod library;
pub mod metrics;
pub mod model;
pub mod money;
pub mod plan;
pub mod query;
pub mod rate;
pub mod recipe;
pub mod report;
pub mod review;
pub mod run;
pub mod run_options;
pub mod settings;
pub mod shape;
pub mod similar;
pub mod taken;
pub mod usage;
