//! Declarations of operations: what `operations!` expands to.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use specta::Types;
use specta::datatype::DataType;

use crate::{Api, ApiResult};

/// Whether an operation changes the library, its settings or files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Input and output types.
pub struct Signature {
    /// Names as in Rust, with their types; in order.
    pub input: Vec<(&'static str, DataType)>,
    pub output: DataType,
}

/// One operation.
pub struct Operation {
    pub name: &'static str,
    pub access: Access,
    /// The lines of the documentation.
    pub docs: &'static [&'static str],
    pub signature: fn(&mut Types) -> Signature,
    pub run: fn(Arc<Api>, serde_json::Value) -> BoxFuture<'static, ApiResult<String>>,
}

/// Declares operations: `read` or `write`, name, arguments, output and the service call. All arguments arrive as one JSON
/// object. An argument of an `Option` type may be missing.
macro_rules! operations {
    ($(
        $(#[doc = $doc:literal])*
        $access:ident $name:ident($api:ident $(, $argument:ident: $type:ty)* $(,)?) -> $output:ty $body:block
    )*) => {
        pub(super) const OPERATIONS: &[$crate::router::Operation] = &[$($crate::router::Operation {
            name: stringify!($name),
            access: $crate::router::access!($access),
            docs: &[$($doc),*],
            signature: |types| {
                $crate::router::Signature {
                    input: vec![$((stringify!($argument), <$type as specta::Type>::definition(types))),*],
                    output: <$output as specta::Type>::definition(types),
                }
            },
            run: |api, input| {
                #[derive(serde::Deserialize)]
                struct Input { $($argument: $type),* }
                async fn call($api: std::sync::Arc<$crate::Api>, input: Input) -> $crate::ApiResult<$output> {
                    let Input { $($argument),* } = input;
                    $body
                }
                Box::pin(async move {
                    let output = call(api, $crate::router::parse(input)?).await?;
                    serde_json::to_string(&output).map_err(|error| $crate::ApiError::internal(&error))
                })
            },
        }),*];
    };
}

macro_rules! access {
    (read) => {
        $crate::router::Access::Read
    };
    (write) => {
        $crate::router::Access::Write
    };
}

pub(crate) use {access, operations};

/// Parses the input of an operation or a subscription.
pub fn parse<Input: serde::de::DeserializeOwned>(input: serde_json::Value) -> ApiResult<Input> {
    // Without arguments, there is no input.
    let input = if input.is_null() { serde_json::Value::Object(serde_json::Map::new()) } else { input };
    serde_json::from_value(input)
        .map_err(|error| crate::ApiError::new(crate::ErrorCode::InvalidInput, error.to_string()))
}
