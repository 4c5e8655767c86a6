//! The prices and limits of models.

use domain::catalogue::PriceList;
use domain::model::ModelId;
use domain::prices::{PriceComparison, PriceSettings};

use crate::router::operations;

operations! {
    read prices(api) -> PriceList {
        api.ask(|library| library.prices.list()).await
    }

    /// Sets what `price` says of a model; what it leaves open stays as it was.
    write set_price(api, price: PriceSettings) -> PriceList {
        api.ask(move |library| library.prices.set(price)).await
    }

    /// The prices and limits of these models are the built-in ones again; of all, if there are none.
    write reset_prices(api, models: Vec<ModelId>) -> PriceList {
        api.ask(move |library| library.prices.reset(&models)).await
    }

    /// What importing `table`, the text of a public price table, would change.
    read compare_prices(api, table: String) -> PriceComparison {
        api.ask(move |library| library.prices.compare(&table)).await
    }

    /// Imports the prices and limits of `models` from `table`.
    write import_prices(api, table: String, models: Vec<ModelId>) -> PriceList {
        api.ask(move |library| library.prices.import(&table, &models)).await
    }
}
