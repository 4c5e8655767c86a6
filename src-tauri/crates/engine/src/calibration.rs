//! Calibrations: sends pictures with known shapes to a model, and compares the boxes of its answers with them in every
//! coordinate system (`domain::calibration`). The requests are paid: their most is stated first, they need the consent to
//! their host, and each is recorded before it is sent. None is sent twice.

use std::sync::Arc;

use domain::calibration::{
    CalibratedPicture, Calibration, CalibrationPlan, CalibrationVerdict, KnownPicture, WrittenBox, errors, pictures,
    recipe, verdict,
};
use domain::coordinates::BoxCoordinates;
use domain::ids::CalibrationId;
use domain::model::{Model, ModelId};
use domain::money::PicoDollars;
use domain::numbers::count;
use domain::prices::PriceSettings;
use domain::recipe::Recipe;
use domain::run_options::RunOptions;
use domain::settings::ModelSettings;
use providers::error::RequestError;
use providers::parse::written_boxes;
use providers::price::Terms;
use providers::provider::PreparedModel;
use providers::request::RequestOptions;
use providers::retry::RetryAction;
use store::Store;

use crate::backend::Backends;
use crate::backend::picture::encoded;
use crate::blocking::off_workers;
use crate::clock::now_millis;
use crate::connections::Connections;
use crate::connections::endpoints::ServerEndpoint;
use crate::connections::provider::ProviderConnections;
use crate::prices::Prices;
use crate::provided::ProvidedModel;
use crate::spending::MonthlySpending;
use crate::{EngineError, Result};

/// Calibrates models of servers.
pub struct Calibrations {
    store: Arc<Store>,
    connections: Arc<Connections>,
    prices: Arc<Prices>,
    spending: Arc<MonthlySpending>,
}

/// A model that can be calibrated, with its pictures.
struct Prepared {
    model: Model,
    known: ProvidedModel,
    prompt: Arc<dyn PreparedModel>,
    recipe: Recipe,
    pictures: Vec<KnownPicture>,
    terms: Terms,
}

impl Prepared {
    fn new(current: &ProviderConnections, id: &ModelId) -> Result<Self> {
        let model = Backends::model(current, id)?;
        let known = current.known(id)?;
        let Some(connection) = current.of(known.provider) else {
            return Err(EngineError::NotCalibrated { model: id.clone() });
        };
        let recipe = recipe();
        let options = RequestOptions { is_calibration: true, ..RequestOptions::default() };
        let prompt = known.provider.prepare(&known.spec, &recipe, options)?;
        let pictures = pictures(|size| known.spec.image_rule.sent_size(size));
        let terms = Terms { endpoint_percent: connection.own_price_percent(), ..Terms::LIST };
        Ok(Self { model, known, prompt, recipe, pictures, terms })
    }

    /// The most that each request can cost; `None` without a known price.
    fn bounds(&self) -> Option<Vec<PicoDollars>> {
        let worst = |picture: &KnownPicture| self.prompt.worst_case(picture.size, 0, self.terms);
        self.known.spec.price.is_known.then(|| self.pictures.iter().map(worst).collect())
    }

    fn likely(&self) -> Option<PicoDollars> {
        let cost = |picture: &KnownPicture| {
            let output = self.prompt.likely_answer_tokens(picture.shapes.len() as u64);
            self.known.spec.price.cost(self.prompt.likely_when_cached(picture.size, output), self.terms)
        };
        self.known.spec.price.is_known.then(|| self.pictures.iter().map(cost).sum())
    }

    fn plan(&self, current: &ProviderConnections) -> CalibrationPlan {
        CalibrationPlan {
            model: self.model.id.clone(),
            model_name: self.model.name.clone(),
            host: self.model.destination.host().unwrap_or_default().to_owned(),
            is_agreed: current.not_agreed(&self.model).is_none(),
            unavailable: current.unavailable(&self.model),
            coordinates: self.known.spec.coordinates,
            requests: u32::try_from(self.pictures.len()).unwrap_or(u32::MAX),
            likely: self.likely(),
            at_most: self.bounds().map(|bounds| bounds.into_iter().sum()),
        }
    }
}

