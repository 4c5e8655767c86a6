//! Reads the two public price tables: `LiteLLM`'s flat map (`model_prices_and_context_window.json`) and pydantic's genai-prices
//! (`data.json`). Only exact ids count, and what is not a plain price is reported, never guessed.

use std::collections::BTreeMap;

use domain::calendar::CalendarDate;
use domain::money::PicoDollars;
use domain::prices::{PriceSettings, SkippedPrice};
use serde_json::{Map, Value};

use crate::price::Rates;

/// A price table, as far as it is about known models.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceTable {
    /// Its name.
    pub name: &'static str,
    /// By model id.
    pub prices: BTreeMap<String, PriceSettings>,
    /// Entries about known models that are not plain prices.
    pub skipped: Vec<SkippedPrice>,
    /// Entries about other models.
    pub unknown: u32,
}

/// Text that is no price table.
#[derive(Debug, thiserror::Error)]
pub enum PriceTableError {
    #[error("it is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is neither LiteLLM's map of models nor the list of providers of genai-prices")]
    Format,
}

const LITELLM: &str = "LiteLLM";
const GENAI_PRICES: &str = "genai-prices";
/// The entry of `LiteLLM`'s map that describes the others.
const SAMPLE: &str = "sample_spec";

impl PriceTable {
    /// Reads a table of either format. `is_known` tells the models that prices are wanted for, and `today` which of several
    /// prices holds.
    pub fn parse(text: &str, is_known: impl Fn(&str) -> bool, today: CalendarDate) -> Result<Self, PriceTableError> {
        let table: Value = serde_json::from_str(text)?;
        match table {
            Value::Object(models) if models.values().any(is_litellm) => Ok(Self::of_litellm(&models, is_known)),
            Value::Array(providers) if providers.iter().any(|provider| provider.get("models").is_some()) => {
                Ok(Self::of_genai_prices(&providers, is_known, today))
            }
            _ => Err(PriceTableError::Format),
        }
    }

    fn empty(name: &'static str) -> Self {
        Self { name, prices: BTreeMap::new(), skipped: Vec::new(), unknown: 0 }
    }

    fn add(&mut self, id: &str, read: Result<PriceSettings, String>) {
        let skipped = match read {
            Ok(price) => match self.prices.get(id) {
                // Of several providers.
                Some(other) if *other != price => "it is listed twice, with different prices".to_owned(),
                _ => {
                    self.prices.insert(id.to_owned(), price);
                    return;
                }
            },
            Err(reason) => reason,
        };
        self.prices.remove(id);
        self.skipped.push(SkippedPrice { name: id.to_owned(), reason: skipped });
    }

    fn of_litellm(models: &Map<String, Value>, is_known: impl Fn(&str) -> bool) -> Self {
        let mut table = Self::empty(LITELLM);
        for (id, entry) in models.iter().filter(|(id, _)| *id != SAMPLE) {
            if is_known(id) {
                table.add(id, litellm_price(id, entry));
            } else {
                table.unknown += 1;
            }
        }
        table
    }

    fn of_genai_prices(providers: &[Value], is_known: impl Fn(&str) -> bool, today: CalendarDate) -> Self {
        let mut table = Self::empty(GENAI_PRICES);
        let models = providers.iter().filter_map(|provider| provider.get("models")?.as_array()).flatten();
        for model in models {
            match model.get("id").and_then(Value::as_str) {
                Some(id) if is_known(id) => table.add(id, genai_price(id, model, today)),
                _ => table.unknown += 1,
            }
        }
        // A model that is skipped once is skipped.
        let skipped = &table.skipped;
        table.prices.retain(|id, _| skipped.iter().all(|skipped| skipped.name != *id));
        table
    }
}

fn is_litellm(entry: &Value) -> bool {
    entry.get("litellm_provider").is_some() || entry.get("input_cost_per_token").is_some()
}

