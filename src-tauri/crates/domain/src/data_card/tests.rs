use super::*;
use crate::split::SplitRequest;

fn card() -> DataCard {
    DataCard {
        version: DATA_CARD_VERSION,
        name: "Harbour".into(),
        created_at: "2026-11-30T12:00:00Z".into(),
        created_by: "Fieldmark 1.0.0".into(),
        license: None,
        format: FormatId("yolo".into()),
        written: CardWritten { images: 1198, annotations: 8900, ..CardWritten::default() },
        images: CardImages { count: 1198, ..CardImages::default() },
        annotations: CardAnnotations { count: 8900, ..CardAnnotations::default() },
        labels: vec![CardLabel { name: "a|b".into(), definition: "two\nlines".into(), images: 1, annotations: 2 }],
        collections: Vec::new(),
        runs: Vec::new(),
        imports: Vec::new(),
        review: ReviewCoverage::default(),
        precision: None,
        audits: Vec::new(),
        gaps: CardGaps::default(),
        split: None,
    }
}

#[test]
fn what_was_not_measured_says_so() {
    let page = card().markdown();
    assert!(page.starts_with("# Harbour\n\n1,198 images with 8,900 annotations"), "{page}");
    assert_eq!(page.matches("not measured").count(), 2, "{page}");
    assert!(page.contains("| a\\|b | 1 | 2 | two lines |\n"), "{page}");
    assert!(page.contains("License: not stated") && page.ends_with("## Known gaps\n\nNone.\n"), "{page}");
}

#[test]
fn what_the_format_does_not_hold_is_not_counted_as_written() {
    let loss = |feature: Feature, kind, count| Loss { feature, kind, count };
    let losses = vec![
        loss(Feature::Polygons, LossKind::Simplified, 5),
        loss(Feature::Points, LossKind::AnnotationLeftOut, 1200),
        loss(Feature::EmptyImages, LossKind::ImageLeftOut, 3),
    ];
    let written = CardWritten { images: 1195, annotations: 7700, losses, failed_images: 0, unreadable_files: 0 };
    let page = DataCard { written, ..card() }.markdown();
    assert!(page.contains("\n\n1,195 images with 7,700 annotations, exported as `yolo`"), "{page}");
    assert!(page.contains("all of the 1,198 images with 8,900 annotations that were selected"), "{page}");
    let gaps = "- `yolo` does not hold polygons: 5 are stored as other shapes\n\
        - `yolo` does not hold points: 1,200 annotations are skipped\n\
        - `yolo` does not hold empty images: 3 images are skipped\n";
    assert!(page.ends_with(gaps), "{page}");
}

#[test]
fn groups_are_stated_if_they_were_looked_for() {
    let request = SplitRequest::default();
    let page = |groups| {
        let split = SplitOutcome { request, parts: Vec::new(), groups, kept: 0 };
        DataCard { split: Some(split), ..card() }.markdown()
    };
    assert!(page(Some(1200)).contains("; 1,200 groups of near-duplicates and bursts"), "{}", page(Some(1200)));
    assert!(!page(None).contains(" groups "), "{}", page(None));
}

#[test]
fn an_estimate_has_its_interval() {
    assert_eq!(EstimatedShare::of(0, 0), None);
    let precision = EstimatedShare::of(97, 100);
    let found = precision.unwrap();
    assert!(found.low < found.share && found.share < found.high && found.low > 0.9, "{found:?}");
    let page = DataCard { precision, ..card() }.markdown();
    assert!(page.contains("97 of 100") && page.contains("97.0 % (91.5 % to 99.4 % at 95 % confidence)"), "{page}");
}
