//! Findings of the checks, and the uncertainty of images. They are derived from the annotations, and computed on demand
//! rather than on every change, so that runs are not slowed down.

use std::collections::{BTreeMap, HashMap};

use domain::annotation::{ReviewState, Shape};
use domain::ids::{AnnotationId, ImageId};
use domain::layers::LayerScope;
use domain::review::BulkEditResult;
use domain::review::checks::{
    Check, CheckFinding, MOST_BOXES, Misplaced, UsualAspect, UsualCount, findings, misplaced, misspelled,
};
use domain::review::image::{AnnotatedImage, Context};
use domain::review::repair::{RepairExtent, repair};
use domain::review::uncertainty::Signals;
use rusqlite::{OptionalExtension, params};

use super::all;
use crate::code::{from_json, from_name, name_of};
use crate::{Edit, Result, View};

/// Usual values of this library, loaded on demand.
struct Usual {
    aspects: HashMap<String, Option<UsualAspect>>,
    label_counts: BTreeMap<String, u32>,
    count: Option<UsualCount>,
}

impl View<'_> {
    /// Whether images have changed since [`Edit::look_through`].
    pub fn has_unchecked(&self) -> Result<bool> {
        let mut statement = self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM unchecked_images)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Number of such images.
    pub(super) fn unchecked_count(&self) -> Result<u32> {
        let mut statement = self.0.prepare_cached("SELECT count(*) FROM unchecked_images")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Whether `image` is unchanged since it was last checked.
    pub fn is_checked(&self, image: ImageId) -> Result<bool> {
        let mut statement =
            self.0.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM unchecked_images WHERE image_id = ?1)")?;
        Ok(statement.query_row([image.0], |row| row.get(0))?)
    }

    /// Findings from position and size of the annotations on `image`, in order.
    fn misplaced_on(&self, image: ImageId) -> Result<Vec<Misplaced>> {
        let mut statement = self.0.prepare_cached(
            "SELECT kind, annotation_id, other_id FROM mistakes WHERE image_id = ?1 ORDER BY annotation_id, kind",
        )?;
        all(&mut statement, [image.0], |row| {
            let other: Option<u32> = row.get(2)?;
            Ok(Misplaced {
                check: from_name("mistakes.kind", row.get(0)?)?,
                annotation: AnnotationId(row.get(1)?),
                other: other.map(AnnotationId),
            })
        })
    }

    /// Likely mistakes on `image` among the annotations of `layers`, in order.
    pub fn findings_on(&self, image: ImageId, layers: &LayerScope) -> Result<Vec<CheckFinding>> {
        let meant = self.misspelled_labels()?.into_iter().collect();
        let shown = self.shown_on(image, layers)?;
        Ok(findings(self.image_size(image)?, &shown, &self.misplaced_on(image)?, &meant))
    }

    /// What [`Edit::repair`] would change on `images`.
    pub fn repair_extent(&self, check: Check, images: &[ImageId], layers: &LayerScope) -> Result<RepairExtent> {
        let meant = self.labels_meant(check)?;
        let mut extent = RepairExtent::default();
        for &id in images {
            let image = self.annotated(id)?;
            extent.add(&image, &self.findings_of(check, id, &image, layers, &meant)?);
        }
        Ok(extent)
    }

    /// Findings of one check among the annotations of `layers` on an image.
    fn findings_of(
        &self,
        check: Check,
        id: ImageId,
        image: &AnnotatedImage,
        layers: &LayerScope,
        meant: &BTreeMap<String, String>,
    ) -> Result<Vec<CheckFinding>> {
        let shown: Vec<_> = image.annotations.iter().filter(|one| layers.shows(one)).cloned().collect();
        let mut found = findings(image.size, &shown, &self.misplaced_on(id)?, meant);
        found.retain(|finding| finding.check == check);
        Ok(found)
    }

    /// Labels that are likely misspelled, with the intended one.
    pub(super) fn misspelled_labels(&self) -> Result<Vec<(String, String)>> {
        let labels: Vec<(String, u32)> =
            self.label_counts(None)?.into_iter().map(|label| (label.name, label.count)).collect();
        Ok(misspelled(&labels))
    }

    /// Intended labels by misspelled one, if the check needs them.
    fn labels_meant(&self, check: Check) -> Result<BTreeMap<String, String>> {
        match check {
            Check::Misspelled => Ok(self.misspelled_labels()?.into_iter().collect()),
            _ => Ok(BTreeMap::new()),
        }
    }

    fn usual_count(&self) -> Result<Option<UsualCount>> {
        let mut statement = self.0.prepare_cached(
            "SELECT proposed + accepted + edited AS annotations, count(*) FROM image_figures GROUP BY annotations ORDER BY annotations",
        )?;
        let counts: Vec<(u32, u32)> = all(&mut statement, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(UsualCount::of(&counts))
    }
}

