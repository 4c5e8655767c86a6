//! Findings about a run and recommended changes.

mod spanish;

use std::io::{self, Write};

use domain::coordinates::BoxCoordinates;
use domain::coordinates::suspicion::SuspectedCoordinates;
use domain::diagnosis::{Change, Diagnosis, Finding, LimitUnit, MetLimit, OutputLimit};
use domain::numbers::percent;
use domain::report::{Notice, ReportLanguage};

use super::format::{counted, duration, money, per_minute};
use super::reasons::{failure, retry};

pub fn diagnoses(out: &mut dyn Write, diagnoses: &[Diagnosis]) -> io::Result<()> {
    for Notice { finding, changes } in notices(diagnoses, ReportLanguage::En) {
        writeln!(out, "  finding     {finding}")?;
        for change in changes {
            writeln!(out, "    advice    {change}")?;
        }
    }
    Ok(())
}

/// The same for the HTML report.
pub fn notices(diagnoses: &[Diagnosis], language: ReportLanguage) -> Vec<Notice> {
    let notice = |Diagnosis { finding, changes }: &Diagnosis| match language {
        ReportLanguage::En => Notice { finding: self::finding(finding), changes: changes.iter().map(change).collect() },
        ReportLanguage::Es => {
            Notice { finding: spanish::finding(finding), changes: changes.iter().map(spanish::change).collect() }
        }
    };
    diagnoses.iter().map(notice).collect()
}

fn finding(finding: &Finding) -> String {
    match finding {
        Finding::RateLimited { refusals, overloads, held_millis, share, limit } => format!(
            "slowed by the server's rate limit for {}, {} of the time{}{}",
            duration(*held_millis),
            percent(*share, 0),
            limit.map(|limit| format!(", at about {}", met(limit))).unwrap_or_default(),
            refused(*refusals, *overloads)
        ),
        Finding::RetriesHigh { repeated, asked, by_kind } => {
            let kinds: Vec<String> =
                by_kind.iter().map(|group| format!("{} x {}", group.count, retry(group.kind))).collect();
            let retries = if *repeated == 1 { "1 retry".to_owned() } else { format!("{repeated} retries") };
            format!("{retries} for {}: {}", counted(*asked, "image"), kinds.join(", "))
        }
        Finding::ServerAway { away_millis, share } => {
            format!("the server was unavailable for {}, {} of the time", duration(*away_millis), percent(*share, 0))
        }
        Finding::MostlyOneFailure { failure: kind, count, failed, finished } => {
            let all = match (*failed, *finished) {
                (1, 1) => "the only image failed".to_owned(),
                (failed, finished) if failed == finished => format!("all {} failed", counted(finished, "image")),
                (failed, finished) => format!("{failed} of {} failed", counted(finished, "image")),
            };
            let main = if count == failed { String::new() } else { format!(", {count} of them for one reason") };
            format!("{all}{main}: {}", failure(*kind))
        }
        Finding::CoordinatesSuspected { coordinates: SuspectedCoordinates { asked_for, suspected, images, boxes } } => {
            let counts = format!("all {} in {}", counted(*boxes, "annotation"), counted(*images, "image"));
            let asked_for = asked_for.name();
            if *suspected == BoxCoordinates::PixelXyxy {
                format!(
                    "the coordinates may be pixels, not {asked_for}: {counts} lie where pixels of these pictures would be"
                )
            } else {
                format!(
                    "the coordinates may be thousandths, not {asked_for}: {counts} lie within the first 1000 pixels of \
                     larger pictures"
                )
            }
        }
        Finding::AnswersCutShort { count, share, room } => {
            format!("{} cut off{} ({} of the images)", were(*count, "answer"), self::room(*room), percent(*share, 0))
        }
        Finding::SlowedByOwnLimit { share, limit } => format!(
            "slowed by a limit that you set for {} of the time{}",
            percent(*share, 0),
            limit.map(|limit| format!(": {}", met(limit))).unwrap_or_default()
        ),
        Finding::SlowedByPause { pause_millis, share } => format!(
            "the pause of {} after each answer took {} of the time",
            duration((*pause_millis).into()),
            percent(*share, 0)
        ),
        Finding::SlowedByConcurrency { concurrency, share, images_per_second, possible } => format!(
            "slowed by the concurrency of {concurrency} for {} of the time: {} images per minute{}",
            percent(*share, 0),
            per_minute(*images_per_second),
            possible
                .map(|possible| format!(", while the server's limit allows {}", per_minute(possible)))
                .unwrap_or_default()
        ),
        Finding::SlowedByPreparing { images_per_second, share } => format!(
            "image preparation was the bottleneck: {} of the possible requests had no image ready, at \
             {} images per minute",
            percent(*share, 0),
            per_minute(*images_per_second)
        ),
        Finding::CostByOutput { share, paid, answer_tokens, thinking_share } => format!(
            "{} of {} was for output, {answer_tokens} tokens per answer{}",
            percent(*share, 0),
            money(*paid),
            if *thinking_share > 0.0 {
                format!(", {} of them thinking", percent(*thinking_share, 0))
            } else {
                String::new()
            }
        ),
        Finding::CostByImages { share, paid, image_tokens, longest_edge } => format!(
            "{} of {} was for the images, {image_tokens} tokens each at up to {longest_edge} pixels",
            percent(*share, 0),
            money(*paid)
        ),
    }
}

