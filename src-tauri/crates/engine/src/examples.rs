//! The photos of a recipe's examples. A photo is found in the library by its hash; otherwise in its file.

#![expect(
    clippy::disallowed_methods,
    reason = "asked on threads that may block: of `Library::ask`, of the command line, or of their own"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

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

use crate::backend::encoded;
use crate::originals::{Originals, fingerprint};
use crate::provided::ProvidedModel;
use crate::sync::lock;
use crate::{EngineError, Result};

/// Finds the photos of examples.
pub struct Examples {
    store: Arc<Store>,
    originals: Arc<Originals>,
    /// Shared by all decoding in progress.
    memory: DecodingMemory,
    /// Sizes of photos outside of the library, so that a quote does not decode them each time.
    sizes: Mutex<HashMap<PathBuf, (KnownFile, PixelSize)>>,
}

impl Examples {
    pub(crate) fn new(store: Arc<Store>, originals: Arc<Originals>, memory: DecodingMemory) -> Self {
        Self { store, originals, memory, sizes: Mutex::default() }
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
                let edge = known.spec.image_rule.sent_size(example.size).long_edge();
                let decoded = self.decode(number, &example.example, edge)?;
                let fails = |detail| EngineError::ExampleUnavailable { number, detail };
                example.picture = Some(encoded(decoded.pixels, encoding).map_err(fails)?);
            }
        }
        Ok(known.prepare(recipe, &examples, mode, max_tokens)?)
    }

    /// The numbers of the examples whose photo cannot be used, from 1, with the reason.
    pub fn unavailable(&self, recipe: &Recipe) -> Vec<(u32, String)> {
        let sizes = (1..).zip(&recipe.examples).map(|(number, example)| self.size(number, example));
        let failures = sizes.filter_map(|size| match size {
            Err(EngineError::ExampleUnavailable { number, detail }) => Some((number, detail)),
            _ => None,
        });
        failures.collect()
    }

    /// Where the photos of a recipe's examples are.
    pub fn photos(&self, recipe: &Recipe) -> Result<Vec<ExamplePhoto>> {
        let photos = (1..).zip(&recipe.examples).map(|(number, example)| {
            let image = match content_hash(example) {
                Some(hash) => self.store.read_blocking(|view| view.image_with(hash))?,
                None => None,
            };
            let problem = self.size(number, example).err().map(|error| error.to_string());
            Ok(ExamplePhoto { image, problem })
        });
        photos.collect()
    }

    /// Images of the library as examples for `recipe`: with what people have approved; where they have decided nothing, with
    /// all proposals. What the recipe does not ask for is left out.
    pub fn from_images(&self, recipe: &Recipe, images: &[ImageId]) -> Result<Vec<RecipeExample>> {
        let examples = images.iter().map(|&image| {
            let (annotations, hash, files) = self.store.read_blocking(|view| {
                Ok((view.annotations_of(image)?, view.image_hash(image)?, view.files_of(image)?))
            })?;
            let is_decided = annotations.iter().any(|annotation| annotation.status != Status::Proposed);
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

    fn measured(&self, recipe: &Recipe) -> Result<Vec<ShownExample>> {
        let measured = (1..).zip(&recipe.examples).map(|(number, example)| {
            Ok(ShownExample { example: example.clone(), size: self.size(number, example)?, picture: None })
        });
        measured.collect()
    }

    /// The upright size of a photo.
    fn size(&self, number: u32, example: &RecipeExample) -> Result<PixelSize> {
        if let Some(hash) = content_hash(example)
            && let Some(image) = self.store.read_blocking(|view| view.image_with(hash))?
        {
            return Ok(self.store.read_blocking(|view| view.image_size(image))?);
        }
        let path = path_of(number, example)?;
        let fails = |error: std::io::Error| missing(number, path, &error);
        let file = fingerprint(path).map_err(fails)?;
        if let Some((known, size)) = lock(&self.sizes).get(path)
            && *known == file
        {
            return Ok(*size);
        }
        let size = self.decode(number, example, 1)?.original;
        lock(&self.sizes).insert(path.to_owned(), (file, size));
        Ok(size)
    }

    fn decode(&self, number: u32, example: &RecipeExample, edge: u32) -> Result<Decoded> {
        if let Some(hash) = content_hash(example)
            && let Some(image) = self.store.read_blocking(|view| view.image_with(hash))?
        {
            let fails = |original: crate::originals::UnreadableOriginal| EngineError::ExampleUnavailable {
                number,
                detail: original.detail,
            };
            return self.originals.decode(image, Some(edge)).map_err(fails);
        }
        let path = path_of(number, example)?;
        if let Some(hash) = content_hash(example) {
            let found = ContentHash::of_file(path).map_err(|error| missing(number, path, &error))?;
            if *found.as_bytes() != hash {
                let detail = format!("{}: another photo than the recipe's", path.display());
                return Err(EngineError::ExampleUnavailable { number, detail });
            }
        }
        prepare::decode(path, Some(edge), &self.memory).map_err(|reason| missing(number, path, &reason))
    }
}

fn missing(number: u32, path: &Path, reason: &dyn std::fmt::Display) -> EngineError {
    EngineError::ExampleUnavailable { number, detail: format!("{}: {reason}", path.display()) }
}

fn path_of(number: u32, example: &RecipeExample) -> Result<&Path> {
    let path = example.path.as_deref().map(Path::new);
    let fails = |detail: String| EngineError::ExampleUnavailable { number, detail };
    match path {
        Some(path) if path.is_absolute() => Ok(path),
        Some(path) => Err(fails(format!("{}: name the whole path, from the root", path.display()))),
        None => Err(fails("it is not in this library, and the recipe does not name its file".to_owned())),
    }
}

/// The hash that an example names; `None` if it is none.
fn content_hash(example: &RecipeExample) -> Option<[u8; 32]> {
    let hash = example.hash.as_ref()?;
    let byte = |at: usize| u8::from_str_radix(hash.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hash.len()).step_by(2).map(byte).collect();
    bytes?.try_into().ok()
}
