//! Checks, audit samples before annotations are accepted together, and comparisons.

use domain::compare::choose::{ChosenPair, SideDecided, SideDecision, Sides};
use domain::compare::{ComparedPair, Comparison};
use domain::ids::{AuditId, ImageId};
use domain::layers::LayerScope;
use domain::query::{ImageQuery, Share};
use domain::review::BulkEditResult;
use domain::review::audit::{Audit, AuditRequest, LabelConfidences, SampleOutlook};
use domain::review::checks::{Check, CheckFinding};
use domain::review::repair::RepairExtent;

use crate::router::operations;

operations! {
    read findings(api, image: ImageId, layers: Option<LayerScope>) -> Vec<CheckFinding> {
        api.ask(move |library| library.review.findings(image, &layers.unwrap_or_default())).await
    }

    read repair_extent(api, check: Check, query: ImageQuery) -> RepairExtent {
        api.ask(move |library| library.review.repair_extent(check, &query)).await
    }

    write repair(api, check: Check, query: ImageQuery, spares_decided: bool) -> BulkEditResult {
        Ok(api.library.review.repair(check, &query, spares_decided).await?)
    }

    read proposal_confidences(api, query: ImageQuery) -> Vec<LabelConfidences> {
        api.ask(move |library| library.review.proposal_confidences(&query)).await
    }

    read sample_outlook(api, sample: u32, error_limit: Share) -> SampleOutlook {
        let _ = api;
        Ok(SampleOutlook::of(sample, error_limit))
    }

    write begin_audit(api, request: AuditRequest) -> Audit {
        Ok(api.library.review.begin_audit(request).await?)
    }

    write extend_audit(api, audit: AuditId, more: u32) -> Audit {
        Ok(api.library.review.extend_audit(audit, more).await?)
    }

    read audit(api, audit: AuditId) -> Audit {
        api.ask(move |library| library.review.audit(audit)).await
    }

    read audits(api) -> Vec<Audit> {
        api.ask(|library| library.review.audits()).await
    }

    write accept_audited(api, audit: AuditId) -> Audit {
        Ok(api.library.review.accept_audited(audit).await?)
    }

    read compare_sides(api, sides: Sides) -> Comparison {
        api.ask(move |library| library.review.compare_sides(sides)).await
    }

    read compare_image(api, image: ImageId, sides: Sides) -> Vec<ChosenPair> {
        api.ask(move |library| library.review.compare_image(image, sides)).await
    }

    read chosen_sides(api, image: ImageId, sides: Sides, pairs: Vec<ComparedPair>) -> Vec<ChosenPair> {
        api.ask(move |library| library.review.chosen_sides(image, sides, &pairs)).await
    }

    write choose_side(api, decision: SideDecision) -> SideDecided {
        Ok(api.library.review.choose_side(decision).await?)
    }
}
