//! The photos of a recipe's examples. A photo is found in the library by its hash; otherwise in its file.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use domain::annotation::{Annotation, Status};
use domain::geometry::PixelSize;
use domain::ids::ImageId;
use domain::recipe::{
    AttributeSubject, CAPTION_LABEL, ExampleAnnotation, ExamplePhoto, ExampleUnits, IMAGE_LABEL, Recipe, RecipeExample,
    ShapeKind,
};
use domain::run_state::RunMode;
use prepare::{ContentHash, Decoded, DecodingMemory};
use providers::provider::PreparedModel;
use providers::request::ShownExample;
use store::{KnownFile, Store};

use crate::backend::{RequestCosts, encoded};
use crate::originals::{Originals, UnreadableOriginal, fingerprint};
use crate::provided::ProvidedModel;
use crate::sync::lock;
use crate::{EngineError, Result};

/// Finds the photos of examples.
pub struct Examples {
    store: Arc<Store>,
    originals: Arc<Originals>,
    /// Shared by all decoding in progress.
    memory: DecodingMemory,
    /// Photos outside of the library, so that a quote does not read them each time.
    known: Mutex<HashMap<PathBuf, (KnownFile, Measured)>>,
    /// Which files outside of the library may be read; any if it is not set.
    may_read: OnceLock<MayRead>,
}

type MayRead = Box<dyn Fn(&Path) -> bool + Send + Sync>;

/// What a request depends on in the photo of an example.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// Upright.
    size: PixelSize,
    hash: ContentHash,
}

impl Examples {
    pub(crate) fn new(store: Arc<Store>, originals: Arc<Originals>, memory: DecodingMemory) -> Self {
        Self { store, originals, memory, known: Mutex::default(), may_read: OnceLock::new() }
    }

    /// Limits the files outside of the library that are read. The first limit holds.
    pub fn limit_to(&self, may_read: impl Fn(&Path) -> bool + Send + Sync + 'static) {
        let _ = self.may_read.set(Box::new(may_read));
    }

    /// Prepares `known` for `recipe` and its examples without their photos, for estimates. Blocks.
    pub(crate) fn estimated(
        &self,
        known: &ProvidedModel,
        recipe: &Recipe,
        mode: RunMode,
        max_tokens: Option<u32>,
    ) -> Result<Arc<dyn PreparedModel>> {
        let examples = if known.spec.takes_examples { self.measured(recipe)? } else { Vec::new() };
        Ok(known.prepare(recipe, &examples, mode, max_tokens)?)
    }

    /// Prepares `known` for `recipe` and its examples, to be sent. Blocks.
    pub(crate) fn prepared(
        &self,
        known: &ProvidedModel,
        recipe: &Recipe,
        mode: RunMode,
        max_tokens: Option<u32>,
    ) -> Result<Arc<dyn PreparedModel>> {
        let mut examples = if known.spec.takes_examples { self.measured(recipe)? } else { Vec::new() };
        if !examples.is_empty() {
            let encoding = known.prepare(recipe, &examples, mode, max_tokens)?.encoding();
            for (number, example) in (1..).zip(&mut examples) {
                let edge = known.spec.sent_size(example.size).long_edge();
                let decoded = self.decode(number, &example.example, edge)?;
                let fails = |detail| EngineError::ExampleUnavailable { number, detail };
                example.picture = Some(encoded(decoded.pixels, encoding).map_err(fails)?);
            }
        }
        Ok(known.prepare(recipe, &examples, mode, max_tokens)?)
    }

    /// The requests that images take with `recipe`, for estimates. Blocks.
    pub(crate) fn estimated_costs(
        &self,
        known: &ProvidedModel,
        recipe: &Recipe,
        mode: RunMode,
        max_tokens: Option<u32>,
        retries: u32,
    ) -> Result<RequestCosts> {
        let costs = RequestCosts::new(self.estimated(known, recipe, mode, max_tokens)?, mode, retries);
        let of_tile = about_tiles(recipe).map(|of_tile| self.estimated(known, &of_tile, mode, max_tokens));
        Ok(costs.with_parts(recipe, of_tile.transpose()?))
    }

    /// The requests that images take with `recipe`, to be sent. Blocks.
    pub(crate) fn costs(
        &self,
        known: &ProvidedModel,
        recipe: &Recipe,
        mode: RunMode,
        max_tokens: Option<u32>,
        retries: u32,
    ) -> Result<RequestCosts> {
        let costs = RequestCosts::new(self.prepared(known, recipe, mode, max_tokens)?, mode, retries);
        let of_tile = about_tiles(recipe).map(|of_tile| self.prepared(known, &of_tile, mode, max_tokens));
        Ok(costs.with_parts(recipe, of_tile.transpose()?))
    }

