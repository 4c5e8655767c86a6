//! The list of runs.

use std::io::{self, Write};

use domain::money::PicoDollars;
use domain::run::{EstimateRecord, RunSummary};
use domain::run_state::{RunState, StopReason};

use super::format::{counted, grouped, likely, money};
use super::table::Table;
use crate::style::{GOOD, WARNING};

pub fn runs(out: &mut dyn Write, runs: &[RunSummary]) -> io::Result<()> {
    if runs.is_empty() {
        return writeln!(out, "No runs yet. `fieldmark annotate PATH` starts one.");
    }
    // Columns that no run needs are not shown.
    let has_names = runs.iter().any(|run| !run.description.name.is_empty());
    let has_tags = runs.iter().any(|run| !run.description.tags.is_empty());
    let own = [("Name", has_names), ("Tags", has_tags)];
    let own = own.into_iter().filter_map(|(title, is_shown)| is_shown.then_some(title));
    let figures = ["Run", "Started", "State", "Recipe", "Model", "Images", "Failed", "Annotations", "Likely", "Paid"];
    let mut table = Table::of_columns(figures.into_iter().chain(own));
    table.align_right([0, 5, 6, 7, 8, 9]);
    for run in runs {
        let own = [(run.description.name.clone(), has_names), (run.description.tags.join(", "), has_tags)];
        let own = own.into_iter().filter_map(|(value, is_shown)| is_shown.then_some(value));
        let figures = [
            run.id.to_string(),
            local_time(run.started_at),
            run.state.name().to_owned(),
            run.recipe_name.clone(),
            run.model.to_string(),
            format!("{}/{}", grouped(run.done.into()), grouped(run.total.into())),
            grouped(run.failed.into()),
            grouped(run.annotation_count.into()),
            run.quoted.filter(|quoted| quoted.at_most > PicoDollars::ZERO).map_or_else(|| "-".to_owned(), likely),
            match run.reported_cost() {
                _ if !run.has_price() => "unknown".to_owned(),
                Some(cost) => money(cost),
                None => "not reported".to_owned(),
            },
        ];
        table.add_row(figures.into_iter().chain(own));
    }
    table.write(out)?;
    match EstimateRecord::of(runs) {
        EstimateRecord { runs: 0, .. } => Ok(()),
        EstimateRecord { runs, in_range } => {
            writeln!(out)?;
            writeln!(out, "Cost in the likely range in {} of {}.", grouped(in_range.into()), counted(runs, "run"))
        }
    }
}

pub fn no_such_run(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "No run has these tags and this model.")
}

/// Milliseconds since the Unix epoch, as local time.
pub fn local_time(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    jiff::tz::TimeZone::system().to_datetime(time).strftime("%Y-%m-%d %H:%M").to_string()
}

/// State of a run, green if it is complete.
pub fn state(state: RunState) -> String {
    let style = match state {
        RunState::Stopped { reason: StopReason::Completed } => GOOD,
        _ => WARNING,
    };
    format!("{style}{}{style:#}", state.name())
}
