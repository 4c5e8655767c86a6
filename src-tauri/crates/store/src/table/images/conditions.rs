//! Images that match a condition. Each condition is answered by a covering index, and the results are intersected in
//! memory: a join over a million annotations would be slower than all of them together.

use std::collections::HashSet;

use domain::annotation::AttributeValue;
use domain::calendar::CalendarDate;
use domain::compare::Side;
use domain::ids::{CollectionId, ImageId, RunId};
use domain::layers::LayerScope;
use domain::query::{Condition, ImageQuery, ImageState, Share, Span, Test, Trait};
use domain::recipe::comparable;
use domain::review::checks::Check;
use domain::run_state::FailureKind;
use rusqlite::{Params, Rows, params};

use super::id_set::IdSet;
use super::text::Needle;
use crate::code::{from_json, name_of};
use crate::table::layers::Layers;
use crate::{Result, View, path_bytes};

const MILLIS_A_DAY: i64 = 86_400_000;
const NANOS_A_DAY: i64 = 86_400_000_000_000;

impl View<'_> {
    /// The images that match `query`; `working` are the active runs.
    pub(in crate::table) fn images_found(&self, query: &ImageQuery, working: &[RunId]) -> Result<IdSet> {
        let mut found = self.images_of_scope(query.collection)?;
        let layers = query.layers_shown();
        for condition in &query.conditions {
            self.narrow(&mut found, condition, &layers, working)?;
        }
        Ok(found)
    }

    pub(super) fn images_of_scope(&self, collection: Option<CollectionId>) -> Result<IdSet> {
        if let Some(id) = collection {
            self.id_set("SELECT image_id FROM collection_images WHERE collection_id = ?1", [id.0])
        } else {
            let mut all = self.id_set("SELECT id FROM images", [])?;
            all.remove_all(&self.id_set("SELECT id FROM images WHERE is_removed", [])?);
            Ok(all)
        }
    }

    fn narrow(&self, found: &mut IdSet, condition: &Condition, layers: &LayerScope, working: &[RunId]) -> Result<()> {
        let tested = self.images_of(&condition.test, layers, working)?;
        if condition.is_excluded {
            found.remove_all(&tested);
        } else {
            found.keep_common(&tested);
        }
        Ok(())
    }

    /// The images that match `test` in `layers`.
    fn images_of(&self, test: &Test, layers: &LayerScope, working: &[RunId]) -> Result<IdSet> {
        let mut found = self.images_in_every_layer(test, working)?;
        found.add_all(&self.images_in_layers(test, layers)?);
        Ok(found)
    }

    /// The images that match `test` independently of layers. [`View::images_in_layers`] has the others.
    pub(super) fn images_in_every_layer(&self, test: &Test, working: &[RunId]) -> Result<IdSet> {
        match test {
            Test::In { name } => self.images_in(name),
            Test::Image { state: ImageState::Running } => self.images_running(working),
            Test::Run { run } => self.images_touched_by(*run),
            Test::Date { span } => self.images_of_date(span),
            Test::Taken { span } => self.images_taken(span),
            Test::Text { text } => self.images_named(text),
            Test::Image { .. }
            | Test::Label { .. }
            | Test::AnyLabel { .. }
            | Test::Annotation { .. }
            | Test::Confidence { .. }
            | Test::Has { .. }
            | Test::Check { .. }
            | Test::Failure { .. }
            | Test::Annotations { .. } => Ok(IdSet::default()),
        }
    }

    /// The images that match `test` because of annotations in `layers`.
    pub(super) fn images_in_layers(&self, test: &Test, layers: &LayerScope) -> Result<IdSet> {
        match test {
            Test::In { .. }
            | Test::Image { state: ImageState::Running }
            | Test::Run { .. }
            | Test::Date { .. }
            | Test::Taken { .. } => Ok(IdSet::default()),
            Test::Label { name } => {
                let name = comparable(name);
                self.images_labelled(layers, |label| comparable(label) == name)
            }
            Test::AnyLabel { names } => {
                let names: Vec<String> = names.iter().map(|name| comparable(name)).collect();
                self.images_labelled(layers, |label| names.contains(&comparable(label)))
            }
            Test::Image { state: ImageState::Failed } => self.images_failed(layers),
            Test::Image { state } => self.images_in_state(*state, &self.images_proposed_on(layers)?, layers, &[]),
            Test::Failure { failure } => self.images_failed_by(*failure, layers),
            Test::Annotation { status } => self.images_with_annotation(*status, layers),
            Test::Confidence { span } => self.images_with_confidence(span, layers),
            Test::Has { what } => self.images_having(*what, layers),
            Test::Check { check } => self.images_with_mistake(*check, layers),
            Test::Annotations { span } => self.images_with_annotations(span, layers),
            Test::Text { text } => self.images_annotated_with(text, layers),
        }
    }

    /// The first column of `sql` as a set.
    pub(super) fn id_set(&self, sql: &str, parameters: impl Params) -> Result<IdSet> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        // With the values of its parameters.
        let asked = rows.as_ref().and_then(|statement| statement.expanded_sql());
        let known = self.1.zip(asked);
        if let Some((sets, asked)) = &known
            && let Some(ids) = sets.find(self.0, asked)?
        {
            debug_assert!(ids.ids().eq(read_ids(&mut rows)?.ids()), "a known set misses changes: {asked}");
            return Ok(ids);
        }
        let ids = read_ids(&mut rows)?;
        if let Some((sets, asked)) = known {
            sets.add(self.0, asked, &ids)?;
        }
        Ok(ids)
    }

    fn images_in(&self, name: &str) -> Result<IdSet> {
        let mut found = IdSet::default();
        for collection in self.collections()? {
            if collection.name.to_lowercase() == name.to_lowercase() {
                found.add_all(&self.images_of_scope(Some(collection.id))?);
            }
        }
        Ok(found)
    }

    fn images_labelled(&self, layers: &LayerScope, is_meant: impl Fn(&str) -> bool) -> Result<IdSet> {
        let mut found = IdSet::default();
        for label in self.every_label()? {
            if is_meant(&label.name) {
                found.add_all(&self.images_with_label(&label.name, layers)?);
            }
        }
        Ok(found)
    }

    /// The images with a label of exactly this name.
    pub(super) fn images_with_label(&self, label: &str, layers: &LayerScope) -> Result<IdSet> {
        let Some(runs) = layers.runs() else {
            return self.id_set("SELECT image_id FROM image_labels WHERE label = ?1", [label]);
        };
        let approved = "SELECT image_id FROM annotations WHERE label = ?1 AND status IN ('accepted', 'edited')";
        let mut found = self.id_set(approved, [label])?;
        for run in runs {
            let of_layer = "SELECT image_id FROM annotations
                            WHERE run_id = ?1 AND status IN ('proposed', 'ground_truth') AND label = ?2";
            found.add_all(&self.id_set(of_layer, params![run.0, label])?);
        }
        Ok(found)
    }

    /// The images in a review state; `proposed` are those with an undecided shown proposal.
    pub(super) fn images_in_state(
        &self,
        state: ImageState,
        proposed: &IdSet,
        layers: &LayerScope,
        working: &[RunId],
    ) -> Result<IdSet> {
        let review = match state {
            ImageState::Unreviewed => "unreviewed",
            ImageState::Reviewed => "reviewed",
            ImageState::ConfirmedEmpty => "confirmed_empty",
            ImageState::Failed => return self.images_failed(layers),
            ImageState::Running => return self.images_running(working),
        };
        let mut found = self.id_set("SELECT id FROM images WHERE review = ?1", [review])?;
        if state == ImageState::Unreviewed {
            found.add_all(proposed);
        } else {
            found.remove_all(proposed);
        }
        Ok(found)
    }

    fn images_running(&self, working: &[RunId]) -> Result<IdSet> {
        let mut found = IdSet::default();
        for run in working {
            let waiting = "SELECT image_id FROM jobs WHERE run_id = ?1 AND state = 'waiting'";
            found.add_all(&self.id_set(waiting, [run.0])?);
        }
        Ok(found)
    }

    /// The images whose latest job failed, or whose job in one of the runs of `layers` did.
    fn images_failed(&self, layers: &LayerScope) -> Result<IdSet> {
        let Some(runs) = layers.runs() else {
            return self.id_set("SELECT id FROM images WHERE failed_job IS NOT NULL", []);
        };
        let mut found = IdSet::default();
        for run in runs {
            let failed = "SELECT image_id FROM jobs WHERE run_id = ?1 AND state = 'failed'";
            found.add_all(&self.id_set(failed, [run.0])?);
        }
        Ok(found)
    }

    /// [`View::images_failed`] for one reason.
    pub(super) fn images_failed_by(&self, failure: FailureKind, layers: &LayerScope) -> Result<IdSet> {
        let kind = name_of(&failure)?;
        let Some(runs) = layers.runs() else {
            let latest = "SELECT images.id FROM images JOIN jobs ON jobs.id = failed_job
                          WHERE failed_job IS NOT NULL AND jobs.failure = ?1";
            return self.id_set(latest, [kind]);
        };
        let mut found = IdSet::default();
        for run in runs {
            let failed = "SELECT image_id FROM jobs WHERE run_id = ?1 AND state = 'failed' AND failure = ?2";
            found.add_all(&self.id_set(failed, params![run.0, kind])?);
        }
        Ok(found)
    }

    pub(super) fn images_with_confidence(&self, span: &Span<Share>, layers: &LayerScope) -> Result<IdSet> {
        let sql = format!(
            "SELECT image_id FROM annotations WHERE status <> 'rejected' AND confidence IS NOT NULL AND {}{}",
            within("confidence", span),
            layers.and_is_shown()
        );
        let (least, most) = ends(span, |share| share.0);
        self.id_set(&sql, params![least, most])
    }

    pub(super) fn images_touched_by(&self, run: RunId) -> Result<IdSet> {
        self.id_set(
            "SELECT image_id FROM jobs WHERE run_id = ?1 UNION ALL SELECT image_id FROM propagations WHERE run_id = ?1
             UNION ALL SELECT image_id FROM imported_images WHERE run_id = ?1",
            [run.0],
        )
    }

    pub(super) fn images_having(&self, what: Trait, layers: &LayerScope) -> Result<IdSet> {
        match what {
            Trait::Annotations => self.images_marked(layers),
            Trait::Answer => match layers.runs() {
                None | Some([]) => self.id_set("SELECT image_id FROM jobs WHERE state = 'done'", []),
                Some(runs) => {
                    let mut found = IdSet::default();
                    for run in runs {
                        let answered = "SELECT image_id FROM jobs WHERE run_id = ?1 AND +state = 'done'
                                        UNION ALL SELECT image_id FROM imported_images WHERE run_id = ?1";
                        found.add_all(&self.id_set(answered, [run.0])?);
                    }
                    Ok(found)
                }
            },
            Trait::Attributes => self.id_set(
                &format!(
                    "SELECT image_id FROM annotations WHERE attributes <> '{{}}' AND status <> 'rejected'{}",
                    layers.and_is_shown()
                ),
                [],
            ),
        }
    }

    /// As of the last check.
    pub(super) fn images_with_mistake(&self, check: Check, layers: &LayerScope) -> Result<IdSet> {
        if check == Check::Misspelled {
            let misspelled: HashSet<String> = self.misspelled_labels()?.into_iter().map(|(label, _)| label).collect();
            return self.images_labelled(layers, |label| misspelled.contains(label));
        }
        if layers.runs().is_none() {
            let shown = "SELECT image_id FROM mistakes WHERE kind = ?1 AND NOT is_superseded";
            return self.id_set(shown, [name_of(&check)?]);
        }
        let shown = layers.and_is_shown();
        let sql = format!(
            "SELECT image_id FROM mistakes WHERE kind = ?1
               AND EXISTS (SELECT 1 FROM annotations WHERE id = annotation_id{shown})
               AND (other_id IS NULL OR EXISTS (SELECT 1 FROM annotations WHERE id = other_id{shown}))"
        );
        self.id_set(&sql, [name_of(&check)?])
    }

    /// The images that both sides cover, in the order in which they were added.
    pub fn images_of_both(&self, first: Side, second: Side) -> Result<Vec<ImageId>> {
        let mut both = self.images_seen_by(first)?;
        both.keep_common(&self.images_seen_by(second)?);
        Ok(both.ids().collect())
    }

    fn images_seen_by(&self, side: Side) -> Result<IdSet> {
        match side {
            Side::Run { run } => self.id_set(
                "SELECT image_id FROM jobs WHERE run_id = ?1 AND state = 'done' AND NOT is_propagated
                 UNION ALL SELECT image_id FROM imported_images WHERE run_id = ?1",
                [run.0],
            ),
            Side::Decided => self.id_set("SELECT id FROM images WHERE review <> 'unreviewed'", []),
        }
    }

    fn images_of_date(&self, span: &Span<CalendarDate>) -> Result<IdSet> {
        self.id_set("SELECT id FROM images WHERE dated_at >= ?1 AND dated_at < ?2", moments(span, NANOS_A_DAY))
    }

    fn images_taken(&self, span: &Span<CalendarDate>) -> Result<IdSet> {
        self.id_set("SELECT id FROM images WHERE taken_at >= ?1 AND taken_at < ?2", moments(span, MILLIS_A_DAY))
    }

    /// The images with `text` in a file name.
    fn images_named(&self, text: &str) -> Result<IdSet> {
        let Some(needle) = Needle::new(text) else { return self.images_of_scope(None) };
        let mut found = IdSet::default();
        let mut names = self.0.prepare_cached("SELECT id, name FROM images INDEXED BY images_by_name")?;
        let mut rows = names.query([])?;
        while let Some(row) = rows.next()? {
            if needle.is_in(row.get_ref(1)?.as_str().unwrap_or_default()) {
                found.insert(row.get(0)?);
            }
        }
        // An image at several paths is found by each name.
        let mut places = self.0.prepare_cached(
            "SELECT image_id, path FROM files
             WHERE image_id IN (SELECT image_id FROM files GROUP BY image_id HAVING count(*) > 1)",
        )?;
        let mut rows = places.query([])?;
        while let Some(row) = rows.next()? {
            let path = path_bytes::from_bytes(row.get_ref(1)?.as_bytes().unwrap_or_default());
            if path.file_name().is_some_and(|name| needle.is_in(&name.to_string_lossy())) {
                found.insert(row.get(0)?);
            }
        }
        Ok(found)
    }

    /// The images with `text` in a label or an attribute of an annotation in `layers`.
    fn images_annotated_with(&self, text: &str, layers: &LayerScope) -> Result<IdSet> {
        let Some(needle) = Needle::new(text) else { return Ok(IdSet::default()) };
        let mut found = self.images_labelled(layers, |label| needle.is_in(label))?;
        let mut attributes = self.0.prepare_cached(&format!(
            "SELECT image_id, attributes FROM annotations WHERE attributes <> '{{}}' AND status <> 'rejected'{}",
            layers.and_is_shown()
        ))?;
        let mut rows = attributes.query([])?;
        while let Some(row) = rows.next()? {
            let json = row.get_ref(1)?.as_str().unwrap_or_default();
            // The text also contains attribute names, so a match needs a closer look.
            if needle.may_be_in_json(json) {
                let values: std::collections::BTreeMap<String, AttributeValue> =
                    from_json("annotations.attributes", json)?;
                let says = |value: &AttributeValue| match value {
                    AttributeValue::Text(text) => needle.is_in(text),
                    AttributeValue::Several(texts) => texts.iter().any(|text| needle.is_in(text)),
                    AttributeValue::YesNo(_) | AttributeValue::Number(_) => false,
                };
                if values.values().any(says) {
                    found.insert(row.get(0)?);
                }
            }
        }
        Ok(found)
    }
}

