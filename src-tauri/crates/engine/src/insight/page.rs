//! The report page: one file without scripts, in the reader's light or dark color scheme.

use domain::annotation::{Annotation, AttributeValue, Status};
use domain::library::ImageCard;
use domain::metrics::Speedup;
use domain::report::{FailedImage, Notice, RunReport};
use domain::shape::Shape;
use domain::text::visible;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::page_texts::PageTexts;

/// A copy of an image with its annotations drawn in.
pub struct ReportPicture {
    /// Relative to the page.
    pub file: String,
    pub card: ImageCard,
}

const STYLE: &str = include_str!("report.css");

/// The whole page. External text passes through `visible`, which shows hidden characters.
pub fn page(
    report: &RunReport,
    notices: &[Notice],
    pictures: &[ReportPicture],
    missing: &[String],
    texts: &PageTexts,
) -> String {
    let summary = &report.summary;
    let (recipe, model) = (visible(texts.name(&summary.recipe_name)), visible(texts.name(&summary.model_name)));
    let (name, tags) = (visible(&summary.description.name), &summary.description.tags);
    let page = html! {
        (DOCTYPE)
        html lang=(texts.lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (texts.run) " " (summary.id) ", " (recipe) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (texts.run) " " (summary.id) @if !name.is_empty() { ": " (name) } }
                    p {
                        (model) ", " (recipe) ": " (summary.done) " " (texts.of) " " (summary.total) " "
                        (texts.images(summary.total as usize)) ", " (texts.annotations(summary.annotation_count as usize))
                    }
                    @if !tags.is_empty() {
                        p { (texts.tags) ": " (visible(&tags.join(", "))) }
                    }
                }
                (figures(report, texts))
                (noticed(notices, texts))
                @if !report.labels.is_empty() {
                    section {
                        h2 { (texts.found) }
                        ul.labels {
                            @for label in &report.labels { li { (visible(&label.name)) " " b { (label.count) } } }
                        }
                    }
                }
                (failed(&report.failed_images, report.summary.has_price(), texts))
                @if !missing.is_empty() {
                    section {
                        h2 { (texts.not_shown) }
                        ul { @for missing in missing { li { (visible(missing)) } } }
                    }
                }
                section.pictures { @for picture in pictures { (shown(picture, texts)) } }
            }
        }
    };
    page.into_string() + "\n"
}

fn shown(ReportPicture { file, card }: &ReportPicture, texts: &PageTexts) -> Markup {
    let name = visible(&card.name);
    let standing: Vec<&Annotation> =
        card.annotations.iter().filter(|annotation| annotation.status != Status::Rejected).collect();
    html! {
        figure {
            a href=(file) { img src=(file) loading="lazy" alt={ (name) ", " (texts.annotated) }; }
            figcaption {
                (name) " "
                span { (card.size.width) " x " (card.size.height) ", " (texts.annotations(standing.len())) }
                @if !standing.is_empty() {
                    ul { @for annotation in standing { li { (described(annotation, texts)) } } }
                }
            }
        }
    }
}

/// The label, what is known of it, and the attributes of an annotation.
fn described(annotation: &Annotation, texts: &PageTexts) -> Markup {
    let facts = [
        annotation.confidence.map(|confidence| texts.decimal(confidence.into(), 2)),
        texts.decision(annotation.status).map(ToOwned::to_owned),
    ];
    let text = match &annotation.shape {
        Shape::Caption { text } => visible(text),
        _ => visible(&annotation.label),
    };
    html! {
        (text)
        @for fact in facts.into_iter().flatten() { " " span { (fact) } }
        @if !annotation.attributes.is_empty() {
            dl {
                @for (name, value) in &annotation.attributes {
                    div { dt { (visible(name)) } dd { (visible(&attribute(value, texts))) } }
                }
            }
        }
    }
}

fn attribute(value: &AttributeValue, texts: &PageTexts) -> String {
    match value {
        AttributeValue::YesNo(is_so) => (if *is_so { texts.yes } else { texts.no }).to_owned(),
        AttributeValue::Number(number) => number.to_string(),
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Several(options) => options.join(", "),
    }
}

