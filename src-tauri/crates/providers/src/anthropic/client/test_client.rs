//! A client of a scripted server, and a request.

use bytes::Bytes;
use domain::geometry::PixelSize;
use domain::recipe::Recipe;

use super::Client;
use crate::anthropic::catalog;
use crate::anthropic::prepared::PreparedMessages;
use crate::base_url::{BaseUrl, Key};
use crate::provider::{ConnectionOptions, PreparedModel, Timeouts};
use crate::request::{MediaType, Picture, Request, RequestOptions};
use crate::test_server::SECRET;

pub fn client(server: &BaseUrl, timeouts: Timeouts) -> Client {
    client_with(server, &ConnectionOptions { timeouts, ..ConnectionOptions::default() })
}

pub fn client_with(server: &BaseUrl, options: &ConnectionOptions) -> Client {
    Client::new(server.clone(), Key::for_server(SECRET, server).unwrap(), options).unwrap()
}

pub fn request() -> Request {
    let recipe = Recipe::find_these("cat").unwrap();
    let model = catalog().find(&catalog().default_model).unwrap();
    let prepared = PreparedMessages::new(model, &recipe, RequestOptions::default()).unwrap();
    prepared
        .request(&Picture {
            size: PixelSize::new(640, 480),
            media_type: MediaType::Jpeg,
            bytes: Bytes::from_static(b"jpeg"),
        })
        .unwrap()
}
