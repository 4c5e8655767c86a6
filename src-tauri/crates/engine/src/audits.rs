//! Accepting many proposals after a look at a random sample of them.

use domain::ids::AuditId;
use domain::query::ImageQuery;
use domain::review::audit::{Audit, AuditRequest, LabelConfidences, draw};

use crate::clock::now_millis;
use crate::library::Library;
use crate::{EngineError, Result};

impl Library {
    /// How confident the proposals on the images of `query` are, label by label, the most frequent first.
    pub fn proposal_confidences(&self, query: &ImageQuery) -> Result<Vec<LabelConfidences>> {
        self.look_through_what_is_asked(query)?;
        let working = self.runs_worked_on()?;
        Ok(self.store.read(|view| view.proposal_confidences(query, &working))?)
    }

    /// Draws a random sample of the proposals at or above a threshold.
    ///
    /// # Errors
    /// [`EngineError::NothingToAudit`] when there is no such proposal.
    pub async fn begin_audit(&self, request: AuditRequest) -> Result<Audit> {
        self.look_through_what_is_asked(&request.query)?;
        let working = self.runs_worked_on()?;
        let (latest_mark, proposals) = self.store.read(|view| {
            let latest = view.latest_mark()?;
            Ok((latest, view.proposals_above(&request, latest, &working)?))
        })?;
        if proposals.is_empty() {
            return Err(EngineError::NothingToAudit);
        }
        let count = u32::try_from(proposals.len()).unwrap_or(u32::MAX);
        let request = AuditRequest { sample: request.sample.clamp(1, count), ..request };
        let drawn = draw(proposals, request.sample, fastrand::u64(..));
        let now = now_millis();
        let id = self.store.write(move |edit| edit.add_audit(&request, latest_mark, count, &drawn, now)).await?;
        self.audit(id)
    }

    /// Makes the sample of an audit larger: what follows in the random order that was drawn is looked at too.
    pub async fn extend_audit(&self, audit: AuditId, more: u32) -> Result<Audit> {
        self.store.write(move |edit| edit.extend_audit(audit, more)).await?;
        self.audit(audit)
    }

    pub fn audit(&self, audit: AuditId) -> Result<Audit> {
        Ok(self.store.read(|view| view.audit(audit))?)
    }

    /// The newest first.
    pub fn audits(&self) -> Result<Vec<Audit>> {
        Ok(self.store.read(|view| view.audits())?)
    }

    /// Accepts what the audit was about and is undecided, as one bulk edit.
    pub async fn accept_audited(&self, audit: AuditId) -> Result<Audit> {
        let working = self.runs_worked_on()?;
        let now = now_millis();
        self.store.write(move |edit| edit.accept_audited(audit, &working, now)).await?;
        self.note_change();
        self.audit(audit)
    }

    fn look_through_what_is_asked(&self, query: &ImageQuery) -> Result<()> {
        if Self::asks_for_findings(query) { self.look_through_marks() } else { Ok(()) }
    }
}
