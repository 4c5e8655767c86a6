//! Accepting many proposals after a look at a random sample of them.

use std::sync::Arc;

use domain::ids::{AnnotationId, AuditId, ImageId};
use domain::query::ImageQuery;
use domain::review::audit::{Audit, AuditRequest, LabelConfidences, draw};

use crate::clock::now_millis;
use crate::library::Library;
use crate::{EngineError, Result};

impl Library {
    /// How confident the proposals on the images of `query` are, label by label, the most frequent first.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn proposal_confidences(&self, query: &ImageQuery) -> Result<Vec<LabelConfidences>> {
        self.look_through_what_is_asked(query)?;
        let working = self.runs_worked_on()?;
        Ok(self.store.read_blocking(|view| view.proposal_confidences(query, &working))?)
    }

    /// Draws a random sample of the proposals at or above a threshold.
    ///
    /// # Errors
    /// [`EngineError::NothingToAudit`] when there is no such proposal.
    pub async fn begin_audit(self: &Arc<Self>, request: AuditRequest) -> Result<Audit> {
        let asked = request.clone();
        let (latest_annotation, proposals) = self.ask(move |library| library.proposals_above(&asked)).await?;
        if proposals.is_empty() {
            return Err(EngineError::NothingToAudit);
        }
        let count = u32::try_from(proposals.len()).unwrap_or(u32::MAX);
        let request = AuditRequest { sample: request.sample.clamp(1, count), ..request };
        let drawn = draw(proposals, request.sample, fastrand::u64(..));
        let now = now_millis();
        let id = self.store.write(move |edit| edit.add_audit(&request, latest_annotation, count, &drawn, now)).await?;
        self.ask(move |library| library.audit(id)).await
    }

    /// The highest id that an annotation has had, and the proposals that an audit is about.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    fn proposals_above(&self, request: &AuditRequest) -> Result<(u32, Vec<(ImageId, AnnotationId)>)> {
        self.look_through_what_is_asked(&request.query)?;
        let working = self.runs_worked_on()?;
        let proposals = self.store.read_blocking(|view| {
            let latest = view.latest_annotation()?;
            Ok((latest, view.proposals_above(request, latest, &working)?))
        });
        Ok(proposals?)
    }

    /// Makes the sample of an audit larger: what follows in the random order that was drawn is looked at too.
    pub async fn extend_audit(self: &Arc<Self>, audit: AuditId, more: u32) -> Result<Audit> {
        self.store.write(move |edit| edit.extend_audit(audit, more)).await?;
        self.ask(move |library| library.audit(audit)).await
    }

    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn audit(&self, audit: AuditId) -> Result<Audit> {
        Ok(self.store.read_blocking(|view| view.audit(audit))?)
    }

    /// The newest first.
    #[expect(clippy::disallowed_methods, reason = "asked on threads that may block")]
    pub fn audits(&self) -> Result<Vec<Audit>> {
        Ok(self.store.read_blocking(|view| view.audits())?)
    }

    /// Accepts what the audit was about and is undecided, as one bulk edit.
    pub async fn accept_audited(self: &Arc<Self>, audit: AuditId) -> Result<Audit> {
        let working = self.ask(|library| library.runs_worked_on()).await?;
        let now = now_millis();
        self.store.write(move |edit| edit.accept_audited(audit, &working, now)).await?;
        self.note_change();
        self.ask(move |library| library.audit(audit)).await
    }

    fn look_through_what_is_asked(&self, query: &ImageQuery) -> Result<()> {
        if Self::asks_for_findings(query) { self.look_through_annotations() } else { Ok(()) }
    }
}
