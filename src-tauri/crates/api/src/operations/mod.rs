//! The operations, by screen.

mod browser;
mod calibrations;
mod care;
mod checks;
mod connections;
mod evaluations;
mod exports;
mod front_end;
mod hooks;
mod imports;
mod library;
mod plan;
mod prices;
mod publishing;
mod recipes;
mod review;
mod runs;
mod settings;
mod spending;

use crate::router::Operation;

/// Every operation, in the order of the generated client.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    [
        library::OPERATIONS,
        recipes::OPERATIONS,
        plan::OPERATIONS,
        prices::OPERATIONS,
        spending::OPERATIONS,
        runs::OPERATIONS,
        exports::OPERATIONS,
        imports::OPERATIONS,
        publishing::OPERATIONS,
        evaluations::OPERATIONS,
        review::OPERATIONS,
        checks::OPERATIONS,
        connections::OPERATIONS,
        calibrations::OPERATIONS,
        hooks::OPERATIONS,
        settings::OPERATIONS,
        care::OPERATIONS,
        front_end::OPERATIONS,
        browser::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

pub fn find(name: &str) -> Option<&'static Operation> {
    all().find(|operation| operation.name == name)
}
