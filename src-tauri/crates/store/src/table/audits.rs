//! Audits: which proposals were to be accepted unseen, the sample of them that was looked at, and what it showed.

use domain::ids::{AnnotationId, AuditId, ImageId, RunId};
use domain::layers::LayerScope;
use domain::query::{ImageQuery, Share};
use domain::review::audit::{
    Audit, AuditRequest, ErrorRate, LabelConfidences, SampleVerdict, SampledAnnotation, judged_and_wrong,
};
use domain::review::decide::accept;
use domain::review::image::Context;
use rusqlite::{OptionalExtension, Row, params};

use super::all;
use super::layers::Layers;
use crate::code::{from_json, from_name, to_json};
use crate::{Edit, Result, StoreError, View};

/// Audits that a list has room for.
const MOST_AUDITS: u32 = 20;

/// A proposal that an audit is about.
pub type Proposal = (ImageId, AnnotationId);

struct KeptAudit {
    id: AuditId,
    request: AuditRequest,
    color: u8,
    drawn_at: u64,
    latest_annotation: u32,
    proposals: u32,
    judged: Option<(u32, u32)>,
    accepted: Option<u32>,
    /// Places of the random order that are looked at.
    sample_size: u32,
}

fn read_audit(row: &Row<'_>) -> Result<KeptAudit> {
    let (judged, wrong): (Option<u32>, Option<u32>) = (row.get(8)?, row.get(9)?);
    let is_accepted: bool = row.get(11)?;
    Ok(KeptAudit {
        id: AuditId(row.get(0)?),
        drawn_at: row.get(1)?,
        color: row.get(3)?,
        request: AuditRequest {
            label: row.get(2)?,
            threshold: Share(row.get(4)?),
            query: from_json("audits.query", &row.get::<_, String>(5)?)?,
            sample: 0,
            error_limit: Share(row.get(13)?),
        },
        latest_annotation: row.get(6)?,
        proposals: row.get(7)?,
        judged: judged.zip(wrong).filter(|_| is_accepted),
        accepted: row.get::<_, Option<u32>>(10)?.filter(|_| is_accepted),
        sample_size: row.get::<_, Option<u32>>(12)?.unwrap_or(u32::MAX),
    })
}

/// What was accepted counts while it stands: it may have been taken back since.
const COLUMNS: &str =
    "id, drawn_at, label, color, threshold, query, latest_annotation, proposals, judged, wrong, accepted,
    coalesce(accepted = 0, FALSE) OR EXISTS (SELECT 1 FROM steps WHERE sweep = audits.sweep AND NOT is_undone),
    sample_size, error_limit";

impl View<'_> {
    /// How confident the proposals on the images of `query` in its layers are, label by label, the most frequent first.
    pub fn proposal_confidences(&self, query: &ImageQuery, working: &[RunId]) -> Result<Vec<LabelConfidences>> {
        let images = self.images_found(query, working)?;
        let mut labels: std::collections::BTreeMap<String, LabelConfidences> = std::collections::BTreeMap::new();
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT image_id, label, color, confidence FROM annotations WHERE status = 'proposed'{}",
            query.layers_shown().and_proposal_is_shown()
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if !images.contains(row.get(0)?) {
                continue;
            }
            let label = row.get_ref(1)?.as_str().unwrap_or_default();
            if !labels.contains_key(label) {
                labels.insert(label.into(), LabelConfidences::of_label(label, row.get(2)?));
            }
            if let Some(counts) = labels.get_mut(label) {
                counts.add(row.get(3)?);
            }
        }
        let mut labels: Vec<LabelConfidences> = labels.into_values().collect();
        labels.sort_by_key(|label| std::cmp::Reverse(label.count()));
        Ok(labels)
    }

    /// The proposals that `request` is about, in the layers of its question, up to the annotation `latest`, image by image.
    pub fn proposals_above(&self, request: &AuditRequest, latest: u32, working: &[RunId]) -> Result<Vec<Proposal>> {
        let images = self.images_found(&request.query, working)?;
        let layers = request.query.layers_shown();
        // An index has a label's proposals by run; those of all runs are found by the images with the label.
        let from = match layers {
            LayerScope::All => "image_labels JOIN annotations USING (image_id, label)",
            LayerScope::Runs { .. } => "annotations",
        };
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT image_id, annotations.id FROM {from}
             WHERE label = ?1 AND status = 'proposed' AND confidence >= ?2 AND annotations.id <= ?3{}
             ORDER BY image_id, annotations.id",
            layers.and_proposal_is_shown()
        ))?;
        let mut found: Vec<Proposal> =
            all(&mut statement, params![request.label, request.least_confidence(), latest], |row| {
                Ok((ImageId(row.get(0)?), AnnotationId(row.get(1)?)))
            })?;
        found.retain(|(image, _)| images.contains(image.0));
        Ok(found)
    }

    pub fn audit(&self, id: AuditId) -> Result<Audit> {
        self.described(self.kept_audit(id)?)
    }

    /// The newest first.
    pub fn audits(&self) -> Result<Vec<Audit>> {
        let mut statement =
            self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM audits ORDER BY id DESC LIMIT ?1"))?;
        let kept = all(&mut statement, [MOST_AUDITS], read_audit)?;
        kept.into_iter().map(|audit| self.described(audit)).collect()
    }

    fn kept_audit(&self, id: AuditId) -> Result<KeptAudit> {
        let mut statement = self.0.prepare_cached(&format!("SELECT {COLUMNS} FROM audits WHERE id = ?1"))?;
        let found = statement.query_row([id.0], |row| Ok(read_audit(row))).optional()?;
        found.ok_or(StoreError::Missing { what: "audit", id: id.0 })?
    }

    /// An annotation that is gone with its run, or no longer shown, is not part of the sample any more.
    fn described(&self, kept: KeptAudit) -> Result<Audit> {
        let layers = kept.request.query.layers_shown();
        let drawn = format!(
            "FROM audit_samples JOIN annotations ON id = annotation_id WHERE audit_id = ?1{}",
            layers.and_is_shown()
        );
        let mut statement = self.0.prepare_cached(&format!(
            "SELECT audit_samples.image_id, annotation_id, status {drawn} AND place < ?2 ORDER BY place",
        ))?;
        let sample = all(&mut statement, [kept.id.0, kept.sample_size], |row| {
            let verdict = SampleVerdict::of(from_name("annotations.status", row.get(2)?)?);
            Ok(SampledAnnotation { image: ImageId(row.get(0)?), annotation: AnnotationId(row.get(1)?), verdict })
        })?;
        let mut statement = self.0.prepare_cached(&format!("SELECT count(*) {drawn} AND place >= ?2"))?;
        let reserve = statement.query_row([kept.id.0, kept.sample_size], |row| row.get(0))?;
        let (judged, wrong) = kept.judged.unwrap_or_else(|| judged_and_wrong(&sample));
        let error_rate = ErrorRate::of(judged, wrong);
        Ok(Audit {
            id: kept.id,
            layers,
            label: kept.request.label,
            color: kept.color,
            threshold: kept.request.threshold,
            drawn_at: kept.drawn_at,
            proposals: kept.proposals,
            error_limit: kept.request.error_limit,
            sample,
            reserve,
            error_rate,
            needed_more: error_rate.and_then(|rate| rate.needed_more(kept.request.error_limit)),
            accepted: kept.accepted,
        })
    }
}

