//! The page of a report: one file without scripts, in light or dark as the reader's system has it.

use std::fmt::Write;

use domain::library::ImageCard;
use domain::report::RunReport;

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
         <header><h1>Run {id}</h1><p>{model}, {recipe}: {done} of {total} images, {marks} marks</p></header>",
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
    if !report.failures.is_empty() || !missing.is_empty() {
        html.push_str("<section><h2>Not done</h2><ul>");
        for failure in &report.failures {
            let _ = write!(html, "<li>{} failed, such as {}</li>", failure.count, escape(&failure.example));
        }
        for missing in missing {
            let _ = write!(html, "<li>{}</li>", escape(missing));
        }
        html.push_str("</ul></section>");
    }
    html.push_str("<section class=\"pictures\">");
    for Picture { file, card } in pictures {
        let _ = write!(
            html,
            "<figure><a href=\"{file}\"><img src=\"{file}\" loading=\"lazy\" alt=\"{name}, marked up\"></a>\
             <figcaption>{name} <span>{width} x {height}, {marks}</span></figcaption></figure>",
            name = escape(&card.name),
            width = card.size.width,
            height = card.size.height,
            marks = match card.marks.len() {
                1 => "1 mark".to_owned(),
                count => format!("{count} marks"),
            },
        );
    }
    html.push_str("</section></body></html>\n");
    html
}

fn figures(html: &mut String, report: &RunReport) {
    let Some(metrics) = &report.metrics else { return };
    let speedup = metrics.speedup.map(|speedup| format!("{speedup:.2} (summed durations over wall time)"));
    let rows = [
        ("Wall time", format!("{:.2} s", metrics.wall_millis / 1000.0)),
        ("Images a second", format!("{:.1}", metrics.images_per_second)),
        ("An image takes, mean", format!("{:.0} ms", metrics.mean_millis)),
        (
            "P50 / P95 / P99",
            format!("{:.0} / {:.0} / {:.0} ms", metrics.p50_millis, metrics.p95_millis, metrics.p99_millis),
        ),
        ("At once", metrics.concurrency.to_string()),
        ("Speed-up", speedup.unwrap_or_else(|| "none: nobody waited for it".into())),
        ("Answered", format!("{:.1} %", metrics.success_rate * 100.0)),
        ("Retries", metrics.retries.to_string()),
        ("Paid", format!("${}", report.summary.paid.dollars())),
    ];
    html.push_str("<section><h2>Figures</h2><table>");
    for (name, value) in rows {
        let _ = write!(html, "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
