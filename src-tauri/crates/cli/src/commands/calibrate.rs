//! `calibrate`: shows the cost, asks, sends pictures with known shapes, and shows the error of every coordinate system.

use domain::calibration::CalibrationVerdict;
use domain::model::ModelId;
use engine::Invocation;

use super::quoting::with_similar_model;
use crate::arguments::{Calibrate, Global};
use crate::confirm::confirm;
use crate::environment::EnvFileUse;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library::{self, WhenMissing};
use crate::messages;
use crate::output::{Console, notes};

pub async fn calibrate(arguments: &Calibrate, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let when_missing = WhenMissing::Create { is_agreed: arguments.yes };
    let library = library::open_during(global, Invocation::default(), EnvFileUse::Ask, when_missing).await?;
    let model = ModelId(arguments.model.clone());
    let plan = library.calibrations.plan(&model).map_err(|error| with_similar_model(&library, error))?;
    messages::calibration_plan(&mut notes(), &plan)?;
    if plan.unavailable.is_none() && !arguments.yes && !confirm("Calibrate?").await? {
        return Err(CommandError::NotConfirmed);
    }
    if plan.unavailable.is_none() {
        // The plan has said what is sent there.
        library.settings.agree_to(&plan.host)?;
    }
    let result = library.calibrations.run(&model, plan.at_most).await?;
    output.show(&result, |out| messages::calibration(out, &result))?;
    match result.verdict {
        CalibrationVerdict::Clear { system } => {
            if arguments.apply && system != result.coordinates {
                library.calibrations.apply(&model, system)?;
                messages::note(&mut notes(), &messages::coordinates_applied(&result, system))?;
            }
            Ok(Exit::Done)
        }
        CalibrationVerdict::Unclear => Ok(Exit::Done),
        CalibrationVerdict::TooFew | CalibrationVerdict::NotMeasured { .. } => Ok(Exit::Failed),
    }
}
