//! How a run's requests are put, and the most that they can cost. The one place for it: what a quote promises and what a
//! run reserves are the same figures.

use std::sync::Arc;

use domain::geometry::PixelSize;
use domain::money::PicoDollars;
use domain::run_state::RunMode;
use domain::worst_case::WorstCase;
use providers::price::Terms;
use providers::provider::PreparedModel;

/// How long an answer may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerLength {
    Usual,
    /// After one that was cut off.
    Longer,
}

/// The prepared model of a run, with its mode and its retries.
pub struct RequestCosts {
    usual: Arc<dyn PreparedModel>,
    /// For an image whose answer was cut off.
    longer: Option<Arc<dyn PreparedModel>>,
    mode: RunMode,
    retries: u32,
}

impl RequestCosts {
    /// `retries`: how often a request is made again, as the settings say. In a batch no longer answer is asked for, and
    /// what may have been billed is asked again only when a person agrees to that.
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

    /// How requests are paid for that cost `percent` of the list price.
    pub fn terms(&self, percent: u16) -> Terms {
        Terms { is_batch: self.mode == RunMode::Batch, endpoint_percent: percent }
    }

    /// The most that a request with a picture of `sent` size can cost.
    pub fn request_at_most(&self, sent: PixelSize, length: AnswerLength, percent: u16) -> PicoDollars {
        self.prepared(length).worst_case(sent, self.terms(percent))
    }

    /// The most that all requests about one image can cost together.
    pub fn image_at_most(&self, sent: PixelSize, percent: u16) -> PicoDollars {
        let longer = self.has_longer().then(|| self.request_at_most(sent, AnswerLength::Longer, percent));
        let request = self.request_at_most(sent, AnswerLength::Usual, percent);
        WorstCase { request, longer, retries: self.retries }.total()
    }

    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// The longest that any answer may get, in tokens.
    pub fn longest_answer(&self) -> u64 {
        self.prepared(AnswerLength::Longer).max_output_tokens()
    }
}
