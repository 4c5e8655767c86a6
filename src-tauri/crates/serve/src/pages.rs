//! The pages that the server shows on its own, without the window's files.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, PreEscaped, html};

/// Where the form with the password is sent.
pub const SIGN_IN: &str = "/sign-in";
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:18vh auto;padding:0 1.5rem}\
h1{font-size:1.25rem}\
input,button{font:inherit;padding:.4rem .7rem;margin:.25rem .5rem .25rem 0}";

/// They load nothing, and their style is fixed.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// Without a referrer, browsers send no origin with a form.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");

/// What a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainPage {
    NoSession,
    UsedLink,
    SignIn {
        is_wrong: bool,
    },
    TooManyAttempts,
    SignedOut,
    /// Opens itself again.
    OpenAgain,
    WrongHost,
    ForeignOrigin,
    NotFound,
    /// The program was built without the window's files.
    NoWindow,
}

impl PlainPage {
    fn title(self) -> &'static str {
        match self {
            Self::NoSession => "Open Fieldmark by its link",
            Self::UsedLink => "This link has been used",
            Self::SignIn { .. } => "Sign in to Fieldmark",
            Self::TooManyAttempts => "Too many attempts",
            Self::SignedOut => "Signed out",
            Self::OpenAgain => "Fieldmark",
            Self::WrongHost => "This address is not served here",
            Self::ForeignOrigin => "Request from another page",
            Self::NotFound => "Not found",
            Self::NoWindow => "The window is missing",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NoSession => {
                "This browser has no session, or it has ended. Open the link that fieldmark serve printed when it started. \
                 Press Enter in its terminal for a new link."
            }
            Self::UsedLink => {
                "A link opens one session. Press Enter in the terminal where fieldmark serve runs, or send it the signal \
                 USR1, for a new link."
            }
            Self::SignIn { is_wrong: false } => {
                "Enter the password or token of this server, or open the link it printed."
            }
            Self::SignIn { is_wrong: true } => "That is not the password.",
            Self::TooManyAttempts => "Wait a minute, then try again.",
            Self::SignedOut => "This browser has no session any more. Open a new link to continue.",
            Self::OpenAgain => "Opening the window.",
            Self::WrongHost => {
                "Open Fieldmark at the address that fieldmark serve printed. Behind a reverse proxy, start it with \
                 --public-url and let the proxy pass on the Host header."
            }
            Self::ForeignOrigin => "Only Fieldmark's own page may do this.",
            Self::NotFound => "There is no such page.",
            Self::NoWindow => {
                "This program was built without the files of the window. Run make ui, and build it again."
            }
        }
    }
}

/// A page without the window's files.
pub fn page(status: StatusCode, page: PlainPage) -> Response {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                @if page == PlainPage::OpenAgain {
                    meta http-equiv="refresh" content="0";
                }
                title { (page.title()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (page.title()) }
                p { (page.text()) }
                @if matches!(page, PlainPage::SignIn { .. }) {
                    form method="post" action=(SIGN_IN) {
                        input type="password" name="password" aria-label="Password" autocomplete="current-password"
                            required autofocus;
                        button { "Sign in" }
                    }
                }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, REFERRER),
    ];
    (status, headers, body.into_string()).into_response()
}
