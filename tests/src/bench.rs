//! A library in a temporary folder for a test: no keychain, no process variables, and a server only if the test has started
//! one.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use domain::ids::{RecipeId, RunId};
use domain::layers::LayerScope;
use domain::library::ImageCard;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, Quote, ResumeRequest, RunRequest};
use domain::query::ImageQuery;
use domain::run_options::RunOptions;
use domain::run_state::{RunState, StopReason};
use engine::{Consents, Library, Surroundings};
use keys::{Environment, KeyRing};

use crate::binary;
use crate::pictures::{LABELS, drawing, write_png};

/// The stop reason of a completed run.
pub const COMPLETED: RunState = RunState::Stopped { reason: StopReason::Completed };

/// The file of a user's consents in their home folder.
const CONSENTS: &str = ".config/fieldmark/consents.json";

/// Variables that could send a test to the real server of the developer who runs it.
pub const ENVIRONMENT: [&str; 16] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_MODEL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "GEMINI_API_KEY",
    "GEMINI_BASE_URL",
    "GEMINI_MODEL",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_REGION",
    "BEDROCK_MODEL",
    "CONCURRENCY",
    "FIELDMARK_DATABASE_URL",
    "SUPABASE_URL",
    "SUPABASE_SERVICE_ROLE_KEY",
];

/// Surroundings with only these variables set.
#[must_use]
pub fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
    let variables: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let set = move |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into());
    Surroundings {
        environment: Environment::from_variables(engine::variable_names(Vec::new()).providers, set, None),
        keys: KeyRing::for_session(),
        variables: HashMap::new(),
        consents: Consents::for_session(),
        unused_env_file: None,
    }
}

/// The surroundings of the user whose home is `home`, with only these variables set.
#[must_use]
pub fn person(home: &tempfile::TempDir, variables: &[(&str, &str)]) -> Surroundings {
    // Where the command line stores consents.
    Surroundings { consents: Consents::at(home.path().join(CONSENTS)), ..surroundings(variables) }
}

/// This concurrency, and everything else from the settings.
#[must_use]
pub fn with_concurrency(concurrency: u32) -> RunOptions {
    RunOptions { concurrency: Some(concurrency), ..RunOptions::default() }
}

/// Resumes `run` unchanged, with no lost requests.
#[must_use]
pub fn resume(run: RunId) -> ResumeRequest {
    ResumeRequest { retries_failed: true, ..ResumeRequest::of(run) }
}

/// A library, and a folder of photos beside it.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub library: Arc<Library>,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a step that cannot be taken fails the test")]
impl Bench {
    #[must_use]
    pub fn new() -> Self {
        Self::among(&[])
    }

    /// As [`Bench::at`], with this many different pictures of five shapes each, 240 pixels high.
    #[must_use]
    pub fn with_pictures(url: &str, key: &str, count: u32) -> Self {
        let bench = Self::at(url, key);
        bench.add_pictures(count);
        bench
    }

    /// Adds this many different pictures of five shapes each, 240 pixels high.
    pub fn add_pictures(&self, count: u32) {
        for index in 0..count {
            let (picture, _) = drawing(320 + index, 240);
            write_png(&picture, &self.photos().join(format!("{index}.png")));
        }
        self.library.imports.run(&[self.photos()]).unwrap();
    }

    /// A library whose settings name the server of a provider, with a key that the user has entered, and with consent to
    /// send images there.
    #[must_use]
    pub fn of_provider(provider: &str, url: &str, key: &str) -> Self {
        let bench = Self::among(&[]);
        let mut settings = bench.library.settings.stated().unwrap();
        settings.provider_mut(provider).base_url = Some(url.to_owned());
        settings.agreed_hosts.push(url.trim_start_matches("http://").to_owned());
        bench.library.settings.replace(&settings).unwrap();
        bench.library.connections.keep_key(provider, None, &key.to_owned().into()).unwrap();
        bench
    }

