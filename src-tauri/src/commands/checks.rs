//! Checks, audit samples before annotations are accepted together, and comparisons.

use domain::compare::{ComparedPair, Comparison, Side};
use domain::ids::{AuditId, ImageId};
use domain::layers::LayerScope;
use domain::query::{ImageQuery, Share};
use domain::review::BulkEditResult;
use domain::review::audit::{Audit, AuditRequest, LabelConfidences, SampleOutlook};
use domain::review::checks::{Check, CheckFinding};
use domain::review::repair::RepairExtent;
use tauri::State;

use super::{Answer, ask};
use crate::state::Desktop;

#[tauri::command]
#[specta::specta]
pub async fn findings(desktop: State<'_, Desktop>, image: ImageId, layers: LayerScope) -> Answer<Vec<CheckFinding>> {
    ask(&desktop, move |library| library.review.findings(image, &layers)).await
}

#[tauri::command]
#[specta::specta]
pub async fn repair_extent(desktop: State<'_, Desktop>, check: Check, query: ImageQuery) -> Answer<RepairExtent> {
    ask(&desktop, move |library| library.review.repair_extent(check, &query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn repair(
    desktop: State<'_, Desktop>,
    check: Check,
    query: ImageQuery,
    spares_decided: bool,
) -> Answer<BulkEditResult> {
    Ok(desktop.library().review.repair(check, &query, spares_decided).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn proposal_confidences(desktop: State<'_, Desktop>, query: ImageQuery) -> Answer<Vec<LabelConfidences>> {
    ask(&desktop, move |library| library.review.proposal_confidences(&query)).await
}

#[tauri::command]
#[specta::specta]
pub async fn sample_outlook(sample: u32, error_limit: Share) -> Answer<SampleOutlook> {
    Ok(SampleOutlook::of(sample, error_limit))
}

#[tauri::command]
#[specta::specta]
pub async fn begin_audit(desktop: State<'_, Desktop>, request: AuditRequest) -> Answer<Audit> {
    Ok(desktop.library().review.begin_audit(request).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn extend_audit(desktop: State<'_, Desktop>, audit: AuditId, more: u32) -> Answer<Audit> {
    Ok(desktop.library().review.extend_audit(audit, more).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn audit(desktop: State<'_, Desktop>, audit: AuditId) -> Answer<Audit> {
    ask(&desktop, move |library| library.review.audit(audit)).await
}

#[tauri::command]
#[specta::specta]
pub async fn audits(desktop: State<'_, Desktop>) -> Answer<Vec<Audit>> {
    ask(&desktop, |library| library.review.audits()).await
}

#[tauri::command]
#[specta::specta]
pub async fn accept_audited(desktop: State<'_, Desktop>, audit: AuditId) -> Answer<Audit> {
    Ok(desktop.library().review.accept_audited(audit).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn compare_sides(desktop: State<'_, Desktop>, first: Side, second: Side) -> Answer<Comparison> {
    ask(&desktop, move |library| library.review.compare_sides(first, second)).await
}

#[tauri::command]
#[specta::specta]
pub async fn compare_image(
    desktop: State<'_, Desktop>,
    image: ImageId,
    first: Side,
    second: Side,
) -> Answer<Vec<ComparedPair>> {
    ask(&desktop, move |library| library.review.compare_image(image, first, second)).await
}
