//! Figures about the annotations on each image, maintained by triggers: of all layers together, and by run.

use std::collections::BTreeMap;

use domain::annotation::Status;
use domain::layers::LayerScope;
use domain::query::Span;
use rusqlite::params;

use super::conditions::{ends, within};
use super::id_set::IdSet;
use crate::table::layers::Layers;
use crate::{Result, View};

impl View<'_> {
    /// The images with an annotation of `status` in `layers`.
    pub(super) fn images_with_annotation(&self, status: Status, layers: &LayerScope) -> Result<IdSet> {
        match (status, layers.runs()) {
            (Status::Proposed, _) => self.images_proposed_on(layers),
            (Status::GroundTruth, _) => self.images_with_truth_in(layers),
            (Status::Accepted, _) => self.id_set("SELECT image_id FROM image_figures WHERE accepted > 0", []),
            (Status::Edited, _) => self.id_set("SELECT image_id FROM image_figures WHERE edited > 0", []),
            (Status::Rejected, None) => self.id_set("SELECT image_id FROM image_figures WHERE rejected > 0", []),
            (Status::Rejected, Some(runs)) => {
                let mut found =
                    self.id_set("SELECT image_id FROM annotations WHERE run_id IS NULL AND status = 'rejected'", [])?;
                for run in runs {
                    let rejected = "SELECT image_id FROM layer_figures WHERE run_id = ?1 AND rejected > 0";
                    found.add_all(&self.id_set(rejected, [run.0])?);
                }
                Ok(found)
            }
        }
    }

    /// The images with an undecided proposal in `layers`.
    pub(super) fn images_proposed_on(&self, layers: &LayerScope) -> Result<IdSet> {
        let Some(runs) = layers.runs() else {
            return self.id_set("SELECT image_id FROM image_figures WHERE proposed > 0", []);
        };
        let mut found = IdSet::default();
        for run in runs {
            let proposed = "SELECT image_id FROM layer_figures WHERE run_id = ?1 AND proposed > 0";
            found.add_all(&self.id_set(proposed, [run.0])?);
        }
        Ok(found)
    }

    /// The images with ground truth in `layers`.
    fn images_with_truth_in(&self, layers: &LayerScope) -> Result<IdSet> {
        let mut found = IdSet::default();
        for run in layers.runs().unwrap_or_default() {
            let truth = "SELECT image_id FROM layer_figures WHERE run_id = ?1 AND ground_truth > 0";
            found.add_all(&self.id_set(truth, [run.0])?);
        }
        Ok(found)
    }

    /// The images with an annotation in `layers`, ignoring rejected ones.
    pub(super) fn images_marked(&self, layers: &LayerScope) -> Result<IdSet> {
        if layers.runs().is_none() {
            return self.id_set("SELECT image_id FROM image_figures WHERE proposed + accepted + edited > 0", []);
        }
        let mut found = self.id_set("SELECT image_id FROM image_figures WHERE accepted + edited > 0", [])?;
        found.add_all(&self.images_proposed_on(layers)?);
        found.add_all(&self.images_with_truth_in(layers)?);
        Ok(found)
    }

    /// The images with this many annotations in `layers`, ignoring rejected ones.
    pub(super) fn images_with_annotations(&self, span: &Span<u32>, layers: &LayerScope) -> Result<IdSet> {
        let is_in_span = |count: u32| {
            span.least().is_none_or(|(&least, is_included)| count > least || (is_included && count == least))
                && span.most().is_none_or(|(&most, is_included)| count < most || (is_included && count == most))
        };
        let mut found = IdSet::default();
        if let LayerScope::Runs { .. } = layers {
            for (image, count) in self.annotation_counts(layers)? {
                if is_in_span(count) {
                    found.insert(image);
                }
            }
        } else {
            let (least, most) = ends(span, |&count| count);
            let is_within = within("proposed + accepted + edited", span);
            let sql = format!("SELECT image_id FROM image_figures WHERE {is_within}");
            found = self.id_set(&sql, params![least, most])?;
        }
        if is_in_span(0) {
            // Images without any have no row, or a zero.
            let mut none = self.images_of_scope(None)?;
            none.remove_all(&self.images_marked(layers)?);
            found.add_all(&none);
        }
        Ok(found)
    }

    /// The number of annotations in `layers` per image, without zero and ignoring rejected ones.
    pub(super) fn annotation_counts(&self, layers: &LayerScope) -> Result<BTreeMap<u32, u32>> {
        let mut counts = BTreeMap::new();
        let mut add = |sql: &str, parameters: &[u32]| -> Result<()> {
            let mut statement = self.0.prepare_cached(sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
            while let Some(row) = rows.next()? {
                *counts.entry(row.get(0)?).or_default() += row.get::<_, u32>(1)?;
            }
            Ok(())
        };
        let Some(runs) = layers.runs() else {
            add("SELECT image_id, proposed + accepted + edited FROM image_figures", &[])?;
            return Ok(counts);
        };
        add("SELECT image_id, accepted + edited FROM image_figures WHERE accepted + edited > 0", &[])?;
        for run in runs {
            add(
                "SELECT image_id, proposed + ground_truth FROM layer_figures
                 WHERE run_id = ?1 AND proposed + ground_truth > 0",
                &[run.0],
            )?;
        }
        Ok(counts)
    }

    /// The lowest confidence of the proposals in `layers` per image, ascending.
    pub(super) fn least_certain(&self, layers: &LayerScope) -> Result<Vec<(u32, f64)>> {
        let mut least: BTreeMap<u32, f64> = BTreeMap::new();
        for run in layers.runs().unwrap_or_default() {
            let mut statement = self.0.prepare_cached(
                "SELECT image_id, least_certain FROM layer_figures WHERE run_id = ?1 AND least_certain IS NOT NULL",
            )?;
            let mut rows = statement.query([run.0])?;
            while let Some(row) = rows.next()? {
                let confidence: f64 = row.get(1)?;
                least.entry(row.get(0)?).and_modify(|known| *known = known.min(confidence)).or_insert(confidence);
            }
        }
        let mut ranked: Vec<(u32, f64)> = least.into_iter().collect();
        ranked.sort_by(|one, other| one.1.total_cmp(&other.1));
        Ok(ranked)
    }
}
