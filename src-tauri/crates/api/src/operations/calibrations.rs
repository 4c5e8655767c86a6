//! Finding out in which coordinates a model answers.

use domain::calibration::{Calibration, CalibrationPlan};
use domain::coordinates::BoxCoordinates;
use domain::model::ModelId;
use domain::money::PicoDollars;

use crate::router::operations;

operations! {
    /// What calibrating a model costs and needs. Sends nothing.
    read plan_calibration(api, model: ModelId) -> CalibrationPlan {
        api.ask(move |library| library.calibrations.plan(&model)).await
    }

    /// Sends pictures with known shapes to a model, each once. `at_most` is the bound that the user has seen.
    write calibrate(api, model: ModelId, at_most: Option<PicoDollars>) -> Calibration {
        Ok(api.library.calibrations.run(&model, at_most).await?)
    }

    /// Asks the model in these coordinates from now on.
    write apply_coordinates(api, model: ModelId, system: BoxCoordinates) -> () {
        api.ask(move |library| library.calibrations.apply(&model, system)).await
    }
}
