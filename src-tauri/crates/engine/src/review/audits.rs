//! Accepts many proposals after a review of a random sample.

use std::sync::Arc;

use domain::ids::AuditId;
use domain::query::ImageQuery;
use domain::review::audit::{Audit, AuditRequest, LabelConfidences, draw};

use super::Review;
use crate::blocking::off_workers;
use crate::clock::now_millis;
use crate::{EngineError, Result};

impl Review {
    /// The confidences of the proposals on the images of `query`, by label, most frequent label first.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn proposal_confidences(&self, query: &ImageQuery) -> Result<Vec<LabelConfidences>> {
        self.check_index.update_for_query(query)?;
        let working = self.workers.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.proposal_confidences(query, &working))?)
    }

    /// Draws a random sample of the proposals at or above a threshold.
    ///
    /// # Errors
    /// [`EngineError::NothingToAudit`] if there is no such proposal.
    pub async fn begin_audit(&self, request: AuditRequest) -> Result<Audit> {
        let (check_index, asked) = (Arc::clone(&self.check_index), request.query.clone());
        let workers = Arc::clone(&self.workers);
        let working = off_workers(move || {
            check_index.update_for_query(&asked)?;
            workers.runs_worked_on()
        });
        let (working, asked) = (working.await?, request.clone());
        let proposals = self.store.read(move |view| {
            let latest = view.latest_annotation()?;
            Ok((latest, view.proposals_above(&asked, latest, &working)?))
        });
        let (latest_annotation, proposals) = proposals.await?;
        if proposals.is_empty() {
            return Err(EngineError::NothingToAudit);
        }
        let count = u32::try_from(proposals.len()).unwrap_or(u32::MAX);
        let request = AuditRequest { sample: request.sample.clamp(1, count), ..request };
        let drawn = draw(proposals, request.sample, fastrand::u64(..));
        let now = now_millis();
        let id = self.store.write(move |edit| edit.add_audit(&request, latest_annotation, count, &drawn, now)).await?;
        Ok(self.store.read(move |view| view.audit(id)).await?)
    }

    /// Enlarges the sample of an audit by the next proposals in its random order.
    pub async fn extend_audit(&self, audit: AuditId, more: u32) -> Result<Audit> {
        self.store.write(move |edit| edit.extend_audit(audit, more)).await?;
        Ok(self.store.read(move |view| view.audit(audit)).await?)
    }

    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn audit(&self, audit: AuditId) -> Result<Audit> {
        Ok(self.store.read_blocking(|view| view.audit(audit))?)
    }

    /// All audits, newest first.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn audits(&self) -> Result<Vec<Audit>> {
        Ok(self.store.read_blocking(|view| view.audits())?)
    }

    /// Accepts the audit's undecided proposals as one bulk edit.
    pub async fn accept_audited(&self, audit: AuditId) -> Result<Audit> {
        let workers = Arc::clone(&self.workers);
        let working = off_workers(move || workers.runs_worked_on()).await?;
        let now = now_millis();
        self.store.write(move |edit| edit.accept_audited(audit, &working, now)).await?;
        self.changes.record();
        Ok(self.store.read(move |view| view.audit(audit)).await?)
    }
}
