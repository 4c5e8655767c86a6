//! Scenes for tests of the window: a real library with the photos, annotations, decisions and runs that a test asks for, the
//! simulator of the vendor, and `fieldmark serve` on them.
//!
//! A scene is chosen like the query of an address:
//!
//! - the library: `images=0` is empty, `images=100000` is large (60 otherwise); `annotations=1000` puts so many annotations on
//!   every image; `mistakes` adds annotations that the checks find; `similar` has images that look alike; `hollow` has a collection in
//!   which nothing could be read; `layers` has the proposals of two runs; `unplugged` has lost its originals, `unplugged=all` its
//!   thumbnails too;
//! - recipes: `recipes=0` are none; `birds` was annotated with the recipe for birds;
//! - the connection: `priced` has a run of the past by a model elsewhere; `key` has a key; `environment` takes all from variables;
//!   `keychainless` has no keychain; `endpoints` has additional endpoints, of which `closed` closes one during a run;
//!   `local` has a server of open models on this machine, which looks at pictures;
//! - runs: `interrupted` has a latest one whose process died, with `priced` while requests were under way; `stopped=key_rejected` one
//!   that ended so; `batch` one whose batches are at the vendor; `held=unreachable` holds requests for that reason; `still` answers only
//!   half of a run; `months`, with `priced`, has runs of other models in the months before; `answered` counts the answers of the past as paid for; `hooks` has hooks.

mod control;
mod copies;
mod library;
mod months;
mod objects;
mod opened;
mod past;
mod photos;
mod rows;
mod servers;
mod templates;

use std::fmt;
use std::str::FromStr;

use domain::run_state::StopReason;

pub use control::serve;
pub use copies::{Copied, copy};
pub use opened::{Opened, Prepared};
pub use servers::{Servers, Steering};
pub use templates::Templates;

/// The result of a step that prepares a scene.
pub type Done<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A parameter that no scene has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownScene {
    #[error("no scene has the parameter {0}")]
    Name(String),
    #[error("{value} is no value of {name}")]
    Value { name: String, value: String },
}

/// What is there of the photos, apart from the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Files {
    #[default]
    All,
    /// Only thumbnails.
    Thumbnails,
    Nothing,
}

/// The latest run of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Latest {
    /// It is complete.
    #[default]
    Complete,
    Interrupted,
    Stopped(StopReason),
    /// Its batches are at the vendor.
    InBatches,
}

/// A scene, by its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one a parameter")]
pub struct Scene {
    pub images: u32,
    /// Annotations on every image; 0 for what its photo shows.
    pub annotations: u32,
    pub has_mistakes: bool,
    pub has_similar: bool,
    pub has_hollow: bool,
    pub has_layers: bool,
    pub files: Files,
    pub has_recipes: bool,
    pub is_birds: bool,
    pub is_priced: bool,
    pub has_key: bool,
    pub is_from_environment: bool,
    pub has_keychain: bool,
    pub has_endpoints: bool,
    pub closes_endpoint: bool,
    pub has_local_server: bool,
    pub latest: Latest,
    pub held: Option<Held>,
    pub stands_still: bool,
    pub has_months: bool,
    pub counts_answers: bool,
    pub has_hooks: bool,
}

/// Why the simulator holds requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    RateLimited,
    Overloaded,
    Unreachable,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            images: 60,
            annotations: 0,
            has_mistakes: false,
            has_similar: false,
            has_hollow: false,
            has_layers: false,
            files: Files::All,
            has_recipes: true,
            is_birds: false,
            is_priced: false,
            has_key: false,
            is_from_environment: false,
            has_keychain: true,
            has_endpoints: false,
            closes_endpoint: false,
            has_local_server: false,
            latest: Latest::Complete,
            held: None,
            stands_still: false,
            has_months: false,
            counts_answers: false,
            has_hooks: false,
        }
    }
}

impl FromStr for Scene {
    type Err = UnknownScene;