    /// The numbers of the examples whose photo cannot be used, from 1, with the reason.
    pub fn unavailable(&self, recipe: &Recipe) -> Vec<(u32, String)> {
        let measured = (1..).zip(&recipe.examples).map(|(number, example)| self.measure(number, example));
        let failures = measured.filter_map(|measured| match measured {
            Err(EngineError::ExampleUnavailable { number, detail }) => Some((number, detail)),
            _ => None,
        });
        failures.collect()
    }

    /// Where the photos of a recipe's examples are.
    pub fn photos(&self, recipe: &Recipe) -> Result<Vec<ExamplePhoto>> {
        let photos = (1..).zip(&recipe.examples).map(|(number, example)| {
            let image = match content_hash(number, example) {
                Ok(Some(hash)) => self.image_with(hash)?,
                _ => None,
            };
            let problem = self.measure(number, example).err().map(|error| error.to_string());
            Ok(ExamplePhoto { image, problem })
        });
        photos.collect()
    }

    /// Images of the library as examples for `recipe`: with what people have approved; where they have decided nothing, with
    /// all proposals. What the recipe does not ask for is skipped.
    pub fn from_images(&self, recipe: &Recipe, images: &[ImageId]) -> Result<Vec<RecipeExample>> {
        let examples = images.iter().map(|&image| {
            let (annotations, hash, files) = self.store.read_blocking(|view| {
                Ok((view.annotations_of(image)?, view.image_hash(image)?, view.files_of(image)?))
            })?;
            let is_decided = annotations.iter().any(|annotation| annotation.status.is_decided());
            let counts = |annotation: &&Annotation| match annotation.status {
                Status::Proposed => !is_decided && !annotation.is_superseded,
                status => status.is_approved(),
            };
            let mut example = RecipeExample {
                hash: Some(ContentHash::from_bytes(hash).to_string()),
                path: files.first().map(|(path, _)| path.to_string_lossy().into_owned()),
                units: ExampleUnits::Pixels,
                ..RecipeExample::default()
            };
            for annotation in annotations.iter().filter(counts) {
                let asked = |subject| {
                    let is_asked = |name: &str| recipe.attributes_of(subject).any(|(_, own)| own.name == name);
                    let attributes = annotation.attributes.iter().filter(move |(name, _)| is_asked(name));
                    attributes.map(|(name, value)| (name.clone(), value.clone())).collect()
                };
                if annotation.label == IMAGE_LABEL && annotation.shape.kind() == ShapeKind::ImageTag {
                    example.attributes = asked(AttributeSubject::Image);
                    continue;
                }
                let label = match annotation.shape.kind() {
                    ShapeKind::Caption => Some(CAPTION_LABEL),
                    _ => recipe.label_for(&annotation.label).map(|label| label.name.as_str()),
                };
                let Some(label) = label.filter(|_| recipe.shapes.contains(&annotation.shape.kind())) else { continue };
                example.annotations.push(ExampleAnnotation {
                    label: label.to_owned(),
                    shape: annotation.shape.clone(),
                    attributes: asked(AttributeSubject::Annotation),
                });
            }
            Ok(example)
        });
        examples.collect()
    }

    /// The examples with the hashes of their photos, which are part of the key of saved answers.
    fn measured(&self, recipe: &Recipe) -> Result<Vec<ShownExample>> {
        let measured = (1..).zip(&recipe.examples).map(|(number, example)| {
            let Measured { size, hash } = self.measure(number, example)?;
            let example = RecipeExample { hash: Some(hash.to_string()), ..example.clone() };
            Ok(ShownExample { example, size, picture: None })
        });
        measured.collect()
    }

    fn measure(&self, number: u32, example: &RecipeExample) -> Result<Measured> {
        let named = content_hash(number, example)?;
        if let Some(hash) = named
            && let Some(image) = self.image_with(hash)?
        {
            return Ok(Measured { size: self.store.read_blocking(|view| view.image_size(image))?, hash });
        }
        let path = self.path_of(number, example)?;
        let file = fingerprint(path).map_err(|error| unusable(number, path, &error))?;
        let known = lock(&self.known).get(path).filter(|(known, _)| *known == file).map(|(_, measured)| *measured);
        let measured = match known {
            Some(measured) => measured,
            None => Measured {
                size: prepare::decode(path, Some(1), &self.memory)
                    .map_err(|reason| unusable(number, path, &reason))?
                    .original,
                hash: ContentHash::of_file(path).map_err(|error| unusable(number, path, &error))?,
            },
        };
        lock(&self.known).insert(path.to_owned(), (file, measured));
        if named.is_some_and(|named| named != measured.hash) {
            return Err(unusable(number, path, &"another photo than the recipe's"));
        }
        Ok(measured)
    }

