//! The facts that a hook gets about its run: a few as environment variables, all of them as JSON on standard input.

use domain::hooks::HookEvent;
use domain::ids::RunId;
use domain::metrics::ClassicMetrics;
use domain::report::RunReport;
use domain::run_state::{RunMode, RunState, StopReason};
use serde::Serialize;

use super::HookRunner;
use crate::{EngineError, Result};

/// Set in every process that a hook starts.
pub const EVENT: &str = "FIELDMARK_EVENT";

/// The facts of a run at an event.
pub struct Facts {
    pub variables: Vec<(&'static str, String)>,
    pub json: Vec<u8>,
}

/// The document on a hook's standard input.
#[derive(Serialize)]
struct Document {
    event: HookEvent,
    /// Same as `FIELDMARK_STATE`.
    state: String,
    report: RunReport,
    /// Same as in the metrics file; `None` if no image has finished.
    metrics: Option<ClassicMetrics>,
}

impl HookRunner {
    /// The facts about `run`, which is in `state`.
    pub(super) fn facts(&self, event: HookEvent, run: RunId, state: RunState, writes_metrics: bool) -> Result<Facts> {
        let mut report = self.insight.report(run)?;
        report.summary.state = state;
        let metrics = match self.insight.classic_metrics(run) {
            Ok(metrics) => Some(metrics),
            Err(EngineError::NoFigures(_)) => None,
            Err(error) => return Err(error),
        };
        let folder = self.folder()?;
        let has_file = event != HookEvent::BeforeRun && metrics.is_some() && writes_metrics;
        let metrics_file = if has_file { std::path::absolute(self.layout.metrics_file()).ok() } else { None };
        let summary = &report.summary;
        let wall_millis = report.metrics.as_ref().map_or(0.0, |metrics| metrics.wall_millis);
        let is_success = state == RunState::Stopped { reason: StopReason::Completed } && summary.failed == 0;
        let cost = format!("{:.6}", summary.paid.dollars());
        let variables = [
            (EVENT, event.name().into()),
            ("FIELDMARK_RUN", summary.id.to_string()),
            ("FIELDMARK_STATE", code(state)),
            ("FIELDMARK_SUCCESS", is_success.to_string()),
            ("FIELDMARK_MODEL", summary.model.0.clone()),
            ("FIELDMARK_RECIPE", summary.recipe_name.clone()),
            ("FIELDMARK_MODE", if summary.mode == RunMode::Batch { "batch" } else { "live" }.into()),
            ("FIELDMARK_IMAGES", summary.total.to_string()),
            ("FIELDMARK_ANSWERED", summary.done.to_string()),
            ("FIELDMARK_FAILED", summary.failed.to_string()),
            ("FIELDMARK_WAITING", summary.waiting.to_string()),
            ("FIELDMARK_MARKS", summary.annotation_count.to_string()),
            ("FIELDMARK_COST_DOLLARS", cost.clone()),
            ("FIELDMARK_WALL_MILLIS", format!("{wall_millis:.0}")),
            ("FIELDMARK_LIBRARY", folder.to_string_lossy().into_owned()),
            ("FIELDMARK_METRICS_FILE", metrics_file.unwrap_or_default().to_string_lossy().into_owned()),
            ("FIELDMARK_TASK", plain(&format!("Annotate {} images: {}", summary.total, summary.recipe_name))),
            (
                "FIELDMARK_SUMMARY",
                plain(&format!(
                    "Run {} {}: {} of {} images answered, {} failed, {} annotations, {cost} dollars, {wall_millis:.0} ms, \
                     by {}, recipe {}",
                    summary.id,
                    state.name(),
                    summary.done,
                    summary.total,
                    summary.failed,
                    summary.annotation_count,
                    summary.model,
                    summary.recipe_name
                )),
            ),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name, value.replace('\0', ""))).collect();
        let document = Document { event, state: code(state), report, metrics };
        let json = serde_json::to_vec(&document)
            .map_err(|error| EngineError::File { path: "standard input".into(), source: error.into() })?;
        Ok(Facts { variables, json })
    }
}

/// The state as a word that programs can compare: `completed`, `no_credit`.
fn code(state: RunState) -> String {
    let word = match state {
        RunState::Stopped { reason } => serde_json::to_value(reason),
        state => serde_json::to_value(state).map(|mut value| value["kind"].take()),
    };
    word.ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Replaces shell metacharacters. Where variables are expanded before parsing, as on Windows, a recipe's name could
/// otherwise become part of the command.
fn plain(text: &str) -> String {
    let keeps = |character: char| character.is_alphanumeric() || " .,:-_".contains(character);
    text.chars().map(|character| if keeps(character) { character } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_words_for_programs() {
        assert_eq!(code(RunState::Running), "running");
        assert_eq!(code(RunState::Interrupted), "interrupted");
        assert_eq!(code(RunState::Stopped { reason: StopReason::NoCredit }), "no_credit");
    }

    #[test]
    fn plain_text_is_plain_in_every_shell() {
        assert_eq!(plain("cats & dogs, $(rm -rf) \"%PATH%\" `x`\n"), "cats   dogs,   rm -rf    PATH    x  ");
    }
}