fn figures(report: &RunReport, texts: &PageTexts) -> Markup {
    let Some(metrics) = &report.metrics else { return Markup::default() };
    let seconds = |millis: f64| texts.decimal(millis / 1000.0, 2);
    let whole = |millis: f64| texts.decimal(millis, 0);
    let measured = |speedup: Speedup| {
        let factor = texts.decimal(speedup.factor, 2);
        format!("{factor} ({}: {} s)", texts.one_at_a_time, seconds(speedup.sequential_millis))
    };
    let percentiles = [metrics.p50_millis, metrics.p95_millis, metrics.p99_millis].map(whole).join(" / ");
    let rows = [
        (texts.sent, Some(metrics.asked.to_string())),
        (texts.reused, counted(metrics.reused)),
        (texts.propagated, counted(metrics.propagated)),
        (texts.unread, counted(metrics.unread)),
        (texts.wall, Some(format!("{} s", seconds(metrics.wall_millis)))),
        (texts.per_second, Some(texts.decimal(metrics.images_per_second, 1))),
        (texts.mean, Some(format!("{} ms", whole(metrics.mean_millis)))),
        (texts.percentiles, Some(format!("{percentiles} ms"))),
        (texts.in_flight, Some(metrics.concurrency.to_string())),
        (texts.parallelism, metrics.parallelism.map(|parallelism| texts.decimal(parallelism, 2))),
        (texts.speedup, metrics.speedup.map(measured)),
        (texts.answered, Some(format!("{} %", texts.decimal(metrics.success_rate * 100.0, 1)))),
        (texts.retries, Some(metrics.retries.to_string())),
        (texts.paid, Some(texts.cost(report.summary.reported_cost()))),
    ];
    html! {
        section {
            h2 { (texts.metrics) }
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
fn failed(images: &[FailedImage], has_price: bool, texts: &PageTexts) -> Markup {
    html! {
        @if !images.is_empty() {
            section {
                h2 { (texts.failed) ": " (images.len()) }
                table.failed {
                    tr { @for name in texts.failed_columns { th scope="col" { (name) } } }
                    @for image in images {
                        tr {
                            td { (visible(image.place())) }
                            td { (visible(image.reason())) }
                            td { (image.requests) }
                            td { (texts.cost(has_price.then_some(image.paid))) }
                        }
                    }
                }
            }
        }
    }
}

fn noticed(notices: &[Notice], texts: &PageTexts) -> Markup {
    html! {
        @if !notices.is_empty() {
            section {
                h2 { (texts.noticed) }
                ul {
                    @for Notice { finding, changes } in notices {
                        li { (visible(finding)) ul { @for change in changes { li { (visible(change)) } } } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::annotation::{Origin, ReviewState};
    use domain::geometry::{PixelSize, Rect};
    use domain::ids::{AnnotationId, ImageId, RunId};
    use domain::report::ReportLanguage;

    use super::*;

    #[test]
    fn attributes_are_shown_in_both_languages_and_markup_is_text() {
        let attributes = BTreeMap::from([
            ("<i>colour".to_owned(), AttributeValue::Text("red & <b>blue</b>".into())),
            ("parked".to_owned(), AttributeValue::YesNo(true)),
            ("parts".to_owned(), AttributeValue::Several(vec!["wing".into(), "tail".into()])),
        ]);
        let annotation = Annotation {
            id: AnnotationId(1),
            origin: Origin::Run { run: RunId(1) },
            propagated_from: None,
            label: "<script>".into(),
            color: 1,
            shape: Shape::Box { rect: Rect::new(0.0, 0.0, 4.0, 4.0) },
            confidence: Some(0.875),
            attributes,
            status: Status::Accepted,
            reject_reason: None,
            is_superseded: false,
        };
        let rejected = Annotation { label: "gone".into(), status: Status::Rejected, ..annotation.clone() };
        let card = ImageCard {
            id: ImageId(1),
            name: "<img src=x>.jpg".into(),
            size: PixelSize::new(10, 10),
            taken: None,
            review: ReviewState::Reviewed,
            is_annotated: true,
            is_running: false,
            failure: None,
            annotations: vec![annotation, rejected],
        };
        let picture = ReportPicture { file: "marked/0001-x.jpg".into(), card };
        let of = |language| shown(&picture, PageTexts::of(language)).into_string();
        let english = of(ReportLanguage::En);
        for said in [
            "&lt;img src=x&gt;.jpg",
            "10 x 10, 1 annotation<",
            "&lt;script&gt; <span>0.88</span> <span>accepted</span>",
            "<dt>&lt;i&gt;colour</dt><dd>red &amp; &lt;b&gt;blue&lt;/b&gt;</dd>",
            "<dt>parked</dt><dd>yes</dd>",
            "<dt>parts</dt><dd>wing, tail</dd>",
        ] {
            assert!(english.contains(said), "{said} in {english}");
        }
        assert!(!english.contains("gone") && !english.contains("<script"), "{english}");
        let spanish = of(ReportLanguage::Es);
        for said in ["1 anotación<", "<span>0,88</span> <span>aceptada</span>", "<dd>sí</dd>"] {
            assert!(spanish.contains(said), "{said} in {spanish}");
        }
    }
}