/// Empty if the server refused nothing.
fn refused(refusals: u32, overloads: u32) -> String {
    let refusals = (refusals > 0).then(|| format!("{} refused", counted(refusals, "request")));
    let overloads = (overloads > 0).then(|| format!("{} overloaded (529)", counted(overloads, "request")));
    let parts: Vec<String> = [refusals, overloads].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) }
}

fn change(change: &Change) -> String {
    match change {
        Change::LowerConcurrency { to } => format!("--concurrency {to}: fewer requests in flight"),
        Change::RaiseConcurrency { to: Some(to) } => {
            format!("--concurrency {to}, or --concurrency auto")
        }
        Change::RaiseConcurrency { to: None } => "--concurrency auto".into(),
        Change::LimitRequests { per_minute } => {
            format!(
                "set a limit of {} per minute in the settings: just as fast, without refused requests",
                counted(*per_minute, "request")
            )
        }
        Change::RaiseOwnLimit => {
            "raise or remove that limit (--rpm, --itpm, --otpm or the settings): Fieldmark adapts to the server's limits"
                .into()
        }
        Change::NoPause => {
            "remove the pause (--preset, or rate_limit_delay_ms in the settings): Fieldmark adapts to the server's limits"
                .into()
        }
        Change::LongerIdleTimeout { to_millis } => {
            format!("task_timeout_ms = {to_millis} in the settings: wait longer for slow answers")
        }
        Change::ShorterIdleTimeout { to_millis } => {
            format!("task_timeout_ms = {to_millis} in the settings: retry lost requests sooner")
        }
        Change::RaiseMaxTokens { than: Some(tokens) } => {
            format!(
                "resume --retry-failed --max-tokens above {tokens}: only answers that were cut off are requested again"
            )
        }
        Change::RaiseMaxTokens { than: None } => "--max-tokens above the model's default".into(),
        Change::AddEndpoint => {
            "request a higher limit from the vendor, or add another endpoint in the settings".into()
        }
        Change::UseBatch { cost } => {
            format!("--batch: about {}, within 24 hours, with separate limits", money(*cost))
        }
        Change::RunLive => "run these images without --batch: answers arrive within seconds".into(),
        Change::CheaperModel { name, cost } => {
            format!(
                "try {name} on a few images: the same tokens would cost about {} (estimated)",
                money(*cost)
            )
        }
        Change::OtherModel => "try another model".into(),
        Change::Calibrate => "find out in which coordinates the model answers: fieldmark calibrate MODEL".into(),
        Change::AddLabels => "add the labels that the model uses to the recipe, as labels or synonyms".into(),
        Change::SmallerRecipe => "ask for fewer labels or attributes, or shorten the instructions".into(),
        Change::SmallerPhotos => "use smaller copies of the photos".into(),
        Change::CheckPhotos => "check that the photos still exist and can be opened".into(),
        Change::CheckNetwork => "check the network: Wi-Fi, a proxy, a VPN".into(),
        Change::CheckServer => "check the server on this machine and its log".into(),
    }
}