impl Edit<'_> {
    /// Checks at most `limit` changed images; returns whether more are left.
    pub fn look_through(&self, limit: u32) -> Result<bool> {
        let mut statement = self.0.0.prepare_cached("SELECT image_id FROM unchecked_images LIMIT ?1")?;
        let images: Vec<ImageId> = all(&mut statement, [limit], |row| Ok(ImageId(row.get(0)?)))?;
        if images.is_empty() {
            return Ok(false);
        }
        self.look_through_these(&images)?;
        self.has_unchecked()
    }

    /// Checks `images`, whether or not they have changed.
    pub fn look_through_these(&self, images: &[ImageId]) -> Result<()> {
        let label_counts = self.label_counts(None)?.into_iter().map(|label| (label.name, label.count)).collect();
        let mut usual = Usual { aspects: HashMap::new(), label_counts, count: self.usual_count()? };
        images.iter().try_for_each(|image| self.look_at(*image, &mut usual))
    }

    fn look_at(&self, image: ImageId, usual: &mut Usual) -> Result<()> {
        // First, because recomputing usual values may mark this image as changed again.
        self.0.0.prepare_cached("DELETE FROM unchecked_images WHERE image_id = ?1")?.execute([image.0])?;
        self.0.0.prepare_cached("DELETE FROM mistakes WHERE image_id = ?1")?.execute([image.0])?;
        self.0.0.prepare_cached("DELETE FROM image_doubts WHERE image_id = ?1")?.execute([image.0])?;
        let mut annotations = self.annotations_of(image)?;
        for annotation in annotations.iter().filter(|one| one.status.is_standing()) {
            if !usual.aspects.contains_key(&annotation.label) {
                let aspect = self.usual_aspect(&annotation.label, &usual.label_counts)?;
                usual.aspects.insert(annotation.label.clone(), aspect);
            }
        }
        let mut found =
            misplaced(self.image_size(image)?, &annotations, |label| usual.aspects.get(label).copied().flatten());
        annotations.retain(|one| LayerScope::All.shows(one));
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO mistakes (image_id, annotation_id, kind, other_id, is_superseded) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for one in &found {
            let other = one.other.map(|other| other.0);
            let is_superseded = !one.is_among(&annotations);
            statement.execute(params![image.0, one.annotation.0, name_of(&one.check)?, other, is_superseded])?;
        }
        found.retain(|one| one.is_among(&annotations));
        if LayerScope::All.review_state(self.review_of(image)?, &annotations) == ReviewState::Unreviewed {
            let mut statement =
                self.0.0.prepare_cached("SELECT disagreement FROM image_figures WHERE image_id = ?1")?;
            let disagreement = statement.query_row([image.0], |row| row.get(0)).optional()?.unwrap_or_default();
            let signals = Signals::of(&annotations, &found, &usual.label_counts, usual.count, disagreement);
            let uncertainty = signals.uncertainty();
            if uncertainty > 0.0 {
                self.0
                    .0
                    .prepare_cached("INSERT INTO image_doubts (image_id, doubt) VALUES (?1, ?2)")?
                    .execute(params![image.0, uncertainty])?;
            }
        }
        Ok(())
    }

    /// Usual aspect ratios of `label`. When they are recomputed, all images with the label are marked as changed.
    fn usual_aspect(&self, label: &str, label_counts: &BTreeMap<String, u32>) -> Result<Option<UsualAspect>> {
        let annotations = label_counts.get(label).copied().unwrap_or_default();
        let mut statement = self
            .0
            .0
            .prepare_cached("SELECT annotation_count, boxes, middle, spread FROM label_norms WHERE label = ?1")?;
        let known = statement
            .query_row([label], |row| {
                let usual = UsualAspect { boxes: row.get(1)?, middle: row.get(2)?, spread: row.get(3)? };
                Ok((row.get::<_, u32>(0)?, usual))
            })
            .optional()?;
        if let Some((counted, usual)) = known
            && !UsualAspect::is_outdated(counted, annotations)
        {
            return Ok(Some(usual));
        }
        let mut boxes = self.0.0.prepare_cached(
            "SELECT shape FROM image_labels JOIN annotations USING (image_id, label)
             WHERE label = ?1 AND status NOT IN ('rejected', 'ground_truth') AND (status <> 'proposed' OR NOT is_superseded) LIMIT ?2",
        )?;
        let shapes: Vec<Shape> = all(&mut boxes, params![label, MOST_BOXES], |row| {
            from_json("annotations.shape", &row.get::<_, String>(0)?)
        })?;
        let rects: Vec<_> = shapes
            .iter()
            .filter_map(|shape| if let Shape::Box { rect } = shape { Some(*rect) } else { None })
            .collect();
        let Some(usual) = UsualAspect::of(&rects) else { return Ok(None) };
        self.0
            .0
            .prepare_cached(
                "INSERT INTO label_norms (label, annotation_count, boxes, middle, spread) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET annotation_count = excluded.annotation_count, boxes = excluded.boxes,
                     middle = excluded.middle, spread = excluded.spread",
            )?
            .execute(params![label, annotations, usual.boxes, usual.middle, usual.spread])?;
        if known.is_some() {
            self.0
                .0
                .prepare_cached(
                    "INSERT INTO unchecked_images SELECT image_id FROM image_labels WHERE label = ?1
                     ON CONFLICT DO NOTHING",
                )?
                .execute([label])?;
        }
        Ok(Some(usual))
    }

    /// Repairs the findings of a check on `images` as one bulk edit. `spares_decided` keeps annotations that a person
    /// accepted, edited or drew. Annotations outside `layers` stay.
    pub fn repair(
        &self,
        check: Check,
        images: &[ImageId],
        layers: &LayerScope,
        spares_decided: bool,
        now: u64,
    ) -> Result<BulkEditResult> {
        let meant = self.labels_meant(check)?;
        let bulk_edit = self.next_bulk_edit()?;
        let mut changed = BulkEditResult::default();
        for &id in images {
            let image = self.annotated(id)?;
            let findings = self.findings_of(check, id, &image, layers, &meant)?;
            let colors = self.label_colors(findings.iter().filter_map(|finding| finding.repair.label()))?;
            let runs = self.runs_that_repeat(id, &image)?;
            let context = Context { layers, runs: &runs };
            if let Some(diff) = repair(&image, &findings, spares_decided, &colors, context) {
                let taken = self.take_step(id, Some(bulk_edit), &diff, now)?;
                changed.images += 1;
                changed.annotations += u32::try_from(taken.annotations.len()).unwrap_or(u32::MAX);
            }
        }
        Ok(changed)
    }
}