/// Prices are dollars per token.
fn litellm_price(id: &str, entry: &Value) -> Result<PriceSettings, String> {
    let entry = entry.as_object().ok_or("it is not an object")?;
    if let Some(tier) = entry.keys().find(|key| key.contains("_above_") && !key.ends_with("_above_1hr")) {
        return Err(format!("its price depends on the length of the prompt ({tier})"));
    }
    let price = |key: &str| match entry.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => per_million(value.as_f64().map(|dollars| dollars * 1e6))
            .map(Some)
            .ok_or_else(|| format!("{key} is {value}")),
    };
    let tokens = |key: &str| match entry.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => limit(value).map(Some).ok_or_else(|| format!("{key} is {value}")),
    };
    let read = PriceSettings {
        input: price("input_cost_per_token")?,
        output: price("output_cost_per_token")?,
        cache_write_5m: price("cache_creation_input_token_cost")?,
        cache_write_1h: price("cache_creation_input_token_cost_above_1hr")?,
        cache_read: price("cache_read_input_token_cost")?,
        max_output_tokens: tokens("max_output_tokens")?,
        ..PriceSettings::new(id)
    };
    complete(read)
}

/// Prices are dollars per million tokens.
fn genai_price(id: &str, model: &Value, today: CalendarDate) -> Result<PriceSettings, String> {
    let prices = match model.get("prices") {
        Some(Value::Array(periods)) => of_today(periods, today)?,
        Some(prices) => prices,
        None => return Err("it has no prices".to_owned()),
    };
    let prices = prices.as_object().ok_or("its prices are not an object")?;
    let price = |key: &str| match prices.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(_)) => Err(format!("its price depends on the length of the prompt ({key})")),
        Some(value) => per_million(value.as_f64()).map(Some).ok_or_else(|| format!("{key} is {value}")),
    };
    let context_tokens = match model.get("context_window") {
        None | Some(Value::Null) => None,
        Some(value) => Some(limit(value).ok_or_else(|| format!("context_window is {value}"))?),
    };
    let read = PriceSettings {
        input: price("input_mtok")?,
        output: price("output_mtok")?,
        cache_write_5m: price("cache_write_mtok")?,
        cache_read: price("cache_read_mtok")?,
        context_tokens,
        ..PriceSettings::new(id)
    };
    complete(read)
}

/// The prices of the latest period that has begun.
fn of_today(periods: &[Value], today: CalendarDate) -> Result<&Value, String> {
    let mut latest: Option<(Option<CalendarDate>, &Value)> = None;
    for period in periods {
        let prices = period.get("prices").ok_or("one of its periods has no prices")?;
        let from = match period.get("constraint") {
            None | Some(Value::Null) => None,
            Some(constraint) => {
                let date = constraint.get("start_date").and_then(Value::as_str);
                let date = date.and_then(|date| CalendarDate::try_from(date.to_owned()).ok());
                Some(date.ok_or_else(|| format!("its price depends on {constraint}"))?)
            }
        };
        let has_begun = from.is_none_or(|from| from <= today);
        if has_begun && latest.is_none_or(|(latest, _)| latest <= from) {
            latest = Some((from, prices));
        }
    }
    latest.map(|(_, prices)| prices).ok_or_else(|| "none of its prices holds today".to_owned())
}

fn complete(read: PriceSettings) -> Result<PriceSettings, String> {
    if read.input.is_some() && read.output.is_some() {
        Ok(read)
    } else {
        Err("it has no price of input or output".to_owned())
    }
}

/// A price of a million tokens. Rounded to the nearest pico-dollar per token, because prices per token are not exact in
/// binary.
fn per_million(dollars: Option<f64>) -> Option<PicoDollars> {
    let pico_per_token = Rates::from_dollars_per_million(dollars?)?;
    Some(PicoDollars(pico_per_token.checked_mul(1_000_000)?))
}

