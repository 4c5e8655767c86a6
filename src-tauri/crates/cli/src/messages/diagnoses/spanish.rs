//! The same in Spanish, for the HTML report.

use domain::coordinates::BoxCoordinates;
use domain::coordinates::suspicion::SuspectedCoordinates;
use domain::diagnosis::{Change, Finding, LimitUnit, MetLimit, OutputLimit};
use domain::money::PicoDollars;
use domain::run_state::{FailureKind, RetryKind};

use crate::messages::format;

pub fn finding(finding: &Finding) -> String {
    match finding {
        Finding::RateLimited { refusals, overloads, held_millis, share, limit } => format!(
            "frenada por el límite de peticiones del servidor durante {}, el {} del tiempo{}{}",
            duration(*held_millis),
            percent(*share),
            limit.map(|limit| format!(", en torno a {}", met(limit))).unwrap_or_default(),
            refused(*refusals, *overloads)
        ),
        Finding::RetriesHigh { repeated, asked, by_kind } => {
            let kinds: Vec<String> =
                by_kind.iter().map(|group| format!("{} ({})", retry(group.kind), group.count)).collect();
            format!(
                "{} para {}: {}",
                counted(*repeated, ["reintento", "reintentos"]),
                counted(*asked, IMAGE),
                kinds.join(", ")
            )
        }
        Finding::ServerAway { away_millis, share } => {
            format!(
                "el servidor no estuvo disponible durante {}, el {} del tiempo",
                duration(*away_millis),
                percent(*share)
            )
        }
        Finding::MostlyOneFailure { failure: kind, count, failed, finished } => format!(
            "fallaron {failed} de {}, {count} por un mismo motivo: {}",
            counted(*finished, IMAGE),
            failure(*kind)
        ),
        Finding::CoordinatesSuspected { coordinates: SuspectedCoordinates { asked_for, suspected, images, boxes } } => {
            let annotations = counted(*boxes, ["anotación", "anotaciones"]);
            let (of, asked_for) = (counted(*images, IMAGE), asked_for.name());
            if *suspected == BoxCoordinates::PixelXyxy {
                format!(
                    "puede que las coordenadas sean píxeles y no {asked_for}: {annotations} en {of}, todas donde estarían los \
                     píxeles de estas imágenes"
                )
            } else {
                format!(
                    "puede que las coordenadas sean milésimas y no {asked_for}: {annotations} en {of}, todas en los primeros \
                     1000 píxeles de imágenes mayores"
                )
            }
        }
        Finding::AnswersCutShort { count, share, room } => {
            let room = match room {
                OutputLimit::More => " incluso con un límite más alto".to_owned(),
                OutputLimit::OwnMaximum { tokens } => format!(" en tu máximo de {}", counted(*tokens, TOKEN)),
                OutputLimit::Usual => String::new(),
            };
            let cut_off = counted(*count, ["respuesta cortada", "respuestas cortadas"]);
            format!("{cut_off}{room} (el {} de las imágenes)", percent(*share))
        }
        Finding::SlowedByOwnLimit { share, limit } => format!(
            "frenada por un límite que has puesto durante el {} del tiempo{}",
            percent(*share),
            limit.map(|limit| format!(": {}", met(limit))).unwrap_or_default()
        ),
        Finding::SlowedByPause { pause_millis, share } => format!(
            "la pausa de {} tras cada respuesta ocupó el {} del tiempo",
            duration((*pause_millis).into()),
            percent(*share)
        ),
        Finding::SlowedByConcurrency { concurrency, share, images_per_second, possible } => format!(
            "frenada por la concurrencia de {concurrency} durante el {} del tiempo: {} imágenes por minuto{}",
            percent(*share),
            per_minute(*images_per_second),
            possible
                .map(|possible| format!(", y el límite del servidor permite {}", per_minute(possible)))
                .unwrap_or_default()
        ),
        Finding::SlowedByPreparing { images_per_second, share } => format!(
            "la preparación de imágenes fue el cuello de botella: el {} de las peticiones posibles no tenía ninguna imagen \
             lista, a {} imágenes por minuto",
            percent(*share),
            per_minute(*images_per_second)
        ),
        Finding::CostByOutput { share, paid, answer_tokens, thinking_share } => {
            let thinking = if *thinking_share > 0.0 {
                format!(", el {} de razonamiento", percent(*thinking_share))
            } else {
                String::new()
            };
            format!(
                "el {} de {} fue de las respuestas, {answer_tokens} tokens por respuesta{thinking}",
                percent(*share),
                money(*paid)
            )
        }
        Finding::CostByImages { share, paid, image_tokens, longest_edge } => format!(
            "el {} de {} fue de las imágenes, {image_tokens} tokens cada una, de hasta {longest_edge} px",
            percent(*share),
            money(*paid)
        ),
    }
}

