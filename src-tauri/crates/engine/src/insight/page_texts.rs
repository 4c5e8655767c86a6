//! The texts of the report page, in each language.

use domain::annotation::Status;
use domain::money::PicoDollars;
use domain::report::ReportLanguage;

/// Names of figures and parts of the page.
pub struct PageTexts {
    pub lang: &'static str,
    pub run: &'static str,
    pub of: &'static str,
    pub found: &'static str,
    pub not_shown: &'static str,
    pub metrics: &'static str,
    pub failed: &'static str,
    pub noticed: &'static str,
    pub tags: &'static str,
    /// Of the table of failed images.
    pub failed_columns: [&'static str; 4],
    pub annotated: &'static str,
    pub sent: &'static str,
    pub reused: &'static str,
    pub propagated: &'static str,
    pub unread: &'static str,
    pub wall: &'static str,
    pub per_second: &'static str,
    pub mean: &'static str,
    pub percentiles: &'static str,
    pub in_flight: &'static str,
    pub parallelism: &'static str,
    pub speedup: &'static str,
    pub one_at_a_time: &'static str,
    pub answered: &'static str,
    pub retries: &'static str,
    pub paid: &'static str,
    unknown: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    accepted: &'static str,
    edited: &'static str,
    image: [&'static str; 2],
    annotation: [&'static str; 2],
    has_decimal_comma: bool,
    /// Names of recipes and models that come with Fieldmark, each with its translation.
    built_in: &'static [(&'static str, &'static str)],
}

const ENGLISH: PageTexts = PageTexts {
    lang: "en",
    run: "Run",
    of: "of",
    found: "Found",
    not_shown: "Not shown",
    metrics: "Metrics",
    failed: "Failed",
    noticed: "Noticed",
    tags: "Tags",
    failed_columns: ["Image", "Reason", "Requests", "Paid"],
    annotated: "annotated",
    sent: "Images sent",
    reused: "Reused answers",
    propagated: "Annotations copied from a similar image",
    unread: "Files that could not be read",
    wall: "Wall time",
    per_second: "Images per second",
    mean: "Mean time per image",
    percentiles: "P50 / P95 / P99",
    in_flight: "Max requests in flight",
    parallelism: "Parallelism",
    speedup: "Speed-up",
    one_at_a_time: "one image at a time",
    answered: "Answered",
    retries: "Retries",
    paid: "Paid",
    unknown: "unknown",
    yes: "yes",
    no: "no",
    accepted: "accepted",
    edited: "edited",
    image: ["image", "images"],
    annotation: ["annotation", "annotations"],
    has_decimal_comma: false,
    built_in: &[],
};

const SPANISH: PageTexts = PageTexts {
    lang: "es",
    run: "Ejecución",
    of: "de",
    found: "Encontrado",
    not_shown: "No mostradas",
    metrics: "Métricas",
    failed: "Fallidas",
    noticed: "Observaciones",
    tags: "Marcas",
    failed_columns: ["Imagen", "Motivo", "Peticiones", "Pagado"],
    annotated: "anotada",
    sent: "Imágenes enviadas",
    reused: "Respuestas reutilizadas",
    propagated: "Anotaciones copiadas de una imagen parecida",
    unread: "Archivos que no se pudieron leer",
    wall: "Tiempo total",
    per_second: "Imágenes por segundo",
    mean: "Tiempo medio por imagen",
    percentiles: "P50 / P95 / P99",
    in_flight: "Máx. de peticiones en paralelo",
    parallelism: "Paralelismo",
    speedup: "Aceleración",
    one_at_a_time: "de una en una",
    answered: "Respondidas",
    retries: "Reintentos",
    paid: "Pagado",
    unknown: "desconocido",
    yes: "sí",
    no: "no",
    accepted: "aceptada",
    edited: "editada",
    image: ["imagen", "imágenes"],
    annotation: ["anotación", "anotaciones"],
    has_decimal_comma: true,
    built_in: &[
        ("Everyday objects", "Objetos cotidianos"),
        ("Bird vocabulary, Spanish and English", "Vocabulario de aves, español e inglés"),
        ("Camera trap", "Cámara trampa"),
        ("Retail shelf", "Estante de tienda"),
        ("Product defects", "Defectos de producto"),
        ("Documents", "Documentos"),
        ("Street scene", "Escena urbana"),
        ("Image quality", "Calidad de imagen"),
        ("Alt text", "Texto alternativo"),
        ("Built-in detector", "Detector integrado"),
    ],
};

impl PageTexts {
    pub const fn of(language: ReportLanguage) -> &'static Self {
        match language {
            ReportLanguage::En => &ENGLISH,
            ReportLanguage::Es => &SPANISH,
        }
    }

    pub fn images(&self, count: usize) -> &'static str {
        self.image[usize::from(count != 1)]
    }

    pub fn annotations(&self, count: usize) -> String {
        format!("{count} {}", self.annotation[usize::from(count != 1)])
    }

    /// A number as it is written in English, in this language.
    fn number(&self, english: &str) -> String {
        if !self.has_decimal_comma {
            return english.to_owned();
        }
        let swap = |character| match character {
            '.' => ',',
            ',' => '.',
            other => other,
        };
        english.chars().map(swap).collect()
    }

    pub fn decimal(&self, value: f64, digits: usize) -> String {
        self.number(&format!("{value:.digits$}"))
    }

    pub fn money(&self, amount: PicoDollars) -> String {
        let english = amount.to_string();
        match english.strip_prefix('$') {
            Some(digits) if self.has_decimal_comma => format!("{} $", self.number(digits)),
            _ => english,
        }
    }

    /// An amount, unless it is unknown.
    pub fn cost(&self, amount: Option<PicoDollars>) -> String {
        amount.map_or_else(|| self.unknown.to_owned(), |amount| self.money(amount))
    }

    /// The name of a recipe or a model.
    pub fn name<'a>(&self, name: &'a str) -> &'a str {
        self.built_in.iter().find(|(english, _)| *english == name).map_or(name, |(_, translated)| translated)
    }

    /// What a person decided about an annotation; `None` for a proposal.
    pub const fn decision(&self, status: Status) -> Option<&'static str> {
        match status {
            Status::Accepted => Some(self.accepted),
            Status::Edited => Some(self.edited),
            Status::Proposed | Status::Rejected | Status::GroundTruth => None,
        }
    }
}
