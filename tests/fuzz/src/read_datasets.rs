//! Datasets of other programs.
//!
//! An input is a format with its options in the first line, such as `yolo task=pose`, and then the files of a folder, each after
//! a line with its name, such as `>>> data.yaml`. After `zip` before the format, the rest is an archive.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use datasets::model::{DatasetAnnotation, DatasetAttribute, DatasetImage, DatasetInfo, LabelTable};
use datasets::{Dataset, DatasetSource, Format, FormatOptions, Input, Output, Projection};
use domain::dataset::{Feature, Package};
use domain::geometry::PixelSize;
use domain::shape::Shape;

use crate::{SCRATCH, scratch_file};

const SIZE: PixelSize = PixelSize::new(300, 200);
const MARK: &[u8] = b"\n>>> ";
const MOST_FILES: usize = 12;

/// Any dataset is read or refused. What is read, as the library would keep it, is written and read back as the same, as far as
/// the format holds it.
pub fn dataset(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let Ok(head) = std::str::from_utf8(&input[..end]) else { return };
    let (is_archive, head) = head.strip_prefix("zip ").map_or((false, head), |head| (true, head));
    let mut words = head.split(' ');
    let Some(format) = words.next().and_then(datasets::find) else { return };
    let chosen = words.filter_map(|word| word.split_once('='));
    let Ok(options) = FormatOptions::new(format.descriptor(), chosen) else { return };
    let path = if is_archive {
        scratch_file("set.zip", &input[(end + 1).min(input.len())..])
    } else {
        laid_out(format, &input[end..])
    };
    let Ok(read) = read(format, &options, &path) else { return };
    let kept = as_kept(read);
    check_round_trip(format, &options, &kept);
}

fn emptied(name: &str) -> PathBuf {
    let path = SCRATCH.path().join(name);
    let _ = fs::remove_dir_all(&path);
    let _ = fs::remove_file(&path);
    path
}

/// The files of an input, in a folder; the first one if the format is a file.
fn laid_out(format: &dyn Format, files: &[u8]) -> PathBuf {
    let folder = emptied("set");
    fs::create_dir_all(&folder).expect("a temporary folder");
    let mut first = None;
    let mut rest = files;
    while let Some(start) = rest.windows(MARK.len()).position(|window| window == MARK) {
        rest = &rest[start + MARK.len()..];
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (name, content) = rest.split_at(line);
        let content = content.get(1..).unwrap_or_default();
        let end = content.windows(MARK.len()).position(|window| window == MARK).unwrap_or(content.len());
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let is_plain =
            name.split('/').all(|part| !matches!(part, "" | "." | "..") && part.len() < 100 && !part.contains('\0'));
        if !is_plain || first.as_ref().map_or(0, |(_, count)| *count) >= MOST_FILES {
            continue;
        }
        let path = folder.join(name);
        let is_written =
            fs::create_dir_all(path.parent().unwrap_or(&folder)).is_ok() && fs::write(&path, &content[..end]).is_ok();
        if is_written {
            first.get_or_insert((path, 0)).1 += 1;
        }
    }
    match (format.descriptor().package, first) {
        (Package::File { .. }, Some((path, _))) => path,
        _ => folder,
    }
}

fn read(format: &dyn Format, options: &FormatOptions, path: &Path) -> datasets::Result<Dataset> {
    let mut read = Dataset::default();
    let input = Input::open(format.descriptor().package, path)?;
    format.read(&mut input.with_sizes(|_| Some(SIZE)), options, &mut read)?;
    Ok(read)
}

/// What a library keeps of a dataset: images with names and sizes, shapes within them, and labels that say something.
fn as_kept(read: Dataset) -> Dataset {
    let mut names = HashSet::new();
    let mut images = Vec::new();
    for (id, image) in (1..).zip(read.images) {
        let size = image.size.filter(|size| size.area() > 0).unwrap_or(SIZE);
        if image.file_name.is_empty() || !names.insert(image.file_name.to_lowercase()) {
            continue;
        }
        let annotations = image.annotations.into_iter().filter_map(|annotation| {
            let shape = annotation.shape.fitted(size).ok()?;
            let label = annotation.label.trim().to_owned();
            (!label.is_empty()).then(|| DatasetAnnotation {
                label,
                attributes: annotation.attributes,
                ..DatasetAnnotation::new("", shape)
            })
        });
        let annotations = annotations.collect();
        images.push(DatasetImage {
            id,
            file_name: image.file_name,
            size: Some(size),
            annotations,
            ..DatasetImage::default()
        });
    }
    let labels = images.iter().flat_map(|image| &image.annotations).map(|annotation| annotation.label.clone());
    let attributes =
        images.iter().flat_map(|image| &image.annotations).flat_map(|annotation| annotation.attributes.keys());
    let attributes: BTreeSet<&String> = attributes.collect();
    let attributes = attributes.into_iter().map(|name| DatasetAttribute { name: name.clone(), kind: None }).collect();
    let info = DatasetInfo { labels: LabelTable::numbered(labels), attributes, ..DatasetInfo::default() };
    Dataset::new(info, images)
}

fn check_round_trip(format: &dyn Format, options: &FormatOptions, source: &Dataset) {
    let package = format.descriptor().package;
    let path = emptied("written");
    let mut out = Output::begin(package, &path).expect("a temporary folder");
    if datasets::write(format, source, options, &mut out).is_err() {
        return;
    }
    out.finish().expect("it is written");
    let back = read(format, options, &path).unwrap_or_else(|error| panic!("it is not read back: {error}"));
    assert!(back.skipped.is_empty(), "{:?}", back.skipped);
    let holds = format.holds(options);
    let projected = Projection::new(source, holds);
    let mut expected: Vec<DatasetImage> = projected.images().filter_map(Result::ok).collect();
    let mut images = back.images;
    if holds.contains(&Feature::Splits) {
        images.sort_by(|one, other| one.file_name.cmp(&other.file_name));
        expected.sort_by(|one, other| one.file_name.cmp(&other.file_name));
    }
    let said = |images: &[DatasetImage]| -> Vec<_> {
        let said = |annotation: &DatasetAnnotation| {
            (annotation.label.clone(), rounded(&annotation.shape), annotation.attributes.clone())
        };
        images
            .iter()
            .map(|image| (image.file_name.clone(), image.annotations.iter().map(said).collect::<Vec<_>>()))
            .collect()
    };
    assert_eq!(said(&images), said(&expected));
}

/// With corners in thousandths of a pixel: formats have their own units and digits.
fn rounded(shape: &Shape) -> Shape {
    shape.moved(|point| {
        domain::geometry::Point::new((point.x * 1e3).round() / 1e3 + 0.0, (point.y * 1e3).round() / 1e3 + 0.0)
    })
}
