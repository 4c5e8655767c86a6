//! Counts of filters: the number of images with each filter added, keeping the conditions of other kinds.

use std::collections::HashMap;
use std::mem::discriminant;

use domain::annotation::Status;
use domain::calendar::CalendarDate;
use domain::ids::{CollectionId, RunId};
use domain::layers::LayerScope;
use domain::library::{Collection, FilterCount, FilterCounts, LabelCount, RunCount};
use domain::query::{Condition, ImageQuery, ImageState, Share, Span, Test, Trait};
use domain::review::checks::Check;
use domain::run_state::FailureKind;

use super::id_set::IdSet;
use crate::code::from_name;
use crate::table::all;
use crate::table::imports::IS_SHOWN_LAYER;
use crate::table::layers::Layers;
use crate::{Result, View};

/// Maximum number of listed runs.
const MOST_RUNS: u32 = 8;
/// Uncertain, possible, and nearly certain.
const CONFIDENCES: [Span<Share>; 3] = [
    Span::Below { value: Share(0.5) },
    Span::Between { least: Share(0.5), most: Share(0.8) },
    Span::Above { value: Share(0.8) },
];
/// Any span identifies the kind of condition to omit.
const ANY_DAY: Span<CalendarDate> = Span::AtLeast { value: CalendarDate::new(1970, 1, 1) };
const STATUSES: [Status; 4] = [Status::Proposed, Status::Accepted, Status::Edited, Status::Rejected];
const TRAITS: [Trait; 3] = [Trait::Annotations, Trait::Answer, Trait::Attributes];
const STATES: [ImageState; 5] =
    [ImageState::Unreviewed, ImageState::Reviewed, ImageState::ConfirmedEmpty, ImageState::Failed, ImageState::Running];

/// The images of each condition of a query, so that intersections without some of them are cheap.
struct Tested<'a> {
    scope: IdSet,
    conditions: Vec<(&'a Test, bool, IdSet)>,
}

impl Tested<'_> {
    /// The images that match without conditions of the kind of `left_out`.
    fn without(&self, scope: &IdSet, left_out: Option<&Test>) -> IdSet {
        let mut found = scope.clone();
        for (test, is_excluded, tested) in &self.conditions {
            match (left_out.is_some_and(|kind| discriminant(kind) == discriminant(*test)), is_excluded) {
                (true, _) => {}
                (false, true) => found.remove_all(tested),
                (false, false) => found.keep_common(tested),
            }
        }
        found
    }
}