    /// Parses a query, with or without its question mark.
    fn from_str(query: &str) -> Result<Self, UnknownScene> {
        let mut scene = Self::default();
        for part in query.trim_start_matches('?').split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let wrong = || UnknownScene::Value { name: name.to_owned(), value: value.to_owned() };
            match name {
                "images" => scene.images = value.parse().map_err(|_| wrong())?,
                "annotations" => scene.annotations = value.parse().map_err(|_| wrong())?,
                "mistakes" => scene.has_mistakes = true,
                "similar" => scene.has_similar = true,
                "hollow" => scene.has_hollow = true,
                "layers" => scene.has_layers = true,
                "unplugged" => scene.files = if value == "all" { Files::Nothing } else { Files::Thumbnails },
                "recipes" => scene.has_recipes = value != "0",
                "birds" => scene.is_birds = true,
                "priced" => scene.is_priced = true,
                "key" => scene.has_key = true,
                "environment" => scene.is_from_environment = true,
                "keychainless" => scene.has_keychain = false,
                "endpoints" => scene.has_endpoints = true,
                "closed" => scene.closes_endpoint = true,
                "local" => scene.has_local_server = true,
                "interrupted" => scene.latest = Latest::Interrupted,
                "stopped" => scene.latest = Latest::Stopped(named(value).ok_or_else(wrong)?),
                "batch" => scene.latest = Latest::InBatches,
                "held" => scene.held = Some(Held::named(value).ok_or_else(wrong)?),
                "months" => scene.has_months = true,
                "still" => scene.stands_still = true,
                "answered" => scene.counts_answers = true,
                "hooks" => scene.has_hooks = true,
                _ => return Err(UnknownScene::Name(name.to_owned())),
            }
        }
        Ok(scene)
    }
}

/// A reason by its name in the API.
fn named(value: &str) -> Option<StopReason> {
    serde_json::from_value(serde_json::Value::String(value.to_owned())).ok()
}

impl Held {
    fn named(value: &str) -> Option<Self> {
        Some(match value {
            "rate_limited" => Self::RateLimited,
            "overloaded" => Self::Overloaded,
            "unreachable" => Self::Unreachable,
            _ => return None,
        })
    }
}

impl Scene {
    /// The first image of each collection, and the one after the last.
    #[must_use]
    pub fn collections(&self) -> Vec<Collection> {
        let street = (self.images * 60).div_ceil(100);
        let museum = (self.images * 25).div_ceil(100).min(self.images - street);
        let names = [("Street survey, October", 1, street), ("Museum shelves", street + 1, street + museum)];
        let all = names.into_iter().chain([("Harbour weekend", street + museum + 1, self.images)]);
        all.filter(|(_, first, last)| first <= last)
            .map(|(name, first, last)| Collection { name, first, last })
            .collect()
    }

    /// Images that the runs of the past have annotated: those of the first two collections.
    #[must_use]
    pub fn annotated(&self) -> u32 {
        if self.annotations > 0 { self.images } else { (self.images * 85).div_ceil(100) }
    }
}

/// A collection of a scene and its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    pub name: &'static str,
    pub first: u32,
    pub last: u32,
}

/// The part of a scene that its stored photos depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Photos {
    pub images: u32,
    pub has_similar: bool,
    pub has_hollow: bool,
    pub files: Files,
}

impl Photos {
    #[must_use]
    pub fn of(scene: &Scene) -> Self {
        let &Scene { images, has_similar, has_hollow, files, .. } = scene;
        Self { images, has_similar, has_hollow, files }
    }
}

impl fmt::Display for Photos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "photos-{}", self.images)?;
        if self.has_similar {
            write!(formatter, "-similar")?;
        }
        if self.has_hollow {
            write!(formatter, "-hollow")?;
        }
        match self.files {
            Files::All => Ok(()),
            Files::Thumbnails => write!(formatter, "-unplugged"),
            Files::Nothing => write!(formatter, "-gone"),
        }
    }
}
