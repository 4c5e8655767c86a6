//! A toy format, as a folder and as an archive: a file of labels, and for each image its file and one with its boxes.
//! It shows everything that a format implements. To be part of the application, it would need its line in the registry.

use std::io::{self, BufRead, Read};

use datasets::model::{DatasetAnnotation, DatasetImage, DatasetInfo, DatasetSplit, LabelTable};
use datasets::{DatasetError, DatasetSource, FileLocation, Format, FormatOptions, Input, Output, Result, Sink};
use domain::dataset::{Feature, FormatDescriptor, FormatGroup, FormatOption, Package, Translated};
use domain::geometry::{PixelSize, Rect};
use domain::shape::Shape;

pub struct Toy(&'static FormatDescriptor);

pub static FOLDER: Toy = Toy(&DESCRIPTOR);
pub static ARCHIVE: Toy =
    Toy(&FormatDescriptor { id: "toy-archive", package: Package::Archive { extension: "zip" }, ..DESCRIPTOR });

const DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "toy",
    title: Translated { en: "Toy", es: "Juguete" },
    summary: Translated { en: "A file of boxes for each image", es: "Un archivo de cajas por imagen" },
    group: FormatGroup::Tables,
    package: Package::Folder,
    media_type: "text/plain",
    holds: &[
        Feature::Boxes,
        Feature::PolygonBounds,
        Feature::UnscoredAnnotations,
        Feature::EmptyImages,
        Feature::Splits,
        Feature::LabelTable,
    ],
    can_be_empty: true,
    is_readable: true,
    options: &[FormatOption {
        name: "numbering",
        title: Translated { en: "Labels are numbered from", es: "Las etiquetas se numeran desde" },
        values: &["0", "1"],
    }],
    documentation: "https://example.org/toy",
};

const SPLITS: [(&str, Option<DatasetSplit>); 4] = [
    ("train", Some(DatasetSplit::Train)),
    ("val", Some(DatasetSplit::Validation)),
    ("test", Some(DatasetSplit::Test)),
    ("all", None),
];

impl Format for Toy {
    fn descriptor(&self) -> &'static FormatDescriptor {
        self.0
    }

    fn write(&self, source: &dyn DatasetSource, options: &FormatOptions, out: &mut Output) -> Result<()> {
        let labels = &source.info().labels;
        let file = out.entry("labels.txt")?;
        for label in labels.labels() {
            writeln!(file, "{}", label.name.escape_default())?;
        }
        let first = usize::from(options.get("numbering") == "1");
        for image in source.images() {
            let image = image?;
            let size = image.known_size()?;
            let (folder, _) = SPLITS.iter().find(|(_, split)| *split == image.split).unwrap_or(&SPLITS[3]);
            let file = out.entry(&format!("{folder}/{}.txt", image.id))?;
            writeln!(file, "{} {} {}", size.width, size.height, image.file_name.escape_default())?;
            for annotation in &image.annotations {
                // Trainers refuse boxes outside of the image.
                let Ok(Shape::Box { rect }) = annotation.shape.fitted(size) else { continue };
                let label = labels.index_of(&annotation.label)? + first;
                writeln!(file, "{label} {} {} {} {}", rect.x1, rect.y1, rect.x2, rect.y2)?;
            }
            if let Some(path) = &image.path {
                out.image_file(path, &format!("{folder}/{}.jpg", image.id))?;
            }
        }
        Ok(())
    }

    fn read(&self, input: &mut Input, options: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        let mut labels = Vec::new();
        for line in input.entry("labels.txt")?.lines() {
            labels.push(unescaped(&line?));
        }
        sink.begin(DatasetInfo { labels: LabelTable::numbered(labels.clone()), ..DatasetInfo::default() })?;
        let names = input.names()?;
        let mut images: Vec<(u64, &str, Option<DatasetSplit>)> = names
            .iter()
            .filter_map(|name| {
                let (folder, file) = name.split_once('/')?;
                let (_, split) = SPLITS.iter().find(|(known, _)| *known == folder)?;
                Some((file.strip_suffix(".txt")?.parse().ok()?, name.as_str(), *split))
            })
            .collect();
        images.sort_unstable_by_key(|(id, _, _)| *id);
        let first = usize::from(options.get("numbering") == "1");
        for (id, name, split) in images {
            let mut text = String::new();
            input.entry(name)?.read_to_string(&mut text)?;
            let place = |line: usize| FileLocation { file: name.to_owned(), line: Some(line as u64 + 1), field: None };
            let mut lines = text.lines();
            let header: Vec<&str> = lines.next().unwrap_or_default().splitn(3, ' ').collect();
            let [width, height, file_name] = header[..] else { return Err(place(0).malformed("no size")) };
            let length_of = |text: &str| text.parse().map_err(|_| place(0).malformed("the size is no number"));
            let size = Some(PixelSize::new(length_of(width)?, length_of(height)?));
            let mut image =
                DatasetImage { id, file_name: unescaped(file_name), size, split, ..DatasetImage::default() };
            for (line, text) in lines.enumerate() {
                let numbers: std::result::Result<Vec<f64>, _> = text.split(' ').map(str::parse).collect();
                let numbers = numbers.map_err(|error| place(line + 1).malformed(error.to_string()))?;
                let [label, x1, y1, x2, y2] = numbers[..] else {
                    return Err(place(line + 1).malformed("a box is five numbers"));
                };
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
                let label = labels
                    .get((label as usize).wrapping_sub(first))
                    .cloned()
                    .ok_or_else(|| place(line + 1).with_field("label").malformed("there is no such label"))?;
                let shape = Shape::Box { rect: Rect::new(x1, y1, x2, y2) };
                image.annotations.push(DatasetAnnotation::new(label, shape));
            }
            sink.image(image)?;
        }
        Ok(())
    }
}

/// The inverse of [`str::escape_default`].
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        plain.push(match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('u')) => {
                let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or_default()
            }
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('t')) => '\t',
            ('\\', Some(other)) | (other, _) => other,
        });
    }
    plain
}

/// The error of a failing source.
pub fn broken() -> DatasetError {
    DatasetError::Owner(Box::new(io::Error::other("the library cannot be read")))
}