fn read_ids(rows: &mut Rows<'_>) -> Result<IdSet> {
    let mut ids = IdSet::default();
    while let Some(row) = rows.next()? {
        ids.insert(row.get(0)?);
    }
    Ok(ids)
}

/// `column` within `span`, whose ends are bound as the first and second parameter.
pub(super) fn within<Value>(column: &str, span: &Span<Value>) -> String {
    let least = match span.least() {
        Some((_, true)) => format!("{column} >= ?1"),
        Some((_, false)) => format!("{column} > ?1"),
        None => "?1 IS NULL".into(),
    };
    let most = match span.most() {
        Some((_, true)) => format!("{column} <= ?2"),
        Some((_, false)) => format!("{column} < ?2"),
        None => "?2 IS NULL".into(),
    };
    format!("{least} AND {most}")
}

/// From the start of the first day to the end of the last day, counted from 1970.
fn moments(span: &Span<CalendarDate>, moments_a_day: i64) -> [i64; 2] {
    let start = |day: &CalendarDate| day.days_since_epoch() * moments_a_day;
    let end = |day: &CalendarDate| start(day) + moments_a_day;
    [
        span.least().map_or(i64::MIN, |(day, is_included)| if is_included { start(day) } else { end(day) }),
        span.most().map_or(i64::MAX, |(day, is_included)| if is_included { end(day) } else { start(day) }),
    ]
}

pub(super) fn ends<Value, Bound>(
    span: &Span<Value>,
    bound: impl Fn(&Value) -> Bound,
) -> (Option<Bound>, Option<Bound>) {
    (span.least().map(|(value, _)| bound(value)), span.most().map(|(value, _)| bound(value)))
}