impl Calibrations {
    pub(crate) fn new(
        store: Arc<Store>,
        connections: Arc<Connections>,
        prices: Arc<Prices>,
        spending: Arc<MonthlySpending>,
    ) -> Self {
        Self { store, connections, prices, spending }
    }

    /// What calibrating this model costs and needs. May block on the keychain.
    pub fn plan(&self, model: &ModelId) -> Result<CalibrationPlan> {
        let current = self.connections.current()?;
        Ok(Prepared::new(&current, model)?.plan(&current))
    }

    /// Sends every picture once, until a failure that concerns every request. `at_most` is the bound that the user has seen;
    /// `None` where there is no price.
    ///
    /// # Errors
    /// If the model is not available, the user has not agreed to its host, or it could cost more than `at_most`. A request
    /// that fails is part of the result.
    pub async fn run(&self, model: &ModelId, at_most: Option<PicoDollars>) -> Result<Calibration> {
        let (connections, model) = (Arc::clone(&self.connections), model.clone());
        let (prepared, server) = off_workers(move || {
            let current = connections.current()?;
            let prepared = Prepared::new(&current, &model)?;
            let plan = prepared.plan(&current);
            if let Some(unavailable) = plan.unavailable {
                return Err(EngineError::Unavailable(unavailable));
            }
            if !plan.is_agreed {
                return Err(EngineError::NotAgreed { host: plan.host });
            }
            if let Some(dearest) = plan.at_most.filter(|bound| at_most.is_none_or(|agreed| agreed < *bound)) {
                return Err(EngineError::BudgetTooSmall { dearest });
            }
            let connection = current.of(prepared.known.provider);
            let servers = connection.map(|connection| connection.servers(&prepared.known, &RunOptions::default()));
            let server = servers.transpose()?.into_iter().flatten().next();
            let server = server.ok_or_else(|| EngineError::NotCalibrated { model: prepared.model.id.clone() })?;
            Ok((Arc::new(prepared), server))
        })
        .await?;
        let base_url = server.endpoint.base_url().map(ToString::to_string).unwrap_or_default();
        let (id, asked_for) = (prepared.model.id.clone(), prepared.known.spec.coordinates);
        let id = self.store.write(move |edit| edit.add_calibration(&id, &base_url, asked_for, now_millis())).await?;
        let mut answers = Vec::new();
        let mut result = Vec::new();
        let (mut paid, mut possibly_billed) = (PicoDollars::ZERO, 0);
        for place in 0..prepared.pictures.len() {
            let asked = self.ask(id, &prepared, &server, place).await?;
            match asked.paid {
                Some(amount) => paid = [paid, amount].into_iter().sum(),
                None => possibly_billed += 1,
            }
            let picture = &prepared.pictures[place];
            let (written, problem) = match asked.boxes {
                Ok(boxes) => (boxes, None),
                Err(problem) => (Vec::new(), Some(problem)),
            };
            result.push(CalibratedPicture {
                size: picture.size,
                shapes: count(picture.shapes.len()),
                answered: count(written.len()),
                problem,
            });
            answers.push(written);
            if asked.concerns_every_request {
                break;
            }
        }
        let (errors, answered) = errors(&prepared.pictures, &answers);
        let shapes = prepared.pictures.iter().map(|picture| count(picture.shapes.len())).sum();
        let failed = result.iter().rev().find_map(|picture| picture.problem.clone()).filter(|_| answered == 0);
        let verdict = failed
            .map_or_else(|| verdict(&errors, answered, shapes), |reason| CalibrationVerdict::NotMeasured { reason });
        let is_priced = prepared.known.spec.price.is_known;
        Ok(Calibration {
            model: prepared.model.id.clone(),
            model_name: prepared.model.name.clone(),
            coordinates: prepared.known.spec.coordinates,
            pictures: result,
            verdict,
            errors,
            paid: is_priced.then_some(paid),
            possibly_billed: if is_priced { possibly_billed } else { 0 },
        })
    }