/// The limit at which answers were cut off.
fn room(room: OutputLimit) -> String {
    match room {
        OutputLimit::More => " even with a higher limit".into(),
        OutputLimit::OwnMaximum { tokens } => format!(" at your maximum of {}", counted(tokens, "token")),
        OutputLimit::Usual => String::new(),
    }
}

fn met(limit: MetLimit) -> String {
    match limit.unit {
        LimitUnit::RequestsPerMinute => format!("{} per minute", counted(limit.count, "request")),
        LimitUnit::TokensPerMinute => format!("{} per minute", counted(limit.count, "token")),
        LimitUnit::Concurrency => format!("{} in flight", counted(limit.count, "request")),
    }
}

/// `31 answers were`
fn were(count: u32, noun: &str) -> String {
    format!("{} {}", counted(count, noun), if count == 1 { "was" } else { "were" })
}

#[cfg(test)]
mod tests {
    use domain::money::PicoDollars;
    use domain::run::RetryGroup;
    use domain::run_state::RetryKind;

    use super::*;

    fn said(diagnosis: Diagnosis) -> String {
        let mut said = Vec::new();
        diagnoses(&mut said, &[diagnosis]).unwrap();
        String::from_utf8(said).unwrap()
    }

    #[test]
    fn what_a_run_was_set_to_is_named_with_its_value() {
        let room = OutputLimit::OwnMaximum { tokens: 600 };
        let cut_short = Diagnosis {
            finding: Finding::AnswersCutShort { count: 31, share: 0.15, room },
            changes: vec![Change::RaiseMaxTokens { than: Some(600) }],
        };
        assert_eq!(
            said(cut_short),
            "  finding     31 answers were cut off at your maximum of 600 tokens (15 % of the images)\n    \
             advice    resume --retry-failed --max-tokens above 600: only answers that were cut off are requested again\n"
        );
        let paused = Diagnosis {
            finding: Finding::SlowedByPause { pause_millis: 200, share: 0.4 },
            changes: vec![Change::LongerIdleTimeout { to_millis: 40_000 }],
        };
        assert_eq!(
            said(paused),
            "  finding     the pause of 200 ms after each answer took 40 % of the time\n    \
             advice    task_timeout_ms = 40000 in the settings: wait longer for slow answers\n"
        );
    }

    #[test]
    fn refusals_and_overloads_are_told_where_there_were_any() {
        let held = |refusals, overloads| {
            finding(&Finding::RateLimited { refusals, overloads, held_millis: 80_000.0, share: 0.8, limit: None })
        };
        assert_eq!(held(0, 0), "slowed by the server's rate limit for 1 min 20 s, 80 % of the time");
        assert!(held(0, 11).ends_with("80 % of the time; 11 requests overloaded (529)"), "{}", held(0, 11));
        assert!(held(1, 1).ends_with("; 1 request refused, 1 request overloaded (529)"));
    }

    #[test]
    fn repeated_requests_are_a_count_of_the_images_there_were() {
        let by_kind = vec![RetryGroup { kind: RetryKind::ConnectionLost, count: 24 }];
        let repeated = finding(&Finding::RetriesHigh { repeated: 24, asked: 12, by_kind });
        assert_eq!(repeated, "24 retries for 12 images: 24 x connection lost");
    }

    #[test]
    fn a_finding_is_a_sentence_and_each_change_a_line() {
        let limit = Some(MetLimit { unit: LimitUnit::RequestsPerMinute, count: 58 });
        let diagnosis = Diagnosis {
            finding: Finding::RateLimited { refusals: 1, overloads: 0, held_millis: 80_000.0, share: 0.8, limit },
            changes: vec![
                Change::AddEndpoint,
                Change::UseBatch { cost: PicoDollars(500_000_000_000) },
                Change::LimitRequests { per_minute: 58 },
            ],
        };
        assert_eq!(
            said(diagnosis),
            "  finding     slowed by the server's rate limit for 1 min 20 s, 80 % of the time, at about 58 requests per \
             minute; 1 request refused\n    \
             advice    request a higher limit from the vendor, or add another endpoint in the settings\n    \
             advice    --batch: about $0.50, within 24 hours, with separate limits\n    \
             advice    set a limit of 58 requests per minute in the settings: just as fast, without refused requests\n"
        );
    }
}