impl Edit<'_> {
    /// Keeps an audit of `proposals` annotations. `drawn` is the beginning of a random order of them: first the sample that the
    /// request asks for, then the reserve for a larger one.
    pub fn add_audit(
        &self,
        request: &AuditRequest,
        latest_annotation: u32,
        proposals: u32,
        drawn: &[Proposal],
        now: u64,
    ) -> Result<AuditId> {
        let id: u32 = self
            .0
            .0
            .prepare_cached(
                "INSERT INTO audits (drawn_at, label, color, threshold, query, latest_annotation, proposals, sample_size,
                                     error_limit)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
            )?
            .query_row(
                params![
                    now,
                    request.label,
                    self.label_colors([request.label.as_str()])?.color_of(&request.label),
                    request.threshold.0,
                    to_json("audits.query", &request.query)?,
                    latest_annotation,
                    proposals,
                    request.sample,
                    request.error_limit.0
                ],
                |row| row.get(0),
            )?;
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO audit_samples (audit_id, place, image_id, annotation_id) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (place, (image, annotation)) in drawn.iter().enumerate() {
            statement.execute(params![id, u32::try_from(place).unwrap_or(u32::MAX), image.0, annotation.0])?;
        }
        Ok(AuditId(id))
    }

    /// Makes the sample of an audit larger by `more`, as far as its reserve goes.
    pub fn extend_audit(&self, id: AuditId, more: u32) -> Result<()> {
        self.0
            .0
            .prepare_cached("UPDATE audits SET sample_size = sample_size + ?2 WHERE id = ?1")?
            .execute(params![id.0, more])?;
        Ok(())
    }

    /// Accepts what an audit was about and is undecided, as one bulk edit, and keeps what its sample had shown by then. Does
    /// nothing while that stands already.
    pub fn accept_audited(&self, id: AuditId, working: &[RunId], now: u64) -> Result<()> {
        let kept = self.kept_audit(id)?;
        if kept.accepted.is_some() {
            return Ok(());
        }
        let proposals = self.proposals_above(&kept.request, kept.latest_annotation, working)?;
        let (bulk_edit, layers) = (self.next_bulk_edit()?, kept.request.query.layers_shown());
        for of_image in proposals.chunk_by(|one, other| one.0 == other.0) {
            let Some(&(id, _)) = of_image.first() else { continue };
            let image = self.annotated(id)?;
            let runs = self.runs_that_repeat(id, &image)?;
            let ids: Vec<AnnotationId> = of_image.iter().map(|(_, annotation)| *annotation).collect();
            let diff = accept(&image, &ids, Context { layers: &layers, runs: &runs });
            self.take_step(id, Some(bulk_edit), &diff, now)?;
        }
        let (judged, wrong) = judged_and_wrong(&self.audit(id)?.sample);
        let accepted = u32::try_from(proposals.len()).unwrap_or(u32::MAX);
        self.0
            .0
            .prepare_cached("UPDATE audits SET judged = ?2, wrong = ?3, accepted = ?4, sweep = ?5 WHERE id = ?1")?
            .execute(params![id.0, judged, wrong, accepted, bulk_edit.0])?;
        Ok(())
    }
}
