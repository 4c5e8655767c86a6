//! The bundled sample photos. Their licenses are in `samples/ATTRIBUTION.md`.

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

/// A photo of a cat, to check that the model finds it.
pub const CAT: &[u8] = SAMPLES[1].1;

/// Writes `count` photos into `folder`: the samples in rotation, each with a different suffix after the image data, so
/// that no two files are equal.
pub fn write_copies(folder: &Path, count: usize) -> Result<()> {
    fs::create_dir_all(folder).map_err(EngineError::file(folder))?;
    for (index, (name, bytes)) in SAMPLES.iter().cycle().take(count).enumerate() {
        let path = folder.join(format!("{index:05}-{name}"));
        let copy = [bytes, format!("copy {index}").as_bytes()].concat();
        fs::write(&path, copy).map_err(EngineError::file(&path))?;
    }
    Ok(())
}

/// Writes the samples into a library's folder, unless they exist; returns the folder to import.
pub fn lay_out(layout: &Layout) -> Result<PathBuf> {
    let folder = layout.samples();
    private::create_folder(&folder).map_err(EngineError::file(&folder))?;
    // Beside the folder of photos, so that importing that folder skips no file.
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
