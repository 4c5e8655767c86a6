//! Cost of mapping a box from the sent picture to the photo, and of the overlap of two boxes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::geometry::{ImageFromSent, PixelSize, Rect};

const IMAGE: PixelSize = PixelSize::new(4_000, 3_000);
const SENT: PixelSize = PixelSize::new(1_456, 1_092);
const BOXES: u32 = 1_000;

/// Boxes of many sizes all over the picture, some of them overlapping.
fn boxes() -> Vec<Rect> {
    let (width, height) = (f64::from(SENT.width), f64::from(SENT.height));
    let boxes = (0..BOXES).map(|index| {
        let (x1, y1) = (f64::from(index * 37 % SENT.width), f64::from(index * 53 % SENT.height));
        let side = f64::from(20 + index * 7 % 300);
        Rect::new(x1, y1, (x1 + side).min(width), (y1 + side).min(height))
    });
    boxes.collect()
}

fn geometry(criterion: &mut Criterion) {
    let in_sent = boxes();
    let image_from_sent = ImageFromSent::new(SENT, IMAGE);
    let in_image: Vec<Rect> = in_sent.iter().map(|&rect| image_from_sent.rect(rect)).collect();

    let mut group = criterion.benchmark_group("geometry");
    group.throughput(Throughput::Elements(BOXES.into()));
    group.bench_function("map 1,000 boxes to the photo", |bencher| {
        bencher.iter(|| {
            for &rect in black_box(&in_sent) {
                black_box(image_from_sent.rect(rect).clamped(IMAGE));
            }
        });
    });
    group.bench_function("overlap of 1,000 pairs of boxes", |bencher| {
        bencher.iter(|| {
            for (&one, &other) in black_box(&in_image).iter().zip(in_image.iter().rev()) {
                black_box(one.iou(other));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, geometry);
criterion_main!(benches);
