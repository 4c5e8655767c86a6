//! Pixels for the window, through a URL scheme: `thumb://localhost/<image id>/<edge>`.

use std::sync::Arc;

use api::ImagePixels;
use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager, UriSchemeContext, UriSchemeResponder, Wry};

use crate::state::Desktop;

pub const SCHEME: &str = "thumb";

#[expect(clippy::needless_pass_by_value, reason = "the signature is Tauri's")]
pub fn serve(context: UriSchemeContext<'_, Wry>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let api = Arc::clone(&context.app_handle().state::<Desktop>().api);
    tauri::async_runtime::spawn(async move {
        let Some((image, edge)) = api::parse_pixels(request.uri().path()) else {
            let expected = "thumb://localhost/<image id>/<384, 2048 or full>".to_owned();
            return responder.respond(plain(StatusCode::BAD_REQUEST, expected));
        };
        responder.respond(match api.pixels(image, edge).await {
            ImagePixels::Jpeg(jpeg) => jpeg_response(jpeg),
            ImagePixels::Missing(reason) => plain(StatusCode::NOT_FOUND, reason),
            ImagePixels::Failed(reason) => plain(StatusCode::INTERNAL_SERVER_ERROR, reason),
        });
    });
}

fn jpeg_response(jpeg: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(jpeg);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("image/jpeg"));
    // Canvases read these pixels, and the scheme is another origin than the page's.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("private, max-age=600"));
    response
}

fn plain(status: StatusCode, text: String) -> Response<Vec<u8>> {
    let mut response = Response::new(text.into_bytes());
    *response.status_mut() = status;
    // The page reads why there are no pixels.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    response
}