    /// Sends the picture at `place`: recorded before it is sent, and its answer before it is read.
    async fn ask(
        &self,
        id: CalibrationId,
        prepared: &Arc<Prepared>,
        server: &ServerEndpoint,
        place: usize,
    ) -> Result<Asked> {
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        let drawing = Arc::clone(prepared);
        let request = off_workers(move || {
            let pixels = prepare::draw_known_picture(&drawing.pictures[place]);
            let picture = encoded(pixels, drawing.prompt.encoding());
            Ok(picture.and_then(|picture| drawing.prompt.request(&picture).map_err(|error| error.to_string())))
        });
        let request = match request.await? {
            Ok(request) => request,
            Err(problem) => return Ok(Asked::failed(problem, Some(PicoDollars::ZERO))),
        };
        let at_most = prepared.bounds().and_then(|bounds| bounds.get(place).copied()).unwrap_or_default();
        let (limit, sent_at) = (self.spending.limit(), now_millis());
        let noted =
            self.store.write(move |edit| edit.record_calibration_sent(limit.as_ref(), id, number, at_most, sent_at));
        if !noted.await? {
            let problem = "it was not sent: the monthly cap leaves no room for it".to_owned();
            let asked = Asked::failed(problem, Some(PicoDollars::ZERO));
            return Ok(Asked { concerns_every_request: true, ..asked });
        }
        match server.endpoint.send(&request, &mut |_| {}).await {
            Ok(received) => {
                let price = prepared.known.spec.price;
                let paid = received.usage.filter(|_| price.is_known).map(|usage| price.cost(usage, prepared.terms));
                let kept = received.kept.clone();
                self.store.write(move |edit| edit.record_calibration_answer(id, number, &kept, paid)).await?;
                let boxes = written_boxes(&received.kept, &prepared.recipe).map_err(|error| error.to_string());
                Ok(Asked { boxes, paid, concerns_every_request: false })
            }
            Err(error) => {
                let (problem, may_be_billed) = (error.to_string(), error.may_be_billed());
                let told = problem.clone();
                self.store.write(move |edit| edit.record_calibration_failure(id, number, &told, may_be_billed)).await?;
                let paid = if may_be_billed { None } else { Some(PicoDollars::ZERO) };
                let is_unreachable = matches!(error, RequestError::Unreachable { .. });
                let concerns_every_request = is_unreachable || matches!(error.action(), RetryAction::StopRun(_));
                Ok(Asked { concerns_every_request, ..Asked::failed(problem, paid) })
            }
        }
    }

    /// Asks the model in `system` from now on.
    pub fn apply(&self, model: &ModelId, system: BoxCoordinates) -> Result<()> {
        let current = self.connections.current()?;
        let known = current.known(model)?;
        if known.provider.catalog().find(&model.0).is_some() {
            return self
                .prices
                .set(PriceSettings { coordinates: Some(system), ..PriceSettings::new(&model.0) })
                .map(drop);
        }
        self.connections.describe_model(&model.0, |described| {
            Some(ModelSettings {
                coordinates: Some(system),
                ..described.unwrap_or_else(|| ModelSettings::new(&model.0))
            })
        })
    }
}

/// What came of a request.
struct Asked {
    /// Or why they cannot be read, in English.
    boxes: std::result::Result<Vec<WrittenBox>, String>,
    /// `None` if it may have been billed without a report.
    paid: Option<PicoDollars>,
    /// Whether the others would fail like this one.
    concerns_every_request: bool,
}

impl Asked {
    fn failed(problem: String, paid: Option<PicoDollars>) -> Self {
        Self { boxes: Err(problem), paid, concerns_every_request: false }
    }
}