impl View<'_> {
    /// `working` are the active runs.
    pub fn filter_counts(&self, query: &ImageQuery, working: &[RunId]) -> Result<FilterCounts> {
        let layers = query.layers_shown();
        let in_every_layer = |condition: &Condition| self.images_in_every_layer(&condition.test, working);
        let in_every_layer = query.conditions.iter().map(in_every_layer).collect::<Result<Vec<_>>>()?;
        let tested = self.tested(query, self.images_of_scope(query.collection)?, &in_every_layer, &layers)?;
        let without = |test: Test| tested.without(&tested.scope, Some(&test));
        let found = tested.without(&tested.scope, None);

        let stateless = without(Test::Image { state: ImageState::Failed });
        let proposed = self.images_proposed_on(&layers)?;
        let states = counted(STATES, &stateless, |state| self.images_in_state(state, &proposed, &layers, working))?;
        let unsure = without(Test::Confidence { span: CONFIDENCES[0] });
        let undecided = without(Test::Annotation { status: Status::Proposed });
        let any_trait = without(Test::Has { what: Trait::Annotations });
        let traits = counted(TRAITS, &any_trait, |what| self.images_having(what, &layers))?;
        let lacking = traits.iter().map(|having| FilterCount { count: any_trait.len() - having.count, ..*having });
        let everywhere = tested.without(&self.images_of_scope(None)?, Some(&Test::In { name: String::new() }));
        Ok(FilterCounts {
            found: found.len(),
            in_any_state: stateless.len(),
            states,
            everywhere: everywhere.len(),
            collections: self.counts_by_collection(query, &everywhere)?,
            labels: self.counts_by_label(&found, &layers)?,
            confidences: counted(CONFIDENCES, &unsure, |span| self.images_with_confidence(&span, &layers))?,
            annotations: counted(STATUSES, &undecided, |status| self.images_with_annotation(status, &layers))?,
            lacking: lacking.collect(),
            traits,
            checks: self.counts_by_check(&without(Test::Check { check: Check::Duplicate }), &layers)?,
            unchecked: self.unchecked_count()?,
            taken: self.counts_by_month(&without(Test::Taken { span: ANY_DAY }))?,
            failures: self.counts_by_failure(&without(Test::Failure { failure: FailureKind::Refused }), &layers)?,
            runs: self.counts_by_run(query, &tested.scope, &in_every_layer)?,
        })
    }

    /// `in_every_layer` has the images of each condition independently of layers.
    fn tested<'a>(
        &self,
        query: &'a ImageQuery,
        scope: IdSet,
        in_every_layer: &[IdSet],
        layers: &LayerScope,
    ) -> Result<Tested<'a>> {
        let mut tested = Tested { scope, conditions: Vec::new() };
        for (condition, in_every_layer) in query.conditions.iter().zip(in_every_layer) {
            let mut images = self.images_in_layers(&condition.test, layers)?;
            images.add_all(in_every_layer);
            tested.conditions.push((&condition.test, condition.is_excluded, images));
        }
        Ok(tested)
    }

    fn counts_by_collection(&self, query: &ImageQuery, everywhere: &IdSet) -> Result<Vec<FilterCount<CollectionId>>> {
        let collections = self.collections()?;
        if query.conditions.is_empty() {
            let whole = |each: &Collection| FilterCount { filter: each.id, count: each.image_count };
            return Ok(collections.iter().map(whole).collect());
        }
        counted(collections.into_iter().map(|each| each.id), everywhere, |id| self.images_of_scope(Some(id)))
    }

    fn counts_by_label(&self, found: &IdSet, layers: &LayerScope) -> Result<Vec<LabelCount>> {
        let mut labels = Vec::new();
        for label in self.every_label()? {
            let count = found.common_len(&self.images_with_label(&label.name, layers)?);
            if count > 0 || label.count > 0 {
                labels.push(LabelCount { count, ..label });
            }
        }
        // Stable, so that equal counts keep the order of the whole library.
        labels.sort_by_key(|label| std::cmp::Reverse(label.count));
        Ok(labels)
    }

    fn counts_by_check(&self, found: &IdSet, layers: &LayerScope) -> Result<Vec<FilterCount<Check>>> {
        let mut checks = counted(Check::ALL, found, |check| self.images_with_mistake(check, layers))?;
        checks.retain(|check| check.count > 0);
        Ok(checks)
    }

    fn counts_by_month(&self, found: &IdSet) -> Result<Vec<FilterCount<Span<CalendarDate>>>> {
        let months = self.months_taken(Some(found))?.into_iter();
        Ok(months.map(|(month, count)| FilterCount { filter: month.days(), count }).collect())
    }

    fn counts_by_failure(&self, found: &IdSet, layers: &LayerScope) -> Result<Vec<FilterCount<FailureKind>>> {
        let mut images: HashMap<String, IdSet> = HashMap::new();
        let mut add = |sql: &str, parameters: &[u32]| -> Result<()> {
            let mut statement = self.0.prepare_cached(sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
            while let Some(row) = rows.next()? {
                images.entry(row.get(1)?).or_default().insert(row.get(0)?);
            }
            Ok(())
        };
        match layers.runs() {
            None => add(
                "SELECT images.id, jobs.failure FROM images JOIN jobs ON jobs.id = failed_job
                 WHERE failed_job IS NOT NULL",
                &[],
            )?,
            Some(runs) => runs.iter().try_for_each(|run| {
                add("SELECT image_id, failure FROM jobs WHERE run_id = ?1 AND state = 'failed'", &[run.0])
            })?,
        }
        let mut failures = images
            .into_iter()
            .map(|(failure, images)| {
                let filter = from_name::<FailureKind>("jobs.failure", failure)?;
                Ok(FilterCount { filter, count: found.common_len(&images) })
            })
            .collect::<Result<Vec<_>>>()?;
        failures.sort_by_key(|failure| failure.filter);
        Ok(failures)
    }

    /// Choosing a run shows its layer, so the other conditions apply to that layer.
    fn counts_by_run(&self, query: &ImageQuery, scope: &IdSet, in_every_layer: &[IdSet]) -> Result<Vec<RunCount>> {
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT id, model_name FROM runs WHERE {IS_SHOWN_LAYER} ORDER BY id DESC LIMIT ?1"
        ))?;
        let runs: Vec<(RunId, String)> = all(&mut statement, [MOST_RUNS], |row| Ok((RunId(row.get(0)?), row.get(1)?)))?;
        let count = |(run, model_name)| {
            let tested = self.tested(query, scope.clone(), in_every_layer, &LayerScope::of_run(run))?;
            let found = tested.without(&tested.scope, Some(&Test::Run { run }));
            Ok(RunCount { run, model_name, count: found.common_len(&self.images_touched_by(run)?) })
        };
        runs.into_iter().map(count).collect()
    }
}

fn counted<Filter: Copy>(
    filters: impl IntoIterator<Item = Filter>,
    found: &IdSet,
    images: impl Fn(Filter) -> Result<IdSet>,
) -> Result<Vec<FilterCount<Filter>>> {
    let count = |filter| Ok(FilterCount { filter, count: found.common_len(&images(filter)?) });
    filters.into_iter().map(count).collect()
}
