//! The report page: one file without scripts, in the reader's light or dark color scheme.

use domain::library::ImageCard;
use domain::metrics::Speedup;
use domain::report::{FailedImage, RunReport};
use domain::text::visible;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Notice;

/// A copy of an image with its annotations drawn in.
pub struct ReportPicture {
    /// Relative to the page.
    pub file: String,
    pub card: ImageCard,
}

const STYLE: &str = include_str!("report.css");

/// The whole page. External text passes through `visible`, which shows hidden characters.
pub fn page(report: &RunReport, notices: &[Notice], pictures: &[ReportPicture], missing: &[String]) -> String {
    let summary = &report.summary;
    let (recipe, model) = (visible(&summary.recipe_name), visible(&summary.model_name));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Run " (summary.id) ", " (recipe) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Run " (summary.id) }
                    p {
                        (model) ", " (recipe) ": " (summary.done) " of " (summary.total) " images, "
                        (summary.annotation_count) " annotations"
                    }
                }
                (figures(report))
                (noticed(notices))
                @if !report.labels.is_empty() {
                    section {
                        h2 { "Found" }
                        ul.labels {
                            @for label in &report.labels { li { (visible(&label.name)) " " b { (label.count) } } }
                        }
                    }
                }
                (failed(&report.failed_images))
                @if !missing.is_empty() {
                    section {
                        h2 { "Not shown" }
                        ul { @for missing in missing { li { (visible(missing)) } } }
                    }
                }
                section.pictures { @for picture in pictures { (shown(picture)) } }
            }
        }
    };
    page.into_string() + "\n"
}

fn shown(ReportPicture { file, card }: &ReportPicture) -> Markup {
    let name = visible(&card.name);
    html! {
        figure {
            a href=(file) { img src=(file) loading="lazy" alt={ (name) ", annotated" }; }
            figcaption {
                (name) " "
                span {
                    (card.size.width) " x " (card.size.height) ", "
                    @match card.annotations.len() { 1 => "1 annotation", count => { (count) " annotations" } }
                }
            }
        }
    }
}

fn figures(report: &RunReport) -> Markup {
    let Some(metrics) = &report.metrics else { return Markup::default() };
    let measured = |speedup: Speedup| {
        format!("{:.2} (one image at a time: {:.2} s)", speedup.factor, speedup.sequential_millis / 1000.0)
    };
    let rows = [
        ("Images sent", Some(metrics.asked.to_string())),
        ("Reused answers", counted(metrics.reused)),
        ("Annotations copied from a similar image", counted(metrics.propagated)),
        ("Files that could not be read", counted(metrics.unread)),
        ("Wall time", Some(format!("{:.2} s", metrics.wall_millis / 1000.0))),
        ("Images per second", Some(format!("{:.1}", metrics.images_per_second))),
        ("Mean time per image", Some(format!("{:.0} ms", metrics.mean_millis))),
        (
            "P50 / P95 / P99",
            Some(format!("{:.0} / {:.0} / {:.0} ms", metrics.p50_millis, metrics.p95_millis, metrics.p99_millis)),
        ),
        ("Max requests in flight", Some(metrics.concurrency.to_string())),
        ("Parallelism", metrics.parallelism.map(|parallelism| format!("{parallelism:.2}"))),
        ("Speed-up", metrics.speedup.map(measured)),
        ("Answered", Some(format!("{:.1} %", metrics.success_rate * 100.0))),
        ("Retries", Some(metrics.retries.to_string())),
        ("Paid", Some(report.summary.paid.to_string())),
    ];
    html! {
        section {
            h2 { "Metrics" }
            table {
                @for (name, value) in rows {
                    @if let Some(value) = value { tr { th scope="row" { (name) } td { (value) } } }
                }
            }
        }
    }
}

/// `None` for zero.
fn counted(count: u32) -> Option<String> {
    (count > 0).then(|| count.to_string())
}

/// Every image that failed, with its reason.
fn failed(images: &[FailedImage]) -> Markup {
    html! {
        @if !images.is_empty() {
            section {
                h2 { "Failed: " (images.len()) }
                table.failed {
                    tr { @for name in ["Image", "Reason", "Requests", "Paid"] { th scope="col" { (name) } } }
                    @for image in images {
                        tr {
                            td { (visible(image.place())) }
                            td { (visible(image.reason())) }
                            td { (image.requests) }
                            td { (image.paid.to_string()) }
                        }
                    }
                }
            }
        }
    }
}

fn noticed(notices: &[Notice]) -> Markup {
    html! {
        @if !notices.is_empty() {
            section {
                h2 { "Noticed" }
                ul {
                    @for Notice { finding, changes } in notices {
                        li { (visible(finding)) ul { @for change in changes { li { (visible(change)) } } } }
                    }
                }
            }
        }
    }
}
