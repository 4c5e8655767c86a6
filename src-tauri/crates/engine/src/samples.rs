//! The sample photos that come along, to try Fieldmark with. Their terms are in `samples/ATTRIBUTION.md`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::layout::Layout;
use crate::{EngineError, Result, private};

const ATTRIBUTION: &str = include_str!("../../../../samples/ATTRIBUTION.md");

macro_rules! samples {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../../samples/", $name)).as_slice())),+]
    };
}

const SAMPLES: [(&str, &[u8]); 6] =
    samples!["astronaut.jpg", "chelsea.jpg", "china.jpg", "coffee.jpg", "flower.jpg", "rocket.jpg",];

/// A photo of a cat, to see whether it is found.
pub const CAT: &[u8] = SAMPLES[1].1;

/// Writes `count` photos into `folder`: the samples in turn, each time with another remark behind its end, so that no two
/// are the same file.
pub fn write_copies(folder: &Path, count: usize) -> Result<()> {
    fs::create_dir_all(folder).map_err(EngineError::file(folder))?;
    for (index, (name, bytes)) in SAMPLES.iter().cycle().take(count).enumerate() {
        let path = folder.join(format!("{index:05}-{name}"));
        let copy = [bytes, format!("copy {index}").as_bytes()].concat();
        fs::write(&path, copy).map_err(EngineError::file(&path))?;
    }
    Ok(())
}

/// Writes the samples into the folder of a library, where they are not yet; returns the folder of photos to import.
pub fn lay_out(layout: &Layout) -> Result<PathBuf> {
    let folder = layout.samples();
    private::create_folder(&folder).map_err(EngineError::file(&folder))?;
    // Beside the photos' folder, so that an import of it leaves nothing out.
    let attribution = layout.attribution();
    files::write_private(&attribution, ATTRIBUTION.as_bytes()).map_err(EngineError::file(&attribution))?;
    for (name, bytes) in SAMPLES {
        let path = folder.join(name);
        if !path.exists() {
            files::write_private(&path, bytes).map_err(EngineError::file(&path))?;
        }
    }
    Ok(folder)
}