    /// What `model` would cost for all images and the labels of the drawn shapes.
    pub async fn quote_for(&self, model: &str) -> ModelQuote {
        let recipe = self.library.recipes.save_typed(LABELS).await.unwrap();
        let place = self.library.recipes.all().unwrap().iter().position(|saved| saved.id == recipe.id).unwrap();
        self.quote(place).models.into_iter().find(|row| row.model.id.0 == model).unwrap()
    }

    /// Starts a run over all images with `model`, the labels of the drawn shapes and this budget.
    pub async fn start_within(&self, model: &str, budget: PicoDollars) -> RunId {
        let recipe = self.library.recipes.save_typed(LABELS).await.unwrap();
        let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId(model.to_owned()));
        self.library.runs.start(&RunRequest { budget: Some(budget), ..request }).await.unwrap()
    }

    /// A library whose Claude is at `url`, with a key, and with the user's consent to send images there.
    #[must_use]
    pub fn at(url: &str, key: &str) -> Self {
        let bench = Self::among(&[("ANTHROPIC_BASE_URL", url), ("ANTHROPIC_API_KEY", key)]);
        bench.library.settings.agree_to(url.trim_start_matches("http://")).unwrap();
        bench
    }

    /// A library with these variables set.
    #[must_use]
    pub fn among(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("library/library.sqlite");
        let library = Library::open(&database, person(&folder, variables)).unwrap();
        fs::create_dir(folder.path().join("photos")).unwrap();
        Self { folder, library }
    }

    /// The command line on this library, without a terminal to ask on, in an environment that sets only the address of Claude.
    #[must_use]
    pub fn fieldmark(&self, url: &str, key: &str) -> Command {
        self.fieldmark_among(&[("ANTHROPIC_BASE_URL", url), ("ANTHROPIC_API_KEY", key)])
    }

    /// The command line on this library, without a terminal to ask on, with these variables set.
    #[must_use]
    pub fn fieldmark_among(&self, variables: &[(&str, &str)]) -> Command {
        let mut fieldmark = Command::new(binary("fieldmark"));
        fieldmark.env_clear().envs(variables.iter().copied()).env("HOME", self.folder.path());
        fieldmark.current_dir(self.folder.path()).stdin(Stdio::null());
        fieldmark.arg("--db").arg(self.folder.path().join("library/library.sqlite"));
        fieldmark
    }

    #[must_use]
    pub fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    #[must_use]
    pub fn cards(&self) -> Vec<ImageCard> {
        let ids = self.library.images.ids(&ImageQuery::default()).unwrap();
        self.library.images.cards(&ids, &LayerScope::All).unwrap()
    }

    /// A plan for all images, with the recipe at this index of the list.
    #[must_use]
    pub fn quote(&self, recipe: usize) -> Quote {
        self.quote_of(self.library.recipes.all().unwrap()[recipe].id)
    }

    /// A plan for all images.
    #[must_use]
    pub fn quote_of(&self, recipe: RecipeId) -> Quote {
        self.library.planning.quote(&PlanRequest::of(ImageSelection::All, recipe)).unwrap()
    }

    /// Starts a run of the first recipe on all images.
    pub async fn start(&self, model: &str) -> RunId {
        let recipe = self.library.recipes.all().unwrap()[0].id;
        let model = ModelId(model.to_owned());
        let request = RunRequest::of(ImageSelection::All, recipe, model);
        self.library.runs.start(&request).await.unwrap()
    }

    /// Starts a run that looks for `labels` on all images.
    pub async fn look_for(&self, labels: &str, model: &str) -> RunId {
        let recipe = self.library.recipes.save_typed(labels).await.unwrap().id;
        let model = ModelId(model.to_owned());
        let request = RunRequest::of(ImageSelection::All, recipe, model);
        self.library.runs.start(&request).await.unwrap()
    }

    pub async fn end_of(&self, run: RunId) -> RunState {
        if let Some(mut progress) = self.library.runs.progress(run) {
            let is_over = |state| matches!(state, RunState::Stopped { .. } | RunState::Interrupted);
            // An error means that the run has ended and is no longer tracked.
            let _ended = progress.wait_for(|snapshot| is_over(snapshot.state)).await;
        }
        self.library.history.run(run).unwrap().state
    }
}
