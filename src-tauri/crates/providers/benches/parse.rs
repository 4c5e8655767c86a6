//! Cost of reading an answer, complete and while it streams.

#![expect(clippy::expect_used, reason = "an answer that cannot be read is not what is measured")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;
use providers::parse::{parse, preview};

const SENT: PixelSize = PixelSize::new(1_456, 1_092);
const LABELS: [&str; 4] = ["cat", "dog", "traffic light", "bicycle"];

struct Annotation {
    label: &'static str,
    x: u32,
    y: u32,
    percent: u32,
}

impl Annotation {
    fn nth(place: u32) -> Self {
        let label = LABELS[place as usize % LABELS.len()];
        Self { label, x: place * 37 % 1_300, y: place * 53 % 1_000, percent: 50 + place % 50 }
    }

    /// In the requested form.
    fn as_asked(&self) -> String {
        let Self { label, x, y, percent } = self;
        let (right, bottom) = (x + 90, y + 60);
        format!(r#"{{"label":"{label}","x1":{x},"y1":{y},"x2":{right},"y2":{bottom},"confidence":0.{percent}}}"#)
    }

    /// In a form that needs corrections: another spelling, corners in an object and as text, percent.
    fn in_need_of_repair(&self) -> String {
        let Self { label, x, y, percent } = self;
        let (label, right, bottom) = (label.to_uppercase(), x + 90, y + 60);
        let corners = format!(r#"{{"x1":"{x}","y1":{y},"x2":{right},"y2":{bottom}}}"#);
        format!(r#"{{"class":"{label}","box":{corners},"confidence":"{percent}%"}}"#)
    }
}

fn answer(annotations: u32, form: impl Fn(&Annotation) -> String) -> String {
    let annotations: Vec<String> = (0..annotations).map(|place| form(&Annotation::nth(place))).collect();
    format!("{{\"marks\":[{}]}}", annotations.join(","))
}

fn answers(criterion: &mut Criterion) {
    let recipe = Recipe::find_these(&LABELS.join(", ")).expect("there is something to find");
    let (few, many) = (answer(8, Annotation::as_asked), answer(100, Annotation::as_asked));
    let repaired = format!("Here they are:\n```json\n{}\n```", answer(100, Annotation::in_need_of_repair));
    let cut_off = &many[..many.len() - 20];

    let mut group = criterion.benchmark_group("parse");
    for (name, text) in [
        ("8 marks", few.as_str()),
        ("100 marks", &many),
        ("100 marks in need of repair", &repaired),
        ("99 marks and one cut off", cut_off),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| parse(black_box(text), &recipe, SENT).expect("it has marks"));
        });
    }
    group.throughput(Throughput::Bytes(few.len() as u64));
    group.bench_function("preview of 8 marks", |bencher| {
        bencher.iter(|| preview(black_box(&few), &recipe, BoxCoordinates::PixelXyxy, SENT));
    });
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
