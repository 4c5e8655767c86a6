//! JSON: the images of JSON Lines as one list, for programs that read a file as a whole.

use domain::dataset::{FormatDescriptor, FormatGroup, Package, Translated};

use super::items::Items;
use super::json::each_item;
use super::json_lines::{HELD, ImageLine};
use crate::error::{FileLocation, Result};
use crate::format::{DatasetSource, Format, FormatOptions, Sink};
use crate::input::Input;
use crate::model::DatasetInfo;
use crate::output::Output;

/// The format `json`.
pub struct JsonList;

static DESCRIPTOR: FormatDescriptor = FormatDescriptor {
    id: "json",
    title: Translated { en: "JSON", es: "JSON" },
    summary: Translated {
        en: "All images in one list, as in JSON Lines",
        es: "Todas las imágenes en una lista, como en JSON Lines",
    },
    group: FormatGroup::Tables,
    package: Package::File { extension: "json" },
    media_type: "application/json",
    holds: HELD,
    can_be_empty: true,
    is_readable: true,
    options: &[],
    documentation: "https://www.rfc-editor.org/rfc/rfc8259",
};

impl Format for JsonList {
    fn descriptor(&self) -> &'static FormatDescriptor {
        &DESCRIPTOR
    }

    fn write(&self, source: &dyn DatasetSource, _: &FormatOptions, out: &mut Output) -> Result<()> {
        let (out, mut images) = (out.file()?, Items::default());
        out.write_all(b"[")?;
        for image in source.images() {
            images.write(out, &ImageLine::from(&image?))?;
        }
        out.write_all(b"\n]\n")?;
        Ok(())
    }

    fn read(&self, input: &mut Input, _: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
        sink.begin(DatasetInfo::default())?;
        let mut number = 0;
        each_item(input.file()?, "", None, |key, line: ImageLine<'static>| {
            number += 1;
            sink.image(line.into_image(number, &FileLocation::default(), &format!("[{key}]."))?)
        })?;
        Ok(())
    }
}
