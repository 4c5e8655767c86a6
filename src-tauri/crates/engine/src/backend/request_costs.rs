//! Prepares a run's requests and bounds their cost. Quotes and reservations both use these figures, so they always agree.

use std::sync::Arc;

use domain::answer::PartPass;
use domain::geometry::{ImageRegion, PixelSize};
use domain::money::PicoDollars;
use domain::recipe::{ImageParts, Recipe};
use domain::run_state::RunMode;
use domain::worst_case::WorstCase;
use prepare::ContentHash;
use providers::further::most_further_bytes;
use providers::price::Terms;
use providers::provider::PreparedModel;

/// The length an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerLength {
    Usual,
    /// For an image whose previous answer was cut off.
    Longer,
}

/// A model prepared for one recipe, also with longer answers.
#[derive(Clone)]
struct Prepared {
    usual: Arc<dyn PreparedModel>,
    /// For an image whose answer was cut off.
    longer: Option<Arc<dyn PreparedModel>>,
}

impl Prepared {
    fn new(usual: Arc<dyn PreparedModel>, mode: RunMode) -> Self {
        let longer = match mode {
            RunMode::Live => usual.with_longer_answers(),
            RunMode::Batch => None,
        };
        Self { usual, longer }
    }

    fn with(&self, length: AnswerLength) -> &dyn PreparedModel {
        match (length, &self.longer) {
            (AnswerLength::Longer, Some(longer)) => &**longer,
            _ => &*self.usual,
        }
    }
}

/// The prepared model of a run, with its mode and max retries, and the requests that an image takes.
pub struct RequestCosts {
    whole: Prepared,
    /// What is asked about tiles; the same if only boxes are.
    tile: Prepared,
    /// What determines the parts of an image; `None` if it is asked about once.
    parts: Option<Arc<Recipe>>,
    checks: bool,
    mode: RunMode,
    retries: u32,
}

impl RequestCosts {
    /// One request for an image, besides repeated ones. `retries` is the max retries from the settings. Batch runs have no
    /// longer answers, and repeat a possibly billed request only with the user's consent.
    pub fn new(usual: Arc<dyn PreparedModel>, mode: RunMode, retries: u32) -> Self {
        let retries = match mode {
            RunMode::Live => retries,
            RunMode::Batch => 0,
        };
        let whole = Prepared::new(usual, mode);
        Self { tile: whole.clone(), whole, parts: None, checks: false, mode, retries }
    }

    /// With the parts and the second pass of `recipe`. `tile` is the model prepared for what is asked about tiles, if that
    /// is something else.
    pub fn with_parts(self, recipe: &Recipe, tile: Option<Arc<dyn PreparedModel>>) -> Self {
        let tile = tile.map_or_else(|| self.whole.clone(), |tile| Prepared::new(tile, self.mode));
        let parts = recipe.takes_several_answers().then(|| Arc::new(recipe.clone()));
        Self { tile, parts, checks: recipe.check && self.usual().model().takes_examples, ..self }
    }

    /// The model with the usual output maximum, as it is asked about whole images.
    pub fn usual(&self) -> &dyn PreparedModel {
        &*self.whole.usual
    }

    pub fn has_longer(&self) -> bool {
        self.whole.longer.is_some()
    }

    pub fn prepared(&self, pass: PartPass, length: AnswerLength) -> &dyn PreparedModel {
        if pass.is_tile() { self.tile.with(length) } else { self.whole.with(length) }
    }

    /// Whether what was found in a part is checked by a second request.
    pub fn checks(&self) -> bool {
        self.checks
    }

    /// Whether an image may take several requests although each is answered.
    pub fn takes_several_answers(&self) -> bool {
        self.parts.is_some()
    }

    /// The parts of an image of `original` size that are asked about.
    pub fn parts(&self, original: PixelSize) -> ImageParts {
        match &self.parts {
            Some(recipe) => recipe.parts(original, self.sent_size(original)),
            None => ImageParts { regions: vec![ImageRegion::whole(original)], are_enlarged: false },
        }
    }

    /// What is asked about tiles, and where they are; `None` without any.
    pub fn tiles_key(&self) -> Option<String> {
        let tiles = self.parts.as_ref()?.tiles_key()?;
        Some(ContentHash::of(format!("{tiles}\n{}", self.tile.usual.fixed_part()).as_bytes()).to_string())
    }

    /// The size in which the model looks at a picture of `original` size.
    pub fn sent_size(&self, original: PixelSize) -> PixelSize {
        self.usual().model().sent_size(original)
    }

    /// The terms for requests at `percent` of the list price.
    pub fn terms(&self, percent: u16) -> Terms {
        Terms { is_batch: self.mode == RunMode::Batch, endpoint_percent: percent }
    }

    /// The worst-case cost of a request with a picture of `sent` size.
    pub fn request_at_most(&self, pass: PartPass, sent: PixelSize, length: AnswerLength, percent: u16) -> PicoDollars {
        self.prepared(pass, length).worst_case(sent, most_further_bytes(pass), self.terms(percent))
    }

    /// The worst-case cost of all requests for one image of `original` size: of each part and pass, with a longer answer and
    /// the retries.
    pub fn image_at_most(&self, original: PixelSize, percent: u16) -> PicoDollars {
        let parts = self.parts(original).regions;
        let of_part = |part, region: &ImageRegion| self.picture_at_most(part, self.sent_size(region.size), percent);
        // Tiles are of one size.
        let tiles = parts.get(1).map(|tile| of_part(1, tile).times(parts.len() as u64 - 1));
        parts.first().map(|whole| of_part(0, whole)).into_iter().chain(tiles).sum()
    }

    /// The worst-case cost of all requests about one part of an image, whose picture has `sent` size.
    pub fn picture_at_most(&self, part: u32, sent: PixelSize, percent: u16) -> PicoDollars {
        let passes = [false, true].into_iter().take(if self.checks { 2 } else { 1 });
        let at_most = passes.map(|is_check| {
            let cost = |length| self.request_at_most(PartPass { part, is_check }, sent, length, percent);
            let longer = self.has_longer().then(|| cost(AnswerLength::Longer));
            WorstCase { request: cost(AnswerLength::Usual), longer, retries: self.retries }.total()
        });
        at_most.sum()
    }

    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// The largest output maximum of any answer, in tokens.
    pub fn longest_answer(&self) -> u64 {
        self.whole.with(AnswerLength::Longer).max_output_tokens()
    }
}
