//! The page of a report: one file without scripts, in light or dark as the reader's system has it.

use std::fmt::Write;

use domain::library::ImageCard;
use domain::metrics::Speedup;
use domain::report::{FailedImage, RunReport};
use domain::text::visible;

use super::Notice;

/// A marked-up copy and what it shows.
pub struct Picture {
    /// Relative to the page.
    pub file: String,
    pub card: ImageCard,
}

const STYLE: &str = include_str!("report.css");

/// The whole page.
pub fn page(report: &RunReport, notices: &[Notice], pictures: &[Picture], missing: &[String]) -> String {
    let summary = &report.summary;
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Run {id}, {recipe}</title><style>{STYLE}</style></head><body>\
         <header><h1>Run {id}</h1><p>{model}, {recipe}: {done} of {total} images, {marks} annotations</p></header>",
        id = summary.id,
        recipe = escape(&summary.recipe_name),
        model = escape(&summary.model_name),
        done = summary.done,
        total = summary.total,
        marks = summary.mark_count,
    );
    figures(&mut html, report);
    noticed(&mut html, notices);
    if !report.labels.is_empty() {
        html.push_str("<section><h2>Found</h2><ul class=\"labels\">");
        for label in &report.labels {
            let _ = write!(html, "<li>{} <b>{}</b></li>", escape(&label.name), label.count);
        }
        html.push_str("</ul></section>");
    }
    failed(&mut html, &report.failed_images);
    if !missing.is_empty() {
        html.push_str("<section><h2>Not shown</h2><ul>");
        for missing in missing {
            let _ = write!(html, "<li>{}</li>", escape(missing));
        }
        html.push_str("</ul></section>");
    }
    html.push_str("<section class=\"pictures\">");
    for Picture { file, card } in pictures {
        let _ = write!(
            html,
            "<figure><a href=\"{file}\"><img src=\"{file}\" loading=\"lazy\" alt=\"{name}, annotated\"></a>\
             <figcaption>{name} <span>{width} x {height}, {marks}</span></figcaption></figure>",
            name = escape(&card.name),
            width = card.size.width,
            height = card.size.height,
            marks = match card.marks.len() {
                1 => "1 annotation".to_owned(),
                count => format!("{count} annotations"),
            },
        );
    }
    html.push_str("</section></body></html>\n");
    html
}

fn figures(html: &mut String, report: &RunReport) {
    let Some(metrics) = &report.metrics else { return };
    let measured = |speedup: Speedup| {
        format!("{:.2} (one image at a time: {:.2} s)", speedup.factor, speedup.sequential_millis / 1000.0)
    };
    let rows = [
        ("Images asked about", Some(metrics.asked.to_string())),
        ("Reused answers", counted(metrics.reused)),
        ("Annotations of a similar image", counted(metrics.propagated)),
        ("Files that could not be read", counted(metrics.unread)),
        ("Wall time", Some(format!("{:.2} s", metrics.wall_millis / 1000.0))),
        ("Images a second", Some(format!("{:.1}", metrics.images_per_second))),
        ("Duration of an image, mean", Some(format!("{:.0} ms", metrics.mean_millis))),
        (
            "P50 / P95 / P99",
            Some(format!("{:.0} / {:.0} / {:.0} ms", metrics.p50_millis, metrics.p95_millis, metrics.p99_millis)),
        ),
        ("Requests in flight, at most", Some(metrics.concurrency.to_string())),
        ("Parallelism", metrics.parallelism.map(|parallelism| format!("{parallelism:.2}"))),
        ("Speed-up", metrics.speedup.map(measured)),
        ("Answered", Some(format!("{:.1} %", metrics.success_rate * 100.0))),
        ("Retries", Some(metrics.retries.to_string())),
        ("Paid", Some(format!("${}", report.summary.paid.dollars()))),
    ];
    html.push_str("<section><h2>Figures</h2><table>");
    for (name, value) in rows {
        let Some(value) = value else { continue };
        let _ = write!(html, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
    }
    html.push_str("</table></section>");
}

/// `None` where there is nothing to count.
fn counted(count: u32) -> Option<String> {
    (count > 0).then(|| count.to_string())
}

/// Every image that failed, with its reason.
fn failed(html: &mut String, images: &[FailedImage]) {
    if images.is_empty() {
        return;
    }
    let _ = write!(html, "<section><h2>Failed: {}</h2><table class=\"failed\">", images.len());
    html.push_str("<tr><th scope=\"col\">Image</th><th scope=\"col\">Reason</th><th scope=\"col\">Requests</th>");
    html.push_str("<th scope=\"col\">Paid</th></tr>");
    for image in images {
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>${}</td></tr>",
            escape(image.place()),
            escape(image.reason()),
            image.requests,
            image.paid.dollars()
        );
    }
    html.push_str("</table></section>");
}

fn noticed(html: &mut String, notices: &[Notice]) {
    if notices.is_empty() {
        return;
    }
    html.push_str("<section><h2>Noticed</h2><ul>");
    for Notice { finding, changes } in notices {
        let _ = write!(html, "<li>{}<ul>", escape(finding));
        for change in changes {
            let _ = write!(html, "<li>{}</li>", escape(change));
        }
        html.push_str("</ul></li>");
    }
    html.push_str("</ul></section>");
}

/// Text from outside on the page.
fn escape(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