    /// The photo of a measured example.
    fn decode(&self, number: u32, example: &RecipeExample, edge: u32) -> Result<Decoded> {
        if let Some(hash) = content_hash(number, example)?
            && let Some(image) = self.image_with(hash)?
        {
            let fails = |original: UnreadableOriginal| unavailable(number, original.detail);
            return self.originals.decode(image, Some(edge)).map_err(fails);
        }
        let path = self.path_of(number, example)?;
        prepare::decode(path, Some(edge), &self.memory).map_err(|reason| unusable(number, path, &reason))
    }

    fn image_with(&self, hash: ContentHash) -> Result<Option<ImageId>> {
        Ok(self.store.read_blocking(|view| view.image_with(*hash.as_bytes()))?)
    }

    fn path_of<'a>(&self, number: u32, example: &'a RecipeExample) -> Result<&'a Path> {
        let Some(path) = example.path.as_deref().map(Path::new) else {
            let detail = "it is not in this library, and the recipe does not name its file";
            return Err(unavailable(number, detail.to_owned()));
        };
        if !path.is_absolute() {
            return Err(unusable(number, path, &"name the whole path, from the root"));
        }
        if self.may_read.get().is_some_and(|may_read| !may_read(path)) {
            return Err(unusable(number, path, &"missing, or in no folder that may be used here"));
        }
        Ok(path)
    }
}

/// What is asked about tiles, if it is something else than about the whole image.
fn about_tiles(recipe: &Recipe) -> Option<Recipe> {
    let of_tile = recipe.of_tile();
    (recipe.tiles.is_some() && recipe.has_located_shapes() && of_tile != *recipe).then_some(of_tile)
}

fn unavailable(number: u32, detail: String) -> EngineError {
    EngineError::ExampleUnavailable { number, detail }
}

fn unusable(number: u32, path: &Path, reason: &dyn std::fmt::Display) -> EngineError {
    unavailable(number, format!("{}: {reason}", path.display()))
}

/// The hash that an example names.
fn content_hash(number: u32, example: &RecipeExample) -> Result<Option<ContentHash>> {
    let Some(hash) = &example.hash else { return Ok(None) };
    let byte = |at: usize| u8::from_str_radix(hash.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hash.len()).step_by(2).map(byte).collect();
    match bytes.and_then(|bytes| bytes.try_into().ok()) {
        Some(bytes) => Ok(Some(ContentHash::from_bytes(bytes))),
        None => Err(unavailable(number, "its hash is not 64 hexadecimal digits".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use domain::model::ModelId;

    use super::*;
    use crate::Library;

    fn sample(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples").join(name)
    }

    fn shown(path: &Path, hash: Option<String>) -> Recipe {
        let example =
            RecipeExample { path: Some(path.to_string_lossy().into_owned()), hash, ..RecipeExample::default() };
        Recipe { examples: vec![example], ..Recipe::find_these("cat").unwrap() }
    }

    fn problem(library: &Library, recipe: &Recipe) -> String {
        library.examples.unavailable(recipe).first().map(|(_, detail)| detail.clone()).unwrap_or_default()
    }

    #[test]
    fn a_photo_outside_of_the_library_is_told_by_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let path = folder.path().join("example.jpg");
        let known = crate::provided::find(&ModelId("claude-sonnet-5-5".into())).unwrap();
        let key = |recipe: &Recipe| {
            library.examples.estimated(&known, recipe, RunMode::Live, None).map(|prepared| prepared.fixed_part())
        };
        fs::copy(sample("astronaut.jpg"), &path).unwrap();
        let recipe = shown(&path, None);
        let before = key(&recipe).unwrap();
        assert_eq!(key(&recipe).unwrap(), before);
        let hash = ContentHash::of_file(&path).unwrap().to_string();
        assert_eq!(problem(&library, &shown(&path, Some(hash.clone()))), "");
        fs::copy(sample("china.jpg"), &path).unwrap();
        assert_ne!(key(&recipe).unwrap(), before, "saved answers are those to another question");
        assert!(problem(&library, &shown(&path, Some(hash))).contains("another photo"));
        assert!(problem(&library, &shown(&path, Some("\u{e9}1".into()))).contains("64 hexadecimal digits"));
    }

    #[test]
    fn a_limit_keeps_from_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::alone_in(folder.path());
        let (inside, outside) = (folder.path().join("in.jpg"), folder.path().join("out.jpg"));
        for path in [&inside, &outside] {
            fs::copy(sample("china.jpg"), path).unwrap();
        }
        let allowed = inside.clone();
        library.examples.limit_to(move |path| path == allowed);
        assert_eq!(problem(&library, &shown(&inside, None)), "");
        assert!(problem(&library, &shown(&outside, None)).ends_with("in no folder that may be used here"));
    }
}
