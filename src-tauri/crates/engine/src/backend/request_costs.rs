//! Prepares a run's requests and bounds their cost. Quotes and reservations both use these figures, so they always agree.

use std::sync::Arc;

use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::run_state::RunMode;
use domain::worst_case::WorstCase;
use providers::price::Terms;
use providers::provider::PreparedModel;

/// The length an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerLength {
    Usual,
    /// For an image whose previous answer was cut off.
    Longer,
}

/// The prepared model of a run, with its mode and max retries.
pub struct RequestCosts {
    usual: Arc<dyn PreparedModel>,
    /// For an image whose answer was cut off.
    longer: Option<Arc<dyn PreparedModel>>,
    mode: RunMode,
    retries: u32,
}

impl RequestCosts {
    /// `retries` is the max retries from the settings. Batch runs have no longer answers, and repeat a possibly billed
    /// request only with the user's consent.
    pub fn new(usual: Arc<dyn PreparedModel>, mode: RunMode, retries: u32) -> Self {
        match mode {
            RunMode::Live => Self { longer: usual.with_longer_answers(), usual, mode, retries },
            RunMode::Batch => Self { longer: None, usual, mode, retries: 0 },
        }
    }

    /// The model with the usual output maximum.
    pub fn usual(&self) -> &dyn PreparedModel {
        &*self.usual
    }

    pub fn has_longer(&self) -> bool {
        self.longer.is_some()
    }

    pub fn prepared(&self, length: AnswerLength) -> &dyn PreparedModel {
        match (length, &self.longer) {
            (AnswerLength::Longer, Some(longer)) => &**longer,
            _ => &*self.usual,
        }
    }

    /// The terms for requests at `percent` of the list price.
    pub fn terms(&self, percent: u16) -> Terms {
        Terms { is_batch: self.mode == RunMode::Batch, endpoint_percent: percent }
    }

    /// The worst-case cost of a request with an image of `sent` size.
    pub fn request_at_most(&self, sent: PixelSize, length: AnswerLength, percent: u16) -> PicoDollars {
        self.prepared(length).worst_case(sent, self.terms(percent))
    }

    /// The worst-case cost of all requests for one image.
    pub fn image_at_most(&self, sent: PixelSize, percent: u16) -> PicoDollars {
        let longer = self.has_longer().then(|| self.request_at_most(sent, AnswerLength::Longer, percent));
        let request = self.request_at_most(sent, AnswerLength::Usual, percent);
        WorstCase { request, longer, retries: self.retries }.total()
    }

    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// The largest output maximum of any answer, in tokens.
    pub fn longest_answer(&self) -> u64 {
        self.prepared(AnswerLength::Longer).max_output_tokens()
    }
}
