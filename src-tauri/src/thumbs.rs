//! Pixels for the window, through a URL scheme: `thumb://localhost/<image id>/<edge>`. Keyed by id, so that the window cannot
//! name a file.

use std::sync::OnceLock;

use domain::ids::ImageId;
use engine::PixelEdge;
use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager, UriSchemeContext, UriSchemeResponder, Wry};
use tokio::sync::Semaphore;

use crate::state::Desktop;

pub const SCHEME: &str = "thumb";

/// Larger views are decoded on each request; a few at a time, so that a run keeps its processors and memory stays bounded.
static DECODING: OnceLock<Semaphore> = OnceLock::new();
const DECODED_AT_ONCE: usize = 2;

#[expect(clippy::needless_pass_by_value, reason = "the signature is Tauri's")]
pub fn serve(context: UriSchemeContext<'_, Wry>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let library = context.app_handle().state::<Desktop>().library();
    tauri::async_runtime::spawn(async move {
        let Some((image, edge)) = parse(request.uri().path()) else {
            return responder
                .respond(plain(StatusCode::BAD_REQUEST, "thumb://localhost/<image id>/<384, 2048 or full>"));
        };
        let _turn = match edge {
            PixelEdge::Thumbnail => None,
            _ => DECODING.get_or_init(|| Semaphore::new(DECODED_AT_ONCE)).acquire().await.ok(),
        };
        let pixels = tauri::async_runtime::spawn_blocking(move || library.images.pixels(image, edge)).await;
        responder.respond(match pixels {
            Ok(Ok(jpeg)) => jpeg_response(jpeg),
            Ok(Err(error)) => plain(StatusCode::NOT_FOUND, &error.to_string()),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        });
    });
}

fn parse(path: &str) -> Option<(ImageId, PixelEdge)> {
    let (image, edge) = path.strip_prefix('/')?.split_once('/')?;
    let edge = match edge {
        "full" => PixelEdge::Full,
        edge => match edge.parse().ok()? {
            engine::THUMBNAIL_EDGE => PixelEdge::Thumbnail,
            edge => PixelEdge::AtMost(edge),
        },
    };
    Some((ImageId(image.parse().ok()?), edge))
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

fn plain(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(text.as_bytes().to_vec());
    *response.status_mut() = status;
    // The page reads why there are no pixels.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_an_image_and_a_size() {
        assert_eq!(parse("/7/384"), Some((ImageId(7), PixelEdge::Thumbnail)));
        assert_eq!(parse("/7/2048"), Some((ImageId(7), PixelEdge::AtMost(2048))));
        assert_eq!(parse("/7/full"), Some((ImageId(7), PixelEdge::Full)));
        for wrong in ["/7", "/../etc/passwd", "/x/384", "/7/384/1", ""] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
