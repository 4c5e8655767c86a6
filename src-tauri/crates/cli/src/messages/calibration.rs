//! Calibrations.

use std::io::{self, Write};

use domain::calibration::{Calibration, CalibrationPlan, CalibrationVerdict, SystemError};
use domain::coordinates::BoxCoordinates;
use domain::text::visible;

use super::format::counted;
use super::table::Table;

/// What a calibration sends and costs.
pub fn calibration_plan(out: &mut dyn Write, plan: &CalibrationPlan) -> io::Result<()> {
    writeln!(out, "{}, asked in {}", visible(&plan.model_name), plan.coordinates.name())?;
    writeln!(
        out,
        "  sends   {} to {}: shapes in one color; none of your images",
        counted(plan.requests, "drawn picture"),
        plan.host
    )?;
    match (plan.likely, plan.at_most) {
        (Some(likely), Some(at_most)) => writeln!(out, "  cost    about {likely}, never above {at_most}"),
        _ => writeln!(out, "  cost    unknown: the model has no price"),
    }
}

pub fn calibration(out: &mut dyn Write, result: &Calibration) -> io::Result<()> {
    if !result.errors.is_empty() {
        errors(out, result)?;
        writeln!(out)?;
    }
    for (place, picture) in result.pictures.iter().enumerate() {
        let size = picture.size;
        let found = match &picture.problem {
            Some(problem) => visible(problem).into_owned(),
            None => format!("{} of {} shapes", picture.answered, picture.shapes),
        };
        writeln!(out, "Picture {}, {} x {}: {found}", place + 1, size.width, size.height)?;
    }
    if let Some(paid) = result.paid {
        let lost = match result.possibly_billed {
            0 => String::new(),
            lost => format!("; {} without a reported usage may have been billed as well", counted(lost, "request")),
        };
        writeln!(out, "Paid {paid}{lost}")?;
    }
    writeln!(out, "{}", advice(result))
}

/// The error of every coordinate system.
fn errors(out: &mut dyn Write, result: &Calibration) -> io::Result<()> {
    let mut table = Table::new(["Coordinates", "Error", "Overlap", ""]);
    table.align_right([1, 2]);
    for SystemError { system, error_percent, iou } in &result.errors {
        let is_asked = *system == result.coordinates;
        let is_best = result.verdict == (CalibrationVerdict::Clear { system: *system });
        let note = match (is_asked, is_best) {
            (true, true) => "in use, the best",
            (true, false) => "in use",
            (false, true) => "the best",
            (false, false) => "",
        };
        table.add([system.name().to_owned(), format!("{error_percent:.1} %"), format!("{iou:.2}"), note.to_owned()]);
    }
    table.write(out)
}

fn advice(result: &Calibration) -> String {
    match &result.verdict {
        CalibrationVerdict::Clear { system } if *system == result.coordinates => {
            format!("{} is right for this model.", system.name())
        }
        CalibrationVerdict::Clear { system } => format!(
            "This model answers in {}, and is asked in {}: --apply changes that.",
            system.name(),
            result.coordinates.name()
        ),
        CalibrationVerdict::Unclear => "Unclear: no coordinate system is clearly the best.".to_owned(),
        CalibrationVerdict::TooFew => "Unclear: too few shapes were found.".to_owned(),
        CalibrationVerdict::NotMeasured { reason } => {
            format!("Not measured: {}.", visible(reason).trim_end_matches('.'))
        }
    }
}

pub fn coordinates_applied(result: &Calibration, system: BoxCoordinates) -> String {
    format!("{} is asked in {} from now on.", visible(&result.model_name), system.name())
}
