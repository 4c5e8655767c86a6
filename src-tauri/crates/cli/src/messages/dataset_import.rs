//! What an import of annotations would do, and what it did.

use std::io::{self, Write};

use domain::dataset_import::labels::{ImportedLabel, LabelReason};
use domain::dataset_import::{DatasetPreview, ImportRole, ImportedDataset, SkippedImages};

use super::format::{counted, grouped};
use super::table::Table;
use crate::style::{GOOD, WARNING};

/// More images of a kind are counted only; `--json` has them all.
const MOST_NAMED: usize = 5;

pub fn dataset_preview(out: &mut dyn Write, preview: &DatasetPreview) -> io::Result<()> {
    report(out, preview)?;
    writeln!(out)?;
    writeln!(
        out,
        "{} on {} would be imported. Nothing has been changed.",
        counted(preview.imported, "annotation"),
        counted(preview.library_images, "image")
    )
}

pub fn dataset_imported(out: &mut dyn Write, imported: &ImportedDataset) -> io::Result<()> {
    report(out, &imported.report)?;
    let Some(layer) = &imported.layer else { return Ok(()) };
    let what = match layer.role {
        ImportRole::GroundTruth => "ground truth",
        ImportRole::Predictions => "predictions",
        ImportRole::Work => "work",
    };
    writeln!(out)?;
    writeln!(
        out,
        "{GOOD}Imported{GOOD:#} {} on {} as {what}: layer {}.",
        counted(layer.annotation_count, "annotation"),
        counted(layer.image_count, "image"),
        layer.id
    )
}

fn report(out: &mut dyn Write, report: &DatasetPreview) -> io::Result<()> {
    let detected = if report.is_detected { ", detected" } else { "" };
    writeln!(
        out,
        "{}: {} on {} ({}{detected})",
        report.name,
        counted(report.annotations, "annotation"),
        counted(report.images, "image"),
        report.format
    )?;
    let matched = report.matched;
    writeln!(
        out,
        "  matched: {} by path, {} by name and size, {} by content",
        grouped(matched.by_path.into()),
        grouped(matched.by_name_and_size.into()),
        grouped(matched.by_hash.into())
    )?;
    skipped(out, "not in the library", &report.unmatched, "")?;
    skipped(out, "the match is ambiguous", &report.ambiguous, "could be")?;
    skipped(out, "the file states another size", &report.disagreeing, "in the file and in the library:")?;
    let lines = [
        (report.failed_images, "image", "without an answer"),
        (report.rotated, "image", "annotated before the EXIF orientation was applied: rotated"),
        (report.scaled, "image", "annotated at another size: scaled"),
        (report.clipped, "annotation", "beyond the edge of the image: clipped"),
        (report.outside, "annotation", "outside the image: skipped"),
        (report.unusable, "annotation", "without area, coordinates or text: skipped"),
        (report.unmapped, "annotation", "with a label that is skipped"),
        (report.rejected, "annotation", "rejected, so not ground truth: skipped"),
        (report.already_here, "annotation", "already in the library: skipped"),
    ];
    for (count, noun, what) in lines.into_iter().filter(|(count, ..)| *count > 0) {
        writeln!(out, "  {} {what}", counted(count, noun))?;
    }
    for skipped in &report.skipped {
        let example =
            if skipped.example.is_empty() { String::new() } else { format!(", first at {}", skipped.example) };
        writeln!(
            out,
            "  {WARNING}not read{WARNING:#}: {}, {} times{example}",
            skipped.reason,
            grouped(skipped.count.into())
        )?;
    }
    labels(out, &report.labels)
}

fn skipped(out: &mut dyn Write, why: &str, images: &SkippedImages, details: &str) -> io::Result<()> {
    if images.images == 0 {
        return Ok(());
    }
    let (count, on_them) = (counted(images.images, "image"), counted(images.annotations, "annotation"));
    writeln!(out, "  {WARNING}skipped{WARNING:#}: {count} with {on_them}: {why}")?;
    for image in images.named.iter().take(MOST_NAMED) {
        let details =
            if image.details.is_empty() { String::new() } else { format!(": {details} {}", image.details.join(", ")) };
        writeln!(out, "    {}{details}", image.file_name)?;
    }
    let others = images.images as usize - images.named.len().min(MOST_NAMED);
    if others > 0 { writeln!(out, "    and {} more (--json lists them)", grouped(others as u64)) } else { Ok(()) }
}

fn labels(out: &mut dyn Write, labels: &[ImportedLabel]) -> io::Result<()> {
    let used: Vec<&ImportedLabel> = labels.iter().filter(|label| label.annotations > 0).collect();
    if used.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["Label in the file", "Annotations", "Becomes", "Why"]);
    table.align_right([1]);
    for label in used {
        let why = match label.reason {
            LabelReason::SameName => "same name",
            LabelReason::SameSpelling => "other spelling",
            LabelReason::Synonym => "synonym or plural",
            LabelReason::Chosen => "as chosen",
            LabelReason::New => "new label",
        };
        table.add([
            label.name.clone(),
            grouped(label.annotations.into()),
            label.to.clone().unwrap_or_else(|| "(skipped)".to_owned()),
            why.to_owned(),
        ]);
    }
    writeln!(out)?;
    table.write(out)
}