fn limit(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|tokens| u32::try_from(tokens).ok()).filter(|tokens| *tokens > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: CalendarDate = CalendarDate::new(2026, 11, 30);

    fn parsed(text: &str) -> PriceTable {
        PriceTable::parse(text, |id| id.starts_with("known"), TODAY).unwrap()
    }

    fn dollars(amount: f64) -> Option<PicoDollars> {
        PicoDollars::from_dollars(amount)
    }

    #[test]
    fn litellm_s_map_is_read() {
        let table = parsed(
            r#"{
            "sample_spec": {"input_cost_per_token": 0.0, "max_output_tokens": "max output tokens, if the provider says so"},
            "other": {"litellm_provider": "x", "input_cost_per_token": 1e-6},
            "known": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-07, "output_cost_per_token": 5e-07,
                "cache_read_input_token_cost": 1e-08, "cache_creation_input_token_cost": 1.25e-07,
                "cache_creation_input_token_cost_above_1hr": 2e-07, "max_output_tokens": 128000, "supports_vision": true},
            "known-tiers": {"litellm_provider": "x", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
                "input_cost_per_token_above_200k_tokens": 2e-6},
            "known-text": {"litellm_provider": "x", "input_cost_per_token": "cheap", "output_cost_per_token": 1e-6},
            "known-half": {"litellm_provider": "x", "input_cost_per_token": 1e-6},
            "known-odd": 7
        }"#,
        );
        assert_eq!((table.name, table.unknown, table.prices.len()), ("LiteLLM", 1, 1));
        let expected = PriceSettings {
            input: dollars(0.1),
            output: dollars(0.5),
            cache_write_5m: dollars(0.125),
            cache_write_1h: dollars(0.2),
            cache_read: dollars(0.01),
            max_output_tokens: Some(128_000),
            ..PriceSettings::new("known")
        };
        assert_eq!(table.prices["known"], expected);
        let skipped: Vec<(&str, &str)> =
            table.skipped.iter().map(|skipped| (skipped.name.as_str(), skipped.reason.as_str())).collect();
        assert_eq!(
            skipped,
            [
                ("known-half", "it has no price of input or output"),
                ("known-odd", "it is not an object"),
                ("known-text", "input_cost_per_token is \"cheap\""),
                (
                    "known-tiers",
                    "its price depends on the length of the prompt (input_cost_per_token_above_200k_tokens)"
                ),
            ]
        );
    }

    #[test]
    fn the_list_of_genai_prices_is_read() {
        let table = parsed(
            r#"[{"id": "x", "models": [
            {"id": "known", "context_window": 200000, "prices": {"input_mtok": 3, "output_mtok": 15, "cache_read_mtok": 0.3, "cache_write_mtok": 3.75}},
            {"id": "known-dated", "prices": [
                {"prices": {"input_mtok": 9, "output_mtok": 9}},
                {"constraint": {"start_date": "2026-11-01"}, "prices": {"input_mtok": 2, "output_mtok": 8}},
                {"constraint": {"start_date": "2026-12-01"}, "prices": {"input_mtok": 1, "output_mtok": 4}}]},
            {"id": "known-nights", "prices": [{"constraint": {"start_time": "16:30:00Z", "end_time": "00:30:00Z"}, "prices": {}}]},
            {"id": "known-tiers", "prices": {"input_mtok": {"base": 1, "tiers": [{"start": 200000, "price": 2}]}, "output_mtok": 5}},
            {"id": "known-twice", "prices": {"input_mtok": 1, "output_mtok": 1}},
            {"id": "other", "prices": {"input_mtok": 1, "output_mtok": 1}}]},
            {"id": "y", "models": [{"id": "known-twice", "prices": {"input_mtok": 2, "output_mtok": 2}},
            {"id": "known", "context_window": 200000, "prices": {"input_mtok": 3, "output_mtok": 15, "cache_read_mtok": 0.3, "cache_write_mtok": 3.75}}]}]"#,
        );
        assert_eq!((table.name, table.unknown), ("genai-prices", 1));
        assert_eq!(table.prices.keys().collect::<Vec<_>>(), ["known", "known-dated"]);
        assert_eq!((table.prices["known"].input, table.prices["known"].context_tokens), (dollars(3.0), Some(200_000)));
        assert_eq!(
            (table.prices["known-dated"].input, table.prices["known-dated"].output),
            (dollars(2.0), dollars(8.0))
        );
        let skipped: Vec<&str> = table.skipped.iter().map(|skipped| skipped.name.as_str()).collect();
        assert_eq!(skipped, ["known-nights", "known-tiers", "known-twice"]);
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "7", "{}", "[]", r#"{"a": 1}"#, r#"[{"id": "x"}]"#] {
            assert!(PriceTable::parse(text, |_| true, TODAY).is_err(), "{text}");
        }
    }
}
