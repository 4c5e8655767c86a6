//! Prepared libraries in a cache folder: made once, copied for every scene. Each belongs to the program that made it, so that
//! a new build makes its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Done, Photos, Scene, library};

const A_DAY: Duration = Duration::from_hours(24);
/// Marks a finished template.
const COMPLETE: &str = "complete";

/// The templates in a cache folder.
#[derive(Debug, Clone)]
pub struct Templates {
    folder: PathBuf,
}

impl Templates {
    /// The templates below `cache` that this build of the program made. Those of other builds are deleted once a day has
    /// passed: another checkout may be using them.
    pub fn in_cache(cache: &Path) -> Done<Self> {
        let program = std::env::current_exe()?;
        let metadata = fs::metadata(&program)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        fs::create_dir_all(cache)?;
        let cache = fs::canonicalize(cache)?;
        let folder = cache.join(format!("{name}@{:x}-{modified:x}", metadata.len()));
        for entry in fs::read_dir(&cache)?.flatten() {
            let is_earlier = entry.file_name().to_string_lossy().starts_with(&format!("{name}@"));
            let is_unused = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > A_DAY));
            if is_earlier && is_unused && entry.path() != folder {
                // Another process may be deleting it too. What stays is deleted by the next start.
                let _deleted = fs::remove_dir_all(entry.path());
            }
        }
        fs::create_dir_all(&folder)?;
        // Marks it as in use.
        File::open(&folder)?.set_modified(SystemTime::now())?;
        Ok(Self { folder })
    }

    /// The folder of the photos and of a library with nothing but them.
    pub fn photos(&self, photos: Photos) -> Done<PathBuf> {
        self.template(&photos.to_string(), |folder| library::import(photos, folder))
    }

    /// The folder of the library of `scene`, with its runs and decisions.
    pub fn library(&self, scene: &Scene) -> Done<PathBuf> {
        let photos = self.photos(Photos::of(scene))?;
        let Scene { images, annotations, latest, .. } = scene;
        let name = format!(
            "library-{images}-{annotations}-{latest:?}{}{}{}{}{}{}-{}",
            if scene.has_mistakes { "-mistakes" } else { "" },
            if scene.has_layers { "-layers" } else { "" },
            if scene.is_birds { "-birds" } else { "" },
            if scene.is_priced { "-priced" } else { "" },
            if scene.has_months { "-months" } else { "" },
            if scene.has_hooks { "-hooks" } else { "" },
            Photos::of(scene),
        );
        self.template(&name.replace(['(', ')'], "-"), |folder| library::annotate(scene, &photos, folder))
    }

    /// The template `name`, made unless it is there. Programs that need it at the same time wait for each other.
    fn template(&self, name: &str, make: impl FnOnce(&Path) -> Done<()>) -> Done<PathBuf> {
        let folder = self.folder.join(name);
        let complete = folder.join(COMPLETE);
        if complete.exists() {
            return Ok(folder);
        }
        let lock = File::create(self.folder.join(format!("{name}.lock")))?;
        lock.lock()?;
        if complete.exists() {
            return Ok(folder);
        }
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        make(&folder)?;
        File::create(&complete)?;
        Ok(folder)
    }
}