pub fn change(change: &Change) -> String {
    match change {
        Change::LowerConcurrency { to } => format!("--concurrency {to}: menos peticiones en paralelo"),
        Change::RaiseConcurrency { to: Some(to) } => format!("--concurrency {to}, o --concurrency auto"),
        Change::RaiseConcurrency { to: None } => "--concurrency auto".into(),
        Change::LimitRequests { per_minute } => format!(
            "pon en los ajustes un límite de {} por minuto: igual de rápido y sin rechazos",
            counted(*per_minute, REQUEST)
        ),
        Change::RaiseOwnLimit => {
            "sube o quita ese límite (--rpm, --itpm, --otpm o los ajustes): el del servidor se detecta automáticamente"
                .into()
        }
        Change::NoPause => {
            "quita la pausa (--preset, o rate_limit_delay_ms en los ajustes): los límites del servidor se detectan \
             automáticamente"
                .into()
        }
        Change::LongerIdleTimeout { to_millis } => {
            format!("task_timeout_ms = {to_millis} en los ajustes: espera más las respuestas lentas")
        }
        Change::ShorterIdleTimeout { to_millis } => {
            format!("task_timeout_ms = {to_millis} en los ajustes: reintenta antes las peticiones perdidas")
        }
        Change::RaiseMaxTokens { than: Some(tokens) } => format!(
            "resume --retry-failed con --max-tokens de más de {tokens}: solo se piden de nuevo las respuestas cortadas"
        ),
        Change::RaiseMaxTokens { than: None } => "--max-tokens mayor que el del modelo".into(),
        Change::AddEndpoint => "pide al proveedor un límite más alto o añade otro endpoint en los ajustes".into(),
        Change::UseBatch { cost } => {
            format!("--batch: unos {}, en 24 horas como mucho y con límites aparte", money(*cost))
        }
        Change::RunLive => "ejecuta estas imágenes sin --batch: las respuestas llegan en segundos".into(),
        Change::CheaperModel { name, cost } => format!(
            "prueba {name} con unas pocas imágenes: los mismos tokens costarían unos {} (estimación)",
            money(*cost)
        ),
        Change::OtherModel => "prueba otro modelo".into(),
        Change::Calibrate => "averigua en qué coordenadas responde el modelo: fieldmark calibrate MODELO".into(),
        Change::AddLabels => "añade a la receta las etiquetas que usa el modelo, como etiquetas o sinónimos".into(),
        Change::SmallerRecipe => "pide menos etiquetas o atributos, o acorta las instrucciones".into(),
        Change::SmallerPhotos => "usa copias más pequeñas de las fotos".into(),
        Change::CheckPhotos => "comprueba que las fotos sigan en su sitio y se abran".into(),
        Change::CheckNetwork => "revisa la red: wifi, proxy, VPN".into(),
        Change::CheckServer => "comprueba el servidor de este equipo y su registro".into(),
    }
}

const IMAGE: [&str; 2] = ["imagen", "imágenes"];
const REQUEST: [&str; 2] = ["petición", "peticiones"];
const TOKEN: [&str; 2] = ["token", "tokens"];

fn counted(count: u32, [one, many]: [&str; 2]) -> String {
    format!("{} {}", numbers(&format::grouped(count.into())), if count == 1 { one } else { many })
}

/// A number as it is written in English, in Spanish.
fn numbers(english: &str) -> String {
    let swap = |character| match character {
        '.' => ',',
        ',' => '.',
        other => other,
    };
    english.chars().map(swap).collect()
}

fn duration(millis: f64) -> String {
    numbers(&format::duration(millis))
}

fn per_minute(per_second: f64) -> String {
    numbers(&format::per_minute(per_second))
}

fn money(amount: PicoDollars) -> String {
    format!("{} $", numbers(format::money(amount).trim_start_matches('$')))
}

fn percent(share: f64) -> String {
    super::percent(share, 0)
}

fn refused(refusals: u32, overloads: u32) -> String {
    let refusals = (refusals > 0).then(|| counted(refusals, ["petición rechazada", "peticiones rechazadas"]));
    let overloads = (overloads > 0).then(|| format!("{} con el servidor saturado (529)", counted(overloads, REQUEST)));
    let parts: Vec<String> = [refusals, overloads].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) }
}

fn met(limit: MetLimit) -> String {
    match limit.unit {
        LimitUnit::RequestsPerMinute => format!("{} por minuto", counted(limit.count, REQUEST)),
        LimitUnit::TokensPerMinute => format!("{} por minuto", counted(limit.count, TOKEN)),
        LimitUnit::Concurrency => format!("{} en paralelo", counted(limit.count, REQUEST)),
    }
}

fn retry(kind: RetryKind) -> &'static str {
    match kind {
        RetryKind::RateLimited => "límite de peticiones alcanzado",
        RetryKind::Overloaded => "servidor saturado (529)",
        RetryKind::ServerFailed => "error del servidor",
        RetryKind::ConnectionLost => "conexión perdida",
        RetryKind::AnswerUnreadable => "la respuesta del servidor no se pudo leer",
        RetryKind::TimedOut => "sin respuesta a tiempo",
        RetryKind::Expired => "el lote caducó",
        RetryKind::Unreachable => "servidor inaccesible",
        RetryKind::TooLarge => "imagen demasiado grande",
        RetryKind::CutShort => "respuesta cortada",
    }
}

fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::FileMissing => "falta el archivo",
        FailureKind::FileUnreadable => "archivo ilegible, o cambiado",
        FailureKind::ModelFailed => "el modelo no respondió",
        FailureKind::Expired => "el lote caducó antes de la imagen",
        FailureKind::Refused => "el servidor rechazó la imagen",
        FailureKind::Declined => "el modelo se negó a responder (cobrada)",
        FailureKind::CutOff => "respuesta cortada antes de su primera anotación",
        FailureKind::AnswerUnreadable => "respuesta ilegible (está guardada)",
        FailureKind::AnswerUnusable => "ninguna anotación de la respuesta sirve (está guardada)",
        FailureKind::CoordinatesAsFractions => "el modelo responde en coordenadas 0..1 (la respuesta está guardada)",
        FailureKind::CoordinatesAsThousandths => {
            "el modelo responde en coordenadas 0..1000 (la respuesta está guardada)"
        }
        FailureKind::InternalError => "error interno de Fieldmark",
    }
}
