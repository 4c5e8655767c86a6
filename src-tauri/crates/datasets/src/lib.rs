//! Datasets in the formats of other programs.
//!
//! A [`Format`] writes a neutral dataset ([`model`]), and may read it. Both directions stream image by image.
//! [`FORMATS`] lists all formats; the command line, the window and the documentation use it.

mod attributes;
mod entries;
mod error;
mod format;
mod formats;
mod image_size;
mod in_folder;
mod input;
mod key_points;
mod mask;
mod memory;
pub mod model;
mod outline;
mod output;
mod parts;
mod paths;
mod pictures;
mod projection;

pub use attributes::CROWD;
pub use error::{DatasetError, FileLocation, Result};
pub use format::{DatasetSource, Format, FormatOptions, Images, Sink, SkippedPart};
pub use formats::{
    FORMATS, ReadDetection, StatedExtent, find, is_list_of_detections, read_coco_extents, read_detections,
    write_everything,
};
pub use in_folder::{InFolder, write_image_files};
pub use input::{DATA_CARD, Input};
pub use memory::Dataset;
pub use output::{ImagePlacement, MeasuredOutput, Output};
use parts::JoinedParts;
pub use paths::EXPORTED_STEM;
pub use pictures::{DrawnShape, PictureEncoding, PictureSink, Pictures};
pub use projection::{Projection, Written};

/// Writes the part of a dataset that `format` can hold, and reports how much that is. The caller then finishes or drops
/// `out`.
///
/// # Errors
///
/// [`DatasetError::Empty`] if nothing is left that other programs would accept; otherwise those of the source and the
/// disk.
pub fn write(
    format: &dyn Format,
    source: &dyn DatasetSource,
    options: &FormatOptions,
    out: &mut Output,
) -> Result<Written> {
    let projection = Projection::new(source, format.holds(options));
    format.write(&projection, options, out)?;
    let written = projection.written();
    let descriptor = format.descriptor();
    if written.annotations == 0 && !descriptor.can_be_empty {
        return Err(DatasetError::Empty { format: descriptor.id, images: written.images });
    }
    Ok(written)
}

/// Reads a dataset of this or another program, whose splits may be files of their own.
///
/// # Errors
///
/// Those of the format, the disk and `sink`.
pub fn read(format: &dyn Format, input: &mut Input, options: &FormatOptions, sink: &mut dyn Sink) -> Result<()> {
    let parts = input.parts().to_vec();
    if parts.len() < 2 {
        return format.read(input, options, sink);
    }
    let mut joined = JoinedParts::new(sink);
    for (place, part) in parts.into_iter().enumerate() {
        input.select_part(place);
        joined.begin_part(part.split);
        format.read(input, options, &mut joined)?;
    }
    Ok(())
}

/// What [`write`] would write and lose, without writing.
pub fn preview(format: &dyn Format, source: &dyn DatasetSource, options: &FormatOptions) -> Result<Written> {
    let projection = Projection::new(source, format.holds(options));
    projection.images().try_for_each(|image| image.map(drop))?;
    Ok(projection.written())
}
